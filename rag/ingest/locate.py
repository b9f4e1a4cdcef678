"""Paths to sources: files and folders, Zotero's libraries, and what bibliographies say of the files they name."""

from __future__ import annotations

import contextlib
import errno
import functools
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

from ..errors import SourceError, reason
from ..reading.bibliography.zotero import is_zotero
from ..reading.formats import READER_VERSION, is_readable
from ..reading.markup.epub import is_book
from ..reading.sandbox.requests import read_items_in_sandbox, read_zotero_in_sandbox
from ..reading.sources import Item
from ..store.files import INDEX, RECORD, UPLOADS
from ..types import Failure

_MOST_NAMED = 10  # missing files of one bibliography
ITEM = f"{os.sep}zotero.sqlite#"  # between a Zotero library's folder and the key of an item without a file


class Source(NamedTuple):
    """Something to read: a file, with what a bibliography says of it; or, without `path`, what one says alone.

    `location` is absolute and stands for the source in the record; it is never shown. `name` is. Where `outside` is
    false, a bibliography may only name files in its own folder: somebody else wrote it. `named` tells whether a person
    named it itself, or a bibliography that names it, and not a folder that it was found in. `afar` tells that its file
    lies outside of every folder that was asked for: a link or a bibliography led there.
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
        """Whether it is a PDF file, which takes long to read."""
        return self.path is not None and self.path.suffix.lower() == ".pdf"

    @property
    def came(self) -> float:
        """When it came, in seconds: as the bibliography says, else when the file was last changed."""
        if self.item and self.item.added:
            with contextlib.suppress(ValueError, OverflowError, OSError):  # no date that there is
                return datetime.fromisoformat(self.item.added).timestamp()
        try:
            return self.path.stat().st_mtime if self.path else 0.0
        except OSError:
            return 0.0

    def digest(self) -> str:
        """A digest of all that a reading depends on: the file, then what is said of it and the readers' version.

        Raises:
            SourceError: the file cannot be read.
        """
        said = asdict(self.item) if self.item else {}
        about = json.dumps({name: said[name] for name in ("title", "details", "abstract") if said}, default=str)
        rest = hashlib.sha256(f"{READER_VERSION} {about}".encode()).hexdigest()
        return f"{_digest(self.path) if self.path else ''}.{rest}"


def check_as_read(path: Path, digest: str) -> None:
    """Checks that a file is the one that a source's digest was made of; it is read only where its size or time is new.

    Raises:
        SourceError: it is another one, or cannot be read.
    """
    try:
        state = path.stat()
    except OSError as error:
        raise SourceError(_why(error)) from error
    if _digest_of(path, state.st_size, state.st_mtime_ns) != digest.partition(".")[0]:
        raise SourceError("it has changed since it was read")


@functools.lru_cache(maxsize=1000)
def _digest_of(path: Path, size: int, changed: int) -> str:
    return file_digest(path)


@dataclass(slots=True)
class Located:
    """What there is to read, what cannot be read, and the folders that were looked through from end to end.

    `failures` are of what was named itself; `found_failures` of what was found through a folder or a bibliography, by a
    location that stands for each. `passed_over` counts files that are not read, as `AddReport.passed_over`.
    """

    sources: list[Source] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    found_failures: dict[str, Failure] = field(default_factory=dict)
    passed_over: Counter[str] = field(default_factory=Counter)
    folders: list[Path] = field(default_factory=list)
    zotero: list[Path] = field(default_factory=list)  # the folders of whole Zotero libraries

    def mended(self, locations: Iterable[str]) -> list[str]:
        """Which of the locations, each of a found failure, stand in one of the folders and fail no longer."""
        failing = self.found_failures.keys() | {source.location for source in self.sources}
        return [
            location
            for location in locations
            if location not in failing
            and any(Path(location).is_relative_to(folder) for folder in (*self.folders, *self.zotero))
        ]

    def gone(self, locations: Iterable[str]) -> list[str]:
        """Which of the locations stood in one of the folders and are there no longer.

        A folder without any source is no sign of that: its disk may not be mounted.
        """
        here = {source.location for source in self.sources}
        books = [source.path for source in self.sources if source.path and source.path.is_dir()]
        left = [location for location in locations if location not in here]
        return [
            location
            for location in left
            for folder in (*self.folders, *self.zotero)
            if Path(location).is_relative_to(folder)
            and any(Path(source).is_relative_to(folder) for source in here)
            and (
                folder in self.zotero
                or (ITEM not in location and _is_missing(Path(location)))
                or any(book in Path(location).parents for book in books)  # a chapter that was read as a page
            )
        ]


def locate(
    paths: Iterable[str | os.PathLike[str]], collections: Sequence[str] = (), without: Sequence[str] = ()
) -> Located:
    """The sources in files and folders (read recursively; links are followed, loops are not), each once.

    PDFs come last, of these the newest first. Of a Zotero library only the items in `collections` are taken, where any
    are named, and none of those in `without`.
    """
    located = Located()
    files: dict[Path, Item | None] = {}
    named: set[Path] = set()
    homes: set[Path] = set()  # of what was asked for
    sources: list[Source] = []
    for path, by_name in _walk_all(paths, located):
        if not path.is_dir() or is_book(path):
            files.setdefault(path)
            if by_name:
                named.add(path)
                homes.add(path.parent)
            continue
        homes.add(path)
        name = storable(path.name)
        try:
            items, failures = read_zotero_in_sandbox(path, collections, without)
        except SourceError as error:
            located.failures.append(Failure(name, None, str(error)))
            continue
        located.found_failures.update({_place(f"{storable(path)}{ITEM}", failure): failure for failure in failures})
        if not (collections or without):
            located.zotero.append(path)
        for item in items:
            location = f"{storable(path)}{ITEM}{item.key}"
            located.found_failures.update({_place(location, f): f for f in _missing(item, name)})
            files.update(dict.fromkeys(item.files, item))
            if not item.files and item.abstract:
                sources.append(Source(location, name, None, item, named=False))
    for path in [path for path in files if path.suffix.lower() in (".bib", ".ris")]:
        described = _described(path, located, path in named)
        files.update(described)
        named.update(described if path in named else ())
    homes.update(located.folders)
    for path, described_by in files.items():
        afar = homes.isdisjoint([path.resolve(), *path.resolve().parents])
        sources.append(Source(storable(path), storable(path.name), path, described_by, named=path in named, afar=afar))
    located.sources = sorted(sources, key=lambda source: (source.is_pdf, -source.came if source.is_pdf else 0.0))
    return located


def _described(bibliography: Path, located: Located, named: bool) -> dict[Path, Item]:
    """The files that a bibliography names, each with its entry; what is broken is told when its papers are read."""
    try:
        items, _ = read_items_in_sandbox(bibliography)
    except SourceError:
        return {}
    # An entry with neither abstract nor file is told of when the papers are read.
    told = [item for item in items if item.abstract or item.files]
    for failure in _all_missing(told, storable(bibliography.name)):
        if named:
            located.failures.append(failure)
        else:
            located.found_failures[_place(storable(bibliography), failure)] = failure
    return {file: item for item in items for file in item.files}


def _missing(item: Item, name: str) -> list[Failure]:
    return [Failure(name, item.line, f"the file {file!r} of {item.title!r} is missing") for file in item.missing]


def _all_missing(items: Sequence[Item], name: str) -> list[Failure]:
    """Return a failure for each file that is missing, or where there are many, one that counts them."""
    failures = [failure for item in items for failure in _missing(item, name)]
    if len(failures) <= _MOST_NAMED:
        return failures
    reason = f"{len(failures):,} files that its entries name are missing; first, {failures[0].reason}"
    return [Failure(name, failures[0].line, reason)]


def _place(location: str, failure: Failure) -> str:
    """A location that stands for one failure of what is at `location`."""
    return f"{location}#{hashlib.sha256(str(failure).encode()).hexdigest()[:16]}"


def _walk_all(paths: Iterable[str | os.PathLike[str]], located: Located) -> Iterator[tuple[Path, bool]]:
    """The files and the folders of Zotero libraries, each with whether it was named itself."""
    for given in paths:
        if not os.fspath(given):  # else an unset variable of a shell would stand for the working directory
            located.failures.append(Failure("''", None, "the path is empty"))
            continue
        path = Path(given).expanduser()
        try:
            mode = path.stat().st_mode
            if stat.S_ISDIR(mode):
                located.folders.append(path.resolve())
                for found in _walk(path.resolve(), located, set()):
                    yield found, found == path.resolve()
                if failure := located.found_failures.pop(storable(path.resolve()), None):  # it was named itself
                    located.failures.append(failure)
            elif is_lock(path.name):  # a pattern of the shell names it too
                located.passed_over["lock file"] += 1
            elif stat.S_ISREG(mode):
                yield path.resolve(), True
            else:
                located.failures.append(
                    Failure(storable(path.name or given), None, "it is neither a file nor a folder")
                )
        except (OSError, ValueError) as error:
            located.failures.append(Failure(storable(path.name or given), None, _why(error)))


def _walk(folder: Path, located: Located, seen: set[tuple[int, int]]) -> Iterator[Path]:
    """The readable files below a folder, and the folders of Zotero libraries, which are not looked into.

    A library's own files are passed over without a word.
    """
    try:
        state = folder.stat()
        if (state.st_dev, state.st_ino) in seen:
            return
        seen.add((state.st_dev, state.st_ino))
        if folder.name in (UPLOADS, INDEX) and (folder.parent / RECORD).is_file():
            return  # a library's own: copies, which it has read, and the index
        if is_zotero(folder) or is_book(folder):
            yield folder.resolve()
            return
        children = sorted(folder.iterdir())
    except OSError as error:
        located.found_failures[storable(folder)] = Failure(storable(folder.name), None, _why(error))
        return
    for path in children:
        if path.name.startswith((".", RECORD)) or is_lock(path.name) or path.name.casefold() in _OF_THE_SYSTEM:
            continue
        try:
            mode = path.stat().st_mode
        except OSError as error:
            located.found_failures[storable(path)] = Failure(storable(path.name), None, _why(error))
            continue
        if stat.S_ISDIR(mode):
            yield from _walk(path, located, seen)
        elif stat.S_ISREG(mode) and is_readable(path) and not _ABOUT.fullmatch(path.name):
            yield path.resolve()
        elif stat.S_ISREG(mode):
            located.passed_over[_kind(path)] += 1


_OF_THE_SYSTEM = frozenset({"thumbs.db", "desktop.ini", "icon\r"})
_ABOUT = re.compile(  # what tells about a folder is no paper in it
    r"(?:readme(?:[_-][\w-]+|\.[a-z]{2})?|licen[cs]e(?:[._-](?:mit|apache|bsd|cc|a?gpl|lgpl|mpl)[\w.-]*)?|copying|notice|sources?|"
    r"change-?log|changes|contributing|code_of_conduct|requirements)(?:\.(?:md|markdown|txt|text|html?))?",
    re.IGNORECASE,
)
_MOST_SUFFIX = 10  # what is longer is a part of a name with a full stop in it


def is_lock(name: str) -> bool:
    """Whether a file's name is that of a lock, which Word and LibreOffice keep beside a document while it is open."""
    return name.startswith(("~$", ".~lock."))


