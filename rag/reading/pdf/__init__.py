"""PDF files: glyphs, layout, tables, metadata, OCR and page images."""
