"""Read BibTeX, RIS and Zotero libraries."""
