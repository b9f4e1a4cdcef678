"""Find the files that a bibliography item names, and which of them contain a paper's text."""

import os
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from urllib.parse import unquote

from ...text.readable import from_latex

_TEXT_SUFFIXES = frozenset([".html", ".htm", ".xhtml", ".xml", ".nxml", ".docx", ".epub", ".txt", ".md"])


def can_hold_text(name: str) -> bool:
    """Return whether a file with this name may contain a paper's text, as PDFs, web pages and documents do."""
    return _suffix(name) == ".pdf" or _suffix(name) in _TEXT_SUFFIXES


def text_files(attachments: Iterable[tuple[str, Path | None]]) -> tuple[tuple[Path, ...], tuple[str, ...]]:
    """Return an item's existing files that contain its text, and the names of the missing ones.

    An attachment is a name, and a path if the file exists. If there is a PDF, web pages and other documents do not
    count.
    """
    kept = [(name, path) for name, path in attachments if can_hold_text(name)]
    pdfs = [(name, path) for name, path in kept if _suffix(name) == ".pdf"]
    if any(path for _, path in pdfs):
        kept = pdfs
    files = dict.fromkeys(path for _, path in [*pdfs, *kept] if path)
    return tuple(files), tuple(dict.fromkeys(name for name, path in kept if not path))


def named_text_files(
    named: Iterable[Sequence[str]], folders: Sequence[Path], outside: bool
) -> tuple[tuple[Path, ...], tuple[str, ...]]:
    """Return `text_files` of attachments given by possible names, as from `parse_file_field`.

    A name is looked up in each of the folders, then as a path. Unless `outside` is True, only files in the first folder
    count.
    """
    return text_files((file_name(names[0]), _first_existing(names, folders, outside)) for names in named)


def parse_file_field(field: str) -> Iterator[list[str]]:
    """Yield the possible names of each file in a bibliography's file field, most likely first.

    JabRef, Zotero and Mendeley write `description:path:type` with semicolons between files; Better BibTeX may write
    bare paths, others `file:///` and %20. Most programs put a backslash before colons and semicolons in a path.
    """
    field = re.sub(r"\s*\n\s*", " ", field.replace(r"$\backslash$", "\\")).strip()
    for piece in re.split(r"(?<!\\);", field):
        if uri := re.search(r"file\\?:(?=/)([^:]*(?::(?=/)[^:]*)?)", piece):
            yield [unquote(re.sub(r"^//(?:localhost)?(?=/(?!/))", "", unescaped(uri[1]).strip()).partition("#")[0])]
            continue
        parts = re.split(r"(?<!\\):", piece)
        middle = [":".join(parts[1:-1])] if len(parts) > 2 else []
        names = [part.strip() for part in [*middle, piece, *parts] if can_hold_text(part.strip())]
        if names and not re.search(r"\bhttps?\\?:", piece):
            # Mendeley writes accented letters as LaTeX.
            plain = [*map(unescaped, names), *(from_latex(re.sub(r"\\([:;])", r"\1", name)) for name in names)]
            slashed = [name.replace("\\", "/") for name in plain if "\\" in name and not name.startswith("\\\\")]
            yield [*plain, *slashed, *(unquote(name) for name in [*plain, *slashed] if "%" in name)]


def existing_file(folder: Path, name: str) -> Path | None:
    """Return the file with a name in a folder, or at an absolute path; None if there is none.

    A path on another machine (`\\\\server\\...`) is never followed, since looking it up would contact that machine.
    """
    if len(name) > 1 and {name[0], name[1]} <= {"/", "\\"}:
        return None
    for form in dict.fromkeys((name, unicodedata.normalize("NFC", name), unicodedata.normalize("NFD", name))):
        path = folder / form
        if os.path.isfile(path):
            return path
    return None


def file_name(path: str) -> str:
    """Return the file name at the end of a path with slashes or backslashes."""
    return re.split(r"[/\\]", path)[-1]


def unescaped(path: str) -> str:
    """Return a path without escaping backslashes and braces; Windows separators, which precede letters, stay."""
    if path.startswith("\\\\"):  # on another machine; `existing_file` must recognise it
        return path
    return re.sub(r"\\([^A-Za-z0-9])", r"\1", re.sub(r"\{(\\[^A-Za-z0-9{}])\}", r"\1", path))


def _first_existing(names: Sequence[str], folders: Sequence[Path], outside: bool) -> Path | None:
    first = folders[0].resolve()
    for name in names:
        # Mendeley omits the first slash of a path.
        for folder in [*folders, *([Path(first.anchor)] if outside else [])]:
            file = existing_file(folder, name)
            if file and (outside or file.resolve().is_relative_to(first)):
                return file
    return None


def _suffix(name: str) -> str:
    return os.path.splitext(name)[1].lower()
