"""Walk through folders: which files are papers, and which are passed over."""

import os
import re
import stat
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ..reading.bibliography.zotero import is_zotero
from ..reading.formats import is_readable
from ..reading.markup.epub import is_book
from ..store.files import INDEX, RECORD, UPLOADS
from ..types import Failure
from .files import read_error, storable

_SYSTEM_FILES = frozenset({"thumbs.db", "desktop.ini", "icon\r"})
_ABOUT_FILES = re.compile(  # files about a folder are no papers
    r"(?:readme(?:[_-][\w-]+|\.[a-z]{2})?|licen[cs]e(?:[._-](?:mit|apache|bsd|cc|a?gpl|lgpl|mpl)[\w.-]*)?|copying|notice|sources?|"
    r"change-?log|changes|contributing|code_of_conduct|requirements)(?:\.(?:md|markdown|txt|text|html?))?",
    re.IGNORECASE,
)
_MAX_SUFFIX = 10  # characters; a longer one is part of a name with a full stop in it


@dataclass(slots=True)
class Walk:
    """What was found: see `locate.Located` for the fields."""

    failures: list[Failure] = field(default_factory=list)
    found_failures: dict[str, Failure] = field(default_factory=dict)
    passed_over: Counter[str] = field(default_factory=Counter)
    folders: list[Path] = field(default_factory=list)

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
        """Yield the readable files below a folder, and the folders of books and Zotero libraries.

        The files of a Footnote library are ignored.
        """
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


def is_lock(name: str) -> bool:
    """Return whether a file is a lock that Word or LibreOffice keeps while a document is open."""
    return name.startswith(("~$", ".~lock."))


def _kind(path: Path) -> str:
    """Return the kind of a file that is passed over: its suffix, or the name of a file about the folder."""
    if _ABOUT_FILES.fullmatch(path.name):
        return storable(path.name)
    suffix = path.suffix.lower()
    return suffix if 1 < len(suffix) <= _MAX_SUFFIX and suffix[1:].isalnum() else "without a known suffix"
