"""Names of the files and folders in a library's folder."""

RECORD = "footnote.sqlite"
INDEX = "index"
UPLOADS = "uploads"
"""The copies of uploaded files."""
