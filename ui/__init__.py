"""The chat page. It uses only the public API of `rag`."""
