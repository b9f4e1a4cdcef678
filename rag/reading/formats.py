"""Choose the reader for a file by its suffix."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import SourceError
from .bibliography.reader import read_bibliography
from .failures import translate_errors
from .json_lines import read_json_lines
from .markdown import read_markdown
from .markup.docx import read_docx
from .markup.epub import is_book, read_epub
from .markup.html import read_html
from .markup.jats import read_jats
from .plain_text import read_plain_text
from .sources import Reading

READER_VERSION = 4
"""Raise it when a reader returns something else for the same file: then all files are read again."""


class Format(NamedTuple):
    """A reader, and the modules to import before a worker process starts to count its time."""

    read: Callable[..., Reading]
    modules: tuple[str, ...] = ()


def _read_pdf(path: Path, name: str, most_pages: int | None = None) -> Reading:
    from .pdf.reader import read_pdf

    return Reading([read_pdf(path, most_pages)])


_TEXT = Format(read_plain_text)
_MARKDOWN = Format(read_markdown, ("markdown_it",))
_HTML = Format(read_html, ("bs4", "lxml.etree"))
_JATS = Format(read_jats, ("bs4", "lxml.etree"))
_DOCX = Format(read_docx, ("bs4", "lxml.etree", "mammoth"))
_EPUB = Format(read_epub, ("bs4", "lxml.etree"))
_PDF = Format(
    _read_pdf,
    ("numpy", "pypdfium2", "rag.reading.pdf.reader", "rag.reading.pdf.layout", "rag.reading.pdf.metadata"),
)
_BIBTEX = Format(read_bibliography, ("bibtexparser", "pylatexenc.latex2text"))
_RIS = Format(read_bibliography, ("rispy",))
_JSON_LINES = Format(read_json_lines)
_FORMATS = {
    ".txt": _TEXT,
    ".text": _TEXT,
    ".md": _MARKDOWN,
    ".markdown": _MARKDOWN,
    ".html": _HTML,
    ".htm": _HTML,
    ".xhtml": _HTML,
    ".xml": _JATS,
    ".nxml": _JATS,
    ".docx": _DOCX,
    ".epub": _EPUB,
    ".pdf": _PDF,
    ".bib": _BIBTEX,
    ".ris": _RIS,
    ".jsonl": _JSON_LINES,
    ".ndjson": _JSON_LINES,
}
SUFFIXES = frozenset(_FORMATS)
"""The suffixes of readable files, in lower case with the dot."""


def read_file(path: Path, name: str, most_pages: int | None = None, *, outside: bool = True) -> Reading:
    """Return the papers in a file, or in the folder of an unpacked EPUB.

    Args:
        name: The file's name in failures.
        most_pages: Read no more than the first pages of a PDF.
        outside: Whether an entry of a bibliography may name files outside the bibliography's folder.

    Raises:
        SourceError: Nothing of the file can be read; the message says why.
    """
    found = format_of(path)
    if found is None:
        raise SourceError(
            f"files of the kind {path.suffix or '(no suffix)'!r} are not read; known are {', '.join(_FORMATS)}"
        )
    options: dict[Format, dict[str, Any]] = {
        _PDF: {"most_pages": most_pages},
        _BIBTEX: {"outside": outside},
        _RIS: {"outside": outside},
    }
    with translate_errors("file"):
        if not path.stat().st_size:
            raise SourceError("the file is empty")
        reading = found.read(path, name, **options.get(found, {}))
    if not reading.papers and not reading.failures and found not in (_BIBTEX, _RIS):
        raise SourceError("there is no paper in it")
    return reading


def format_of(path: Path) -> Format | None:
    """Return the format of a file or of an unpacked EPUB; None if it is not readable."""
    return _EPUB if path.is_dir() and is_book(path) else _FORMATS.get(path.suffix.lower())


def is_readable(path: Path) -> bool:
    """Return whether the file's suffix is one of a readable format."""
    return path.suffix.lower() in SUFFIXES
