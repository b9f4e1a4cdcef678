"""Clean text, make it readable, and detect its language."""
