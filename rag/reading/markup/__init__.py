"""Read HTML, JATS, EPUB and DOCX, all by way of HTML."""
