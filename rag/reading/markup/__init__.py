"""HTML, JATS, EPUB and DOCX, all read as sections of HTML."""
