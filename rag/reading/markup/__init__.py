"""Read HTML, JATS, EPUB and DOCX, all as HTML."""
