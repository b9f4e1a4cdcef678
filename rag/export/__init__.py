"""Export papers and answers: BibTeX, Markdown, quotations, question sets."""
