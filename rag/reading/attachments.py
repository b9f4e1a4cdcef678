"""The files that a bibliography names: which of them are there, and which hold a paper's text."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

_TEXTS = frozenset([".html", ".htm", ".xhtml", ".xml", ".nxml", ".docx", ".epub", ".txt", ".md"])


def holds_text(name: str) -> bool:
    """Whether a file of this name can hold a paper's text, as PDFs, pages and documents do."""
    return _suffix(name) == ".pdf" or _suffix(name) in _TEXTS


def files_of(named: Iterable[tuple[str, Path | None]]) -> tuple[tuple[Path, ...], tuple[str, ...]]:
    """Of an item's files, each a name and a path where it is there, those that hold its text; and what is missing.

    With a PDF at hand, pages saved beside it and other documents do not count.
    """
    kept = [(name, path) for name, path in named if holds_text(name)]
    pdfs = [(name, path) for name, path in kept if _suffix(name) == ".pdf"]
    if any(path for _, path in pdfs):
        kept = pdfs
    files = dict.fromkeys(path for _, path in [*pdfs, *kept] if path)
    return tuple(files), tuple(dict.fromkeys(name for name, path in kept if not path))


def found(folder: Path, name: str) -> Path | None:
    """The file that a bibliography names, by its path or by one from `folder`; None where it is not there.

    A path to another machine (`\\\\server\\...`) is never followed: to look for it would be to call that machine.
    """
    if len(name) > 1 and {name[0], name[1]} <= {"/", "\\"}:
        return None
    for form in dict.fromkeys((name, unicodedata.normalize("NFC", name), unicodedata.normalize("NFD", name))):
        path = folder / form
        if os.path.isfile(path):
            return path
    return None


def last_part(path: str) -> str:
    """The name of a file at the end of a path in any system's way of writing."""
    return re.split(r"[/\\]", path)[-1]


def _suffix(name: str) -> str:
    return os.path.splitext(name)[1].lower()
