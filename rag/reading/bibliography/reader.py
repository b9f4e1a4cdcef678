"""Read the papers of a BibTeX or RIS file."""

from collections.abc import Sequence
from pathlib import Path

from ...errors import SourceError
from ...types import Failure
from ..sources import Item, Reading
from .bibtex import bibtex_items
from .ris import ris_items


def read_bibliography(path: Path, name: str, *, outside: bool = True) -> Reading:
    """Return a paper for each item with an abstract, except items with existing files, which are read instead.

    All items without abstract and file are reported as one failure. See `bibliography_items` for `outside`. Raise
    SourceError if the file is not text, or has no items.
    """
    one, many = ("record", "records") if _is_ris(path) else ("entry", "entries")
    items, failures = bibliography_items(path, name, outside=outside)
    if not items and not failures:
        raise SourceError(f"there is no {one} in it")
    reading = Reading(failures=failures)
    empty = []
    for item in items:
        if item.files:
            continue
        if item.abstract:
            reading.add(name, item.line or 0, item.title, item.abstract, item.details | {"extent": "abstract"})
        else:
            empty.append(item)
    if empty:
        reading.failures.append(_without_text(name, empty, one, many))
    reading.failures.sort(key=lambda failure: failure.line or 0)
    return reading


def bibliography_items(path: Path, name: str = "", *, outside: bool = True) -> tuple[list[Item], list[Failure]]:
    """Return the items of a BibTeX or RIS file, and failures for the broken ones, under `name` (default: the file's).

    Pass `outside=False` for files of others: items can then only name files in the bibliography's folder.
    Raise SourceError if the file is not text.
    """
    return (ris_items if _is_ris(path) else bibtex_items)(path, name, outside=outside)


def _is_ris(path: Path) -> bool:
    return path.suffix.lower() == ".ris"


def _without_text(name: str, items: Sequence[Item], one: str, many: str) -> Failure:
    first = items[0]
    label = repr(first.key or first.title)
    missing = next((item.missing[0] for item in items if item.missing), None)
    if len(items) == 1:
        files = f"and its file {missing!r} is missing" if missing else "and no file"
        reason = f"the {one} {label} has no abstract {files}, so there is nothing to search"
    else:
        files = f" (some of their files are missing: {missing!r})" if missing else ""
        reason = (
            f"{len(items):,} {many} have no abstract and no file{files}, so there is nothing to search; the first is "
            f"{label}"
        )
    return Failure(name, first.line, reason)
