"""The files that a bibliography names: which of them are there, and which hold a paper's text."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from urllib.parse import unquote

from ...text.readable import from_latex

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


def named_files(field: str) -> Iterator[list[str]]:
    """Yield what each file in a field of a bibliography may be called, likeliest first.

    JabRef, Zotero and Mendeley write `what it is:path:type`, several with semicolons between; Better BibTeX may write
    paths alone, others `file:///` and %20. Colons and semicolons of a path stand behind a backslash, except where they
    do not.
    """
    field = re.sub(r"\s*\n\s*", " ", field.replace(r"$\backslash$", "\\")).strip()
    for piece in re.split(r"(?<!\\);", field):
        if uri := re.search(r"file\\?:(?=/)([^:]*(?::(?=/)[^:]*)?)", piece):
            yield [unquote(re.sub(r"^//(?:localhost)?(?=/(?!/))", "", unescaped(uri[1]).strip()).partition("#")[0])]
            continue
        parts = re.split(r"(?<!\\):", piece)
        middle = [":".join(parts[1:-1])] if len(parts) > 2 else []
        names = [part.strip() for part in [*middle, piece, *parts] if holds_text(part.strip())]
        if names and not re.search(r"\bhttps?\\?:", piece):
            # Mendeley writes letters with accents as LaTeX has them.
            plain = [*map(unescaped, names), *(from_latex(re.sub(r"\\([:;])", r"\1", name)) for name in names)]
            slashed = [name.replace("\\", "/") for name in plain if "\\" in name and not name.startswith("\\\\")]
            yield [*plain, *slashed, *(unquote(name) for name in [*plain, *slashed] if "%" in name)]


def unescaped(path: str) -> str:
    """Return a path without the backslashes and braces before signs; those of Windows stand before letters."""
    if path.startswith("\\\\"):  # on another machine, and it must go on to look so
        return path
    return re.sub(r"\\([^A-Za-z0-9])", r"\1", re.sub(r"\{(\\[^A-Za-z0-9{}])\}", r"\1", path))


def first_found(names: Sequence[str], folders: Sequence[Path], outside: bool) -> Path | None:
    """Return the first of the names that is a file, from one of the folders or by its own path; None where none is.

    Without `outside` only files in the first folder count.
    """
    root = folders[0].resolve()
    for name in names:
        # Mendeley leaves the first slash of a path out.
        for folder in [*folders, *([Path(root.anchor)] if outside else [])]:
            file = found(folder, name)
            if file and (outside or file.resolve().is_relative_to(root)):
                return file
    return None


def _suffix(name: str) -> str:
    return os.path.splitext(name)[1].lower()
