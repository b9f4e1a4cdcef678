"""Choose the reader of a file by its suffix."""

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

READER_VERSION = 6
"""Increase this when a reader's result for the same file changes, so that all files are read again."""


class Format(NamedTuple):
    """A reader, and the modules to import before a worker process starts its timer."""

    read: Callable[..., Reading]
    modules: tuple[str, ...] = ()


def _read_pdf(path: Path, name: str, most_pages: int | None = None) -> Reading:
    from .pdf.reader import read_pdf

    return Reading([read_pdf(path, most_pages)])


_XML = ("bs4", "lxml.etree")
_PDF_MODULES = ("numpy", "pypdfium2", "rag.reading.pdf.reader", "rag.reading.pdf.layout", "rag.reading.pdf.metadata")
_EPUB = Format(read_epub, _XML)
_FORMATS = {
    suffix: format_
    for suffixes, format_ in {
        (".txt", ".text"): Format(read_plain_text),
        (".md", ".markdown"): Format(read_markdown, ("markdown_it", "rag.reading.front_matter")),
        (".html", ".htm", ".xhtml"): Format(read_html, _XML),
        (".xml", ".nxml"): Format(read_jats, _XML),
        (".docx",): Format(read_docx, (*_XML, "mammoth")),
        (".epub",): _EPUB,
        (".pdf",): Format(_read_pdf, _PDF_MODULES),
        (".bib",): Format(read_bibliography, ("bibtexparser", "pylatexenc.latex2text")),
        (".ris",): Format(read_bibliography, ("rispy",)),
        (".jsonl", ".ndjson"): Format(read_json_lines),
    }.items()
    for suffix in suffixes
}
SUFFIXES = frozenset(_FORMATS)
"""The suffixes of readable files, in lower case with the dot."""


def read_file(path: Path, name: str, most_pages: int | None = None, *, outside: bool = True) -> Reading:
    """Return the papers in a file, or in the folder of an unpacked EPUB.

    `name` identifies the file in failures. `most_pages` limits a PDF to its first pages; `outside` allows entries of a
    bibliography to name files outside its folder. Raise SourceError, with the reason, if nothing in the file can be
    read.
    """
    found = format_of(path)
    if found is None:
        kind = f"{path.suffix!r} files" if path.suffix else "files without a suffix"
        raise SourceError(f"{kind} are not supported; supported formats: {', '.join(_FORMATS)}")
    options: dict[Callable[..., Reading], dict[str, Any]] = {
        _read_pdf: {"most_pages": most_pages},
        read_bibliography: {"outside": outside},
    }
    with translate_errors("file"):
        if not path.stat().st_size:
            raise SourceError("the file is empty")
        reading = found.read(path, name, **options.get(found.read, {}))
    if not reading.papers and not reading.failures and found.read is not read_bibliography:
        raise SourceError("there is no paper in it")
    return reading


def format_of(path: Path) -> Format | None:
    """Return the format of a file or of an unpacked EPUB; None if it is not readable."""
    return _EPUB if path.is_dir() and is_book(path) else _FORMATS.get(path.suffix.lower())


def is_readable(path: Path) -> bool:
    """Return whether a file's suffix is that of a readable format."""
    return path.suffix.lower() in SUFFIXES
