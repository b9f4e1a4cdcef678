"""OpenAI's chat API, as LM Studio, llama.cpp's server, Jan and vLLM have it on this machine.

`discovery` finds a model, `chat` streams its replies.
"""
