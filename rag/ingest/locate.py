"""Locate the sources in files, folders, Zotero libraries, and the files that bibliographies name."""

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from ..errors import SourceError
from ..reading.formats import READER_VERSION
from ..reading.markup.epub import is_book
from ..reading.sandbox.requests import read_items_in_sandbox, read_zotero_in_sandbox
from ..reading.sources import Item
from ..types import Failure
from .files import path_digest, storable
from .walk import Walk

_MAX_NAMED = 10  # missing files of one bibliography
ITEM = f"{os.sep}zotero.sqlite#"  # in a location, between a Zotero folder and the key of an item without a file


class Source(NamedTuple):
    """Something to read: a file with its bibliography item, or an item without a file (`path` is None).

    `location` is an absolute path that identifies the source in the record and is never shown; `name` is shown.
    `outside` allows a bibliography to name files outside of its folder; it is False for uploads. `named` tells
    whether the user named the source, or the bibliography that names it, rather than a folder around it. `afar`
    tells that a link or a bibliography led to a file outside of all folders that the user named.
    """

    location: str
    name: str
    path: Path | None
    item: Item | None = None
    outside: bool = True
    named: bool = True
    afar: bool = False

    @property
    def is_pdf(self) -> bool:
        """Whether it is a PDF, which takes long to read."""
        return self.path is not None and self.path.suffix.lower() == ".pdf"

    @property
    def added(self) -> float:
        """When it was added to its bibliography, or the file's mtime, in seconds."""
        if self.item and self.item.added:
            with contextlib.suppress(ValueError, OverflowError, OSError):  # not a valid date
                return datetime.fromisoformat(self.item.added).timestamp()
        try:
            return self.path.stat().st_mtime if self.path else 0.0
        except OSError:
            return 0.0

    def digest(self) -> str:
        """Return a digest of all that the papers depend on: the file, its item, and the version of the readers.

        Raise SourceError if the file cannot be read.
        """
        item = asdict(self.item) if self.item else {}
        about = json.dumps({name: item[name] for name in ("title", "details", "abstract") if item}, default=str)
        rest = hashlib.sha256(f"{READER_VERSION} {about}".encode()).hexdigest()
        return f"{path_digest(self.path) if self.path else ''}.{rest}"


@dataclass(slots=True)
class Located(Walk):
    """The sources, and what could not be read on the way.

    `failures` are of paths that the user named; `found_failures` of what folders and bibliographies lead to, by a
    location that identifies each. `passed_over` counts files of other kinds, as `AddReport.passed_over`. `folders`
    and `zotero` were searched completely.
    """

    sources: list[Source] = field(default_factory=list)
    zotero: list[Path] = field(default_factory=list)

    @property
    def all_folders(self) -> list[Path]:
        """The folders and Zotero libraries that were searched completely."""
        return [*self.folders, *self.zotero]

    @property
    def books(self) -> list[Path]:
        """The folders of unpacked books."""
        return [source.path for source in self.sources if source.path and source.path.is_dir()]


def locate(
    paths: Iterable[str | os.PathLike[str]], collections: Sequence[str] = (), without: Sequence[str] = ()
) -> Located:
    """Return the sources in files and folders, each once; folders are searched recursively, and links followed.

    PDFs come last, the newest first. Of a Zotero library only the items in `collections` are taken, if any are named,
    and none of those in `without`.
    """
    located = Located()
    items: dict[Path, Item | None] = {}  # by file
    named: set[Path] = set()
    homes: set[Path] = set()  # the folders that the user named, or named a file in
    for path, is_named in located.paths(paths):
        if path.is_dir() and not is_book(path):
            homes.add(path)
            _locate_zotero(path, located, items, collections, without)
            continue
        items.setdefault(path)
        if is_named:
            named.add(path)
            homes.add(path.parent)
    for path in [path for path in items if path.suffix.lower() in (".bib", ".ris")]:
        described = _items_of(path, located, path in named)
        items.update(described)
        named.update(described if path in named else ())
    homes.update(located.folders)
    for path, item in items.items():
        afar = homes.isdisjoint([path.resolve(), *path.resolve().parents])
        located.sources.append(Source(storable(path), storable(path.name), path, item, named=path in named, afar=afar))
    located.sources.sort(key=lambda source: (source.is_pdf, -source.added if source.is_pdf else 0.0))
    return located


def _locate_zotero(
    folder: Path, located: Located, items: dict[Path, Item | None], collections: Sequence[str], without: Sequence[str]
) -> None:
    """Add the items of a Zotero library: those with files to `items`, those with only an abstract as sources."""
    name = storable(folder.name)
    try:
        found, failures = read_zotero_in_sandbox(folder, collections, without)
    except SourceError as error:
        located.failures.append(Failure(name, None, str(error)))
        return
    prefix = f"{storable(folder)}{ITEM}"
    located.found_failures.update({_failure_location(prefix, failure): failure for failure in failures})
    if not (collections or without):
        located.zotero.append(folder)
    for item in found:
        location = f"{prefix}{item.key}"
        located.found_failures.update({_failure_location(location, f): f for f in _missing_files(item, name)})
        items.update(dict.fromkeys(item.files, item))
        if not item.files and item.abstract:
            located.sources.append(Source(location, name, None, item, named=False))


def _items_of(bibliography: Path, located: Located, is_named: bool) -> dict[Path, Item]:
    """Return the files that a bibliography names, each with its item.

    Broken entries, and entries with neither abstract nor file, are reported when the papers are read.
    """
    try:
        items, _ = read_items_in_sandbox(bibliography)
    except SourceError:
        return {}
    failures = [
        failure
        for item in items
        if item.abstract or item.files
        for failure in _missing_files(item, storable(bibliography.name))
    ]
    if len(failures) > _MAX_NAMED:
        reason = f"{len(failures):,} files that its entries name are missing; first, {failures[0].reason}"
        failures = [Failure(failures[0].source, failures[0].line, reason)]
    if is_named:
        located.failures += failures
    else:
        located.found_failures.update({_failure_location(storable(bibliography), f): f for f in failures})
    return {file: item for item in items for file in item.files}


def _missing_files(item: Item, name: str) -> list[Failure]:
    return [Failure(name, item.line, f"the file {file!r} of {item.title!r} is missing") for file in item.missing]


def _failure_location(location: str, failure: Failure) -> str:
    """Return a location that identifies one failure of the source at `location`."""
    return f"{location}#{hashlib.sha256(str(failure).encode()).hexdigest()[:16]}"
