"""Fit the weights of retrieval, confidence and the citation check."""
