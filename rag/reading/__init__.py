"""Read files, bibliographies and Zotero libraries as papers.

`formats` chooses the reader of a file, `sandbox` runs readers in worker processes, `sources` and `metadata` build
papers from what a reader finds, `failures` translates the exceptions of parsers.
"""
