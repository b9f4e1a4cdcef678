"""Retrieval: follow-ups, hybrid search, fusion and reranking of passages."""
