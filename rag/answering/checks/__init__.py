"""Whether a sentence that a model wrote is a statement, and whether its quotes support it."""
