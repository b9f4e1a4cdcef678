"""BibTeX, RIS and Zotero libraries."""
