"""Archives of XML, packed as a zip file or unpacked in a folder, opened so that none can harm."""

from __future__ import annotations

import contextlib
import os
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...errors import SourceError, reason
from ..sources import MAX_TEXT_BYTES
from .jats import parsed_xml

_MAX_UNPACKED, _MAX_RATIO, _MAX_FILES = 200_000_000, 150, 10_000
_OLE = b"\xd0\xcf\x11\xe0"  # what Word wrote before 2007, and now writes around what has a password
# What zipfile raises for an archive that is broken somewhere, and what it does not know.
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, KeyError, OSError)


class Archive:
    """The parts of an archive by their names with slashes."""

    def __init__(self, parts: dict[str, zipfile.ZipInfo | Path], packed: zipfile.ZipFile | None) -> None:
        self._parts, self._packed = parts, packed

    def __contains__(self, name: str) -> bool:
        return name in self._parts

    def __iter__(self) -> Iterator[str]:
        return iter(self._parts)

    def read(self, name: str) -> bytes:
        """The bytes of a part.

        Raises:
            SourceError: it is larger than any text.
        """
        part = self._parts[name]
        size = part.stat().st_size if isinstance(part, Path) else part.file_size
        if size > MAX_TEXT_BYTES:
            raise SourceError(f"its part {name} has {size / 1e6:.0f} MB of text, more than is read of a paper")
        if isinstance(part, Path):
            return part.read_bytes()
        assert self._packed is not None
        return self._packed.read(part)

    def xml(self, name: str) -> Any:
        """The root of a part that is XML, its tags without namespaces.

        Raises:
            SourceError: it is not valid XML, or too large.
        """
        return parsed_xml(self.read(name))


@contextlib.contextmanager
def opened(path: Path, kind: str) -> Iterator[Archive]:
    """An archive that is safe to read.

    Raises:
        SourceError: it is none, or a part of it cannot be read.
    """
    try:
        if path.is_dir():
            yield Archive(_files(path), None)
            return
        with path.open("rb") as file:
            if file.read(4) == _OLE:
                raise SourceError(
                    "it is protected with a password, or in the form of Word before 2007: save it as .docx"
                )
        with zipfile.ZipFile(path) as packed:
            entries = packed.infolist()
            _refuse_large(len(entries), sum(entry.file_size for entry in entries), path.stat().st_size)
            for entry in entries:
                if entry.flag_bits & 1:
                    raise SourceError("it is protected with a password")
                if ".." in entry.filename.split("/") or entry.filename.startswith("/"):
                    raise SourceError(f"it holds a file that would lie outside of it, {entry.filename!r}")
            yield Archive({entry.filename: entry for entry in entries}, packed)
    except BROKEN as error:
        raise SourceError(f"it is no whole {kind} ({reason(error)})") from error


def _files(folder: Path) -> dict[str, zipfile.ZipInfo | Path]:
    """The files in a folder; links are not followed, as they may lead out of it."""
    found: dict[str, zipfile.ZipInfo | Path] = {}
    size = 0
    for place, _, names in os.walk(folder):
        for name in names:
            path = Path(place, name)
            if path.is_file() and not path.is_symlink():
                found[path.relative_to(folder).as_posix()] = path
                size += path.stat().st_size
            _refuse_large(len(found), size, size)
    return found


def _refuse_large(files: int, size: int, packed: int) -> None:
    if files > _MAX_FILES or size > _MAX_UNPACKED or (size > 10_000_000 and size / packed > _MAX_RATIO):
        raise SourceError(f"it unpacks to {size / 1e6:.0f} MB in {files} files, more than a paper holds")


def text_of(tag: Any) -> str:
    """The text of an XML element on one line; "" for none."""
    return "" if tag is None else " ".join("".join(tag.itertext()).split())
