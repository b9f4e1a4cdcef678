"""Sources to papers: what lies in files, folders and Zotero libraries, read as a person reads it."""
