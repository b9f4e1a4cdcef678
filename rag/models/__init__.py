"""Models on this machine: embedder, reranker, fitted weights and local LLMs."""
