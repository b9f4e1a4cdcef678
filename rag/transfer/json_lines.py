"""Export a library to JSON lines, and import it: everything without loss, with memory for one line."""

import hashlib
import json
import re
import sqlite3
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import IO

from pydantic import ValidationError

from ..errors import LibraryError, reason
from ..ingest.moved import HOME
from ..ingest.uploads import copy_parts
from ..store import whole
from ..store.connection import RECORD
from ..store.history import AnswerHistory
from ..store.papers import Records
from ..store.rows import undamaged
from .lines import (
    FORMAT,
    KINDS,
    AnswerLine,
    AnyLine,
    ConversationLine,
    EndLine,
    FailureLine,
    LibraryLine,
    PaperLine,
    RemovalLine,
    SourceLine,
    UploadLine,
    parsed,
)
from .places import (
    Contents,
    check_free,
    check_space,
    contents_of,
    put_in_place,
    unfinished_folder,
    uploads_in,
    write_whole,
)

_PART = 1 << 20  # bytes of an upload in a line
_LONGEST = 1 << 30  # bytes of a line
_TOGETHER = 100  # lines that are stored in one transaction
_UNFIT = (
    *(ValueError, TypeError, KeyError, AttributeError, OverflowError),
    *(sqlite3.IntegrityError, sqlite3.DataError, sqlite3.ProgrammingError),
)
_FIRST = re.compile(rb'\{"kind":"library","format":(\d{1,9}),')


def export(records: Records, file: Path) -> Contents:
    """Write all of a library to JSON lines, as it is at one moment; an older export of this name is replaced.

    Raise LibraryError if the record is damaged, or the file exists and is no export, or cannot be written.
    """
    contents: list[Contents] = []

    def write(complete: Path) -> None:
        digest, lines = hashlib.sha256(), 0
        with complete.open("wb") as out, records.snapshot():
            uploads = uploads_in(records.path.parent, records)
            contents.append(contents_of(records, len(uploads)))
            for line in _undamaged_lines(records, uploads):
                data = line.to_bytes()
                digest.update(data)
                lines += 1
                out.write(data)
            out.write(EndLine(lines=lines, sha256=digest.hexdigest()).to_bytes())

    write_whole(file, write, _is_export)
    return contents[0]


def import_library(folder: Path, file: Path, *, replace: bool) -> Contents:
    """Put an exported library into a folder that has none, or in place of the one there.

    Raise LibraryError if the file is no whole export, or of a newer version, if the folder has a library and `replace`
    is false, or if the disk is full; the library there is then as it was.
    """
    check_free(folder, file.name, replace=replace)
    try:
        with file.open("rb") as lines, unfinished_folder(folder, folder.name) as new:
            check_space(folder, 2 * file.stat().st_size)
            records = Records(new / RECORD)
            try:
                _Import(records, new, file.name).run(_read(lines, file.name))
            finally:
                records.close()
            return put_in_place(folder, new, file.name)
    except OSError as error:
        raise LibraryError(f"{file.name!r} cannot be imported ({reason(error)}). Nothing was changed.") from error


def _undamaged_lines(records: Records, uploads: dict[str, Path]) -> Iterator[AnyLine]:
    with undamaged("a value in it"):
        yield from _lines(records, uploads)


def _lines(records: Records, uploads: dict[str, Path]) -> Iterator[AnyLine]:
    made_with = records.meta("made_with")
    yield LibraryLine(made_with=None if made_with is None else json.loads(made_with), home=records.meta(HOME))
    yield from map(SourceLine.of, records.all_sources())
    yield from map(PaperLine.of, whole.whole_papers(records))
    yield from map(FailureLine.of, whole.failures(records))
    yield from map(RemovalLine.of, whole.removals(records))
    yield from map(ConversationLine.of, whole.conversations(records))
    yield from map(AnswerLine.of, whole.answers(records))
    for path, place in uploads.items():
        with place.open("rb") as upload:
            data = upload.read(_PART)
            yield UploadLine.of(path, data)
            while data := upload.read(_PART):
                yield UploadLine.of(path, data)


