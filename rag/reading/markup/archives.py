"""Open archives of XML safely, either a ZIP file or an unpacked folder."""

from __future__ import annotations

import contextlib
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...errors import SourceError
from ..encodings import MAX_TEXT_BYTES
from ..failures import translate_errors
from .xml import parse_xml

_MAX_UNPACKED, _MAX_RATIO, _MAX_FILES = 200_000_000, 150, 10_000
_OLE = b"\xd0\xcf\x11\xe0"  # start of Word files before 2007, and of those with a password


class Archive:
    """The parts of an archive, by name with forward slashes."""

    def __init__(self, parts: dict[str, zipfile.ZipInfo | Path], packed: zipfile.ZipFile | None) -> None:
        self._parts, self._packed = parts, packed

    def __contains__(self, name: str) -> bool:
        return name in self._parts

    def __iter__(self) -> Iterator[str]:
        return iter(self._parts)

    def read(self, name: str) -> bytes:
        """Return the bytes of a part; raise SourceError if it is too large."""
        part = self._parts[name]
        size = part.stat().st_size if isinstance(part, Path) else part.file_size
        if size > MAX_TEXT_BYTES:
            raise SourceError(f"its part {name} has {size / 1e6:.0f} MB of text, more than is read of a paper")
        if isinstance(part, Path):
            return part.read_bytes()
        assert self._packed is not None
        return self._packed.read(part)

    def xml(self, name: str) -> Any:
        """Return the root of an XML part, with namespaces removed from its tags.

        Raise SourceError if it is not valid XML, or too large.
        """
        return parse_xml(self.read(name))


@contextlib.contextmanager
def open_archive(path: Path, kind: str) -> Iterator[Archive]:
    """Open an archive of a file format named `kind`.

    Raise SourceError if it is damaged, protected or unsafe, or a part of it cannot be read.
    """
    with translate_errors("zipfile", kind):
        if path.is_dir():
            yield Archive(_files(path), None)
            return
        with path.open("rb") as file:
            if file.read(4) == _OLE:
                raise SourceError(
                    "it is protected with a password, or in the format of Word before 2007: save it as .docx"
                )
        with zipfile.ZipFile(path) as packed:
            entries = packed.infolist()
            _refuse_large(len(entries), sum(entry.file_size for entry in entries), path.stat().st_size)
            for entry in entries:
                if entry.flag_bits & 1:
                    raise SourceError("it is protected with a password")
                if ".." in entry.filename.split("/") or entry.filename.startswith("/"):
                    raise SourceError(f"it holds a file with a path outside of it, {entry.filename!r}")
            yield Archive({entry.filename: entry for entry in entries}, packed)


def _files(folder: Path) -> dict[str, zipfile.ZipInfo | Path]:
    """Return the files in a folder; symbolic links are ignored, since they may lead out of it."""
    found: dict[str, zipfile.ZipInfo | Path] = {}
    size = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            path = Path(parent, name)
            if path.is_file() and not path.is_symlink():
                found[path.relative_to(folder).as_posix()] = path
                size += path.stat().st_size
            _refuse_large(len(found), size, size)
    return found


def _refuse_large(files: int, size: int, packed: int) -> None:
    if files > _MAX_FILES or size > _MAX_UNPACKED or (size > 10_000_000 and size / packed > _MAX_RATIO):
        raise SourceError(f"it unpacks to {size / 1e6:.0f} MB in {files} files, more than a paper holds")
