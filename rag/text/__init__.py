"""Text utilities: readable form, cleaning, sentence splitting and language detection."""
