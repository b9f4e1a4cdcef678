"""Locate the sources in files, folders, Zotero libraries, and the files that bibliographies name."""

import contextlib
import hashlib
import json
import os
import re
import stat
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from ..errors import SourceError
from ..reading.bibliography.zotero import is_zotero
from ..reading.formats import READER_VERSION, is_readable
from ..reading.markup.epub import is_book
from ..reading.sandbox.requests import read_items_in_sandbox, read_zotero_in_sandbox
from ..reading.sources import Item
from ..store.connection import INDEX, RECORD, UPLOADS
from ..types import Failure
from .files import path_digest, read_error, storable

_MAX_NAMED = 10  # missing files of one bibliography
ITEM = f"{os.sep}zotero.sqlite#"  # in a location, between a Zotero folder and the key of an item without a file

_SYSTEM_FILES = frozenset({"thumbs.db", "desktop.ini", "icon\r"})
_ABOUT_FILES = re.compile(  # files about a folder are no papers
    r"(?:readme(?:[_-][\w-]+|\.[a-z]{2})?|licen[cs]e(?:[._-](?:mit|apache|bsd|cc|a?gpl|lgpl|mpl)[\w.-]*)?|copying|notice|sources?|"
    r"change-?log|changes|contributing|code_of_conduct|requirements)(?:\.(?:md|markdown|txt|text|html?))?",
    re.IGNORECASE,
)
_MAX_SUFFIX = 10  # characters; a longer one is part of a name with a full stop in it


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
class Located:
    """The sources, and what could not be read on the way.

    `failures` are of paths that the user named; `found_failures` of what folders and bibliographies lead to, by a
    location that identifies each. `passed_over` counts files of other kinds, as `AddReport.passed_over`. `folders`
    and `zotero` were searched completely.
    """

    sources: list[Source] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    found_failures: dict[str, Failure] = field(default_factory=dict)
    passed_over: Counter[str] = field(default_factory=Counter)
    folders: list[Path] = field(default_factory=list)
    zotero: list[Path] = field(default_factory=list)

    @property
    def all_folders(self) -> list[Path]:
        """The folders and Zotero libraries that were searched completely."""
        return [*self.folders, *self.zotero]

    @property
    def books(self) -> list[Path]:
        """The folders of unpacked books."""
        return [source.path for source in self.sources if source.path and source.path.is_dir()]

    def paths(self, paths: Iterable[str | os.PathLike[str]]) -> Iterator[tuple[Path, bool]]:
        """Yield the files, books and Zotero folders in `paths`, each with whether `paths` names it itself."""
        for given in paths:
            if not os.fspath(given):  # an unset shell variable must not stand for the working directory
                self.failures.append(Failure("''", None, "the path is empty"))
                continue
            path = Path(given).expanduser()
            name = storable(path.name or given)
            try:
                mode = path.stat().st_mode
                if stat.S_ISDIR(mode):
                    folder = path.resolve()
                    self.folders.append(folder)
                    yield from ((found, found == folder) for found in self._walk(folder, set()))
                    if failure := self.found_failures.pop(storable(folder), None):
                        self.failures.append(failure)
                elif is_lock(path.name):  # named by a shell pattern
                    self.passed_over["lock file"] += 1
                elif stat.S_ISREG(mode):
                    yield path.resolve(), True
                else:
                    self.failures.append(Failure(name, None, "it is neither a file nor a folder"))
            except (OSError, ValueError) as error:
                self.failures.append(Failure(name, None, read_error(error)))

    def _walk(self, folder: Path, seen: set[tuple[int, int]]) -> Iterator[Path]:
        """Yield a folder's readable files, books and Zotero libraries, without the files of a Footnote library."""
        try:
            state = folder.stat()
            if (state.st_dev, state.st_ino) in seen:
                return
            seen.add((state.st_dev, state.st_ino))
            if folder.name in (UPLOADS, INDEX) and (folder.parent / RECORD).is_file():
                return
            if is_zotero(folder) or is_book(folder):
                yield folder.resolve()
                return
            children = sorted(folder.iterdir())
        except OSError as error:
            self.found_failures[storable(folder)] = Failure(storable(folder.name), None, read_error(error))
            return
        for path in children:
            if path.name.startswith((".", RECORD)) or is_lock(path.name) or path.name.casefold() in _SYSTEM_FILES:
                continue
            try:
                mode = path.stat().st_mode
            except OSError as error:
                self.found_failures[storable(path)] = Failure(storable(path.name), None, read_error(error))
                continue
            if stat.S_ISDIR(mode):
                yield from self._walk(path, seen)
            elif stat.S_ISREG(mode) and is_readable(path) and not _ABOUT_FILES.fullmatch(path.name):
                yield path.resolve()
            elif stat.S_ISREG(mode):
                self.passed_over[_kind(path)] += 1


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


def is_lock(name: str) -> bool:
    """Return whether a file is a lock that Word or LibreOffice keeps while a document is open."""
    return name.startswith(("~$", ".~lock."))


def _kind(path: Path) -> str:
    """Return the kind of a file that is passed over: its suffix, or the name of a file about the folder."""
    if _ABOUT_FILES.fullmatch(path.name):
        return storable(path.name)
    suffix = path.suffix.lower()
    return suffix if 1 < len(suffix) <= _MAX_SUFFIX and suffix[1:].isalnum() else "without a known suffix"