def _kind(path: Path) -> str:
    """What a file that is passed over is counted as: its suffix, or its name where the suffix does not tell why."""
    if _ABOUT.fullmatch(path.name):
        return storable(path.name)
    suffix = path.suffix.lower()
    return suffix if 1 < len(suffix) <= _MOST_SUFFIX and suffix[1:].isalnum() else "without a known suffix"


def storable(path: str | os.PathLike[str]) -> str:
    """A path or a name as text that can be stored and printed: no half characters, no control characters."""
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _is_missing(path: Path) -> bool:
    """Whether there is surely nothing at a path; what may not be looked at may be there."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def _why(error: OSError | ValueError) -> str:
    if isinstance(error, FileNotFoundError):
        return "there is no such file or folder (or the link leads nowhere)"
    if isinstance(error, PermissionError):
        return "it may not be read: check its permissions"
    if isinstance(error, OSError) and error.errno == errno.ELOOP:
        return "it is a loop of symbolic links"
    return f"it cannot be read: {reason(error)}"


def _digest(path: Path) -> str:
    """The sha256 of a file, or of all files in the folder of an unpacked book."""
    if not path.is_dir():
        return file_digest(path)
    files = (file for file in path.rglob("*") if file.is_file() and not file.name.startswith("."))
    named = sorted(f"{file.relative_to(path).as_posix()} {file_digest(file)}" for file in files)
    return hashlib.sha256("\n".join(named).encode(errors="surrogateescape")).hexdigest()


def file_digest(path: Path) -> str:
    """The sha256 of a file.

    Raises:
        SourceError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise SourceError(_why(error)) from error