def _is_export(file: Path) -> bool:
    try:
        with file.open("rb") as lines:
            return _FIRST.match(lines.read(80)) is not None
    except OSError:
        return False


def _read(file: IO[bytes], name: str) -> Iterator[AnyLine]:
    """Yield the lines of an export up to its end. Raise LibraryError if it is not whole, or another file."""
    digest, number, rank = hashlib.sha256(), 0, 0
    while data := file.readline(_LONGEST):
        number += 1
        line = _parsed(data, number, name)
        here = KINDS.index(line.kind)
        if here < rank or (here == 0) != (number == 1):
            raise _wrong(name, number, f"a line of the kind {line.kind!r} cannot stand here")
        rank = here
        if isinstance(line, EndLine):
            if (line.lines, line.sha256) != (number - 1, digest.hexdigest()) or file.read(1):
                raise _wrong(name, number, "the lines before it have changed, or others follow")
            return
        digest.update(data)
        yield line
    raise LibraryError(f"{name!r} is no whole export of Footnote: its end is missing. Nothing was changed.")


def _parsed(data: bytes, number: int, name: str) -> AnyLine:
    if number == 1:
        first = _FIRST.match(data)
        if first is None:
            raise _wrong(name, number, "it does not begin as an export does")
        if int(first[1]) > FORMAT:
            raise LibraryError(
                f"{name!r} was written by a newer Footnote (format {int(first[1])}; this one knows up to {FORMAT}). "
                "Nothing was changed. Update Footnote."
            )
    try:
        return parsed(data)
    except ValidationError as error:
        first_problem = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, first_problem["loc"]))
        raise _wrong(name, number, f"{place}: {first_problem['msg']}".lstrip(": ")) from error


def _wrong(name: str, number: int, why: str) -> LibraryError:
    return LibraryError(f"{name!r} is no whole export of Footnote: line {number:,}: {why}. Nothing was changed.")


class _Import:
    """Stores lines in a new record, and uploads beside it."""

    def __init__(self, records: Records, folder: Path, name: str) -> None:
        self._records, self._folder, self._name = records, folder, name

    def run(self, lines: Iterator[AnyLine]) -> None:
        """Store all lines. Raise LibraryError if one does not fit the others."""
        for first in lines:
            with self._records.transaction() as db:
                for line in chain([first], islice(lines, _TOGETHER - 1)):
                    try:
                        self._store(db, line)
                    except _UNFIT as error:
                        raise LibraryError(
                            f"{self._name!r} is no whole export of Footnote: a line of the kind {line.kind!r} does not "
                            f"fit ({reason(error)}). Nothing was changed."
                        ) from error

    def _store(self, db: sqlite3.Connection, line: AnyLine) -> None:
        match line:
            case LibraryLine():
                if line.made_with is not None:
                    self._records.set_meta(db, "made_with", json.dumps(line.made_with))
                if line.home is not None:
                    self._records.set_meta(db, HOME, line.home)
            case SourceLine():
                whole.put_source(db, line.source())
            case PaperLine():
                whole.put_whole_paper(self._records, db, line.whole())
            case FailureLine():
                self._records.put_failure(db, line.failed())
            case RemovalLine():
                whole.put_removal(db, line.removal())
            case ConversationLine():
                whole.put_conversation(db, line.conversation())
            case AnswerLine():
                AnswerHistory(self._records).put(db, line.saved())
            case UploadLine():
                self._append(line)

    def _append(self, line: UploadLine) -> None:
        parts = copy_parts(line.path)
        if "/".join(parts) != line.path or ":" in line.path:
            raise ValueError(f"{line.path!r} is not the path of an upload")
        target = self._folder.joinpath(*parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("ab") as out:
            out.write(line.bytes())
