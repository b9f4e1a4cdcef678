"""From a question to ranked passages: query, hybrid search, fusion, rerank."""
