"""Answers in other formats: BibTeX, Markdown, question sets, LlamaIndex."""
