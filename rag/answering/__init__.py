"""From passages to a cited answer: evidence, quotes, confidence, prompts, prose and its check."""
