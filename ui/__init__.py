"""The chat page, over nothing but the public API of `rag`."""
