"""Ollama's HTTP interface. `discovery` finds a model, `chat` streams its replies."""
