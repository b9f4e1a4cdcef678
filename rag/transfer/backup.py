"""Back up a library in use to one file, and restore it.

A backup is a ZIP archive of what a library's folder must not lose: the record, the copies of uploaded files, and a
manifest with their digests. Unpacked by hand, it is a library.
"""

import hashlib
import json
import re
import zipfile
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from ..errors import LibraryError, reason
from ..store.connection import RECORD, UPLOADS
from ..store.copies import copy_record
from ..store.integrity import faults_of
from ..store.papers import Records
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

_FORMAT = 1
_MANIFEST = "footnote-backup.json"
_MAX_MANIFEST = 256 << 20  # bytes
_MEMBER = re.compile(rf"{re.escape(RECORD)}|{UPLOADS}/[^/\\:]+/[^/\\:]+")
_PACKED = 1  # level of compression: higher ones take twice the time for 2 % less
_DAMAGED = (
    *(zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError),
    *(ValueError, TypeError, KeyError),  # of a manifest of another form
)


def back_up(records: Records, file: Path) -> Contents:
    """Write the library of `records` to a backup, which replaces an older one of this name when it is complete.

    Others may use the library meanwhile; the backup has it as it was at one moment. Raise LibraryError if the record is
    damaged, or the file exists and is no backup, or cannot be written.
    """
    contents: list[Contents] = []

    def write(complete: Path) -> None:
        copy = complete.with_name(RECORD)
        copy_record(records, copy)
        stored = Records(copy)
        try:
            for fault in faults_of(stored):
                raise LibraryError(
                    f"No backup was written, since the library is damaged: {fault.what}. `footnote doctor` says what "
                    "to do. An older backup is still there."
                )
            uploads = uploads_in(records.path.parent, stored)
            contents.append(contents_of(stored, len(uploads)))
            stored.overwrite_log()  # the archive gets the file without its log
        finally:
            stored.close()
        _write_archive(complete, {RECORD: copy, **uploads}, contents[0])

    write_whole(file, write, _is_backup)
    return contents[0]


def restore(folder: Path, file: Path, *, replace: bool) -> Contents:
    """Put the library of a backup into a folder that has none, or in place of the one there.

    It is checked first. Raise LibraryError if the file is no backup, is damaged, or of a newer version, if the folder
    has a library and `replace` is false, or if the disk is full; the library there is then as it was.
    """
    check_free(folder, file.name, replace=replace)
    try:
        with unfinished_folder(folder, folder.name) as new:
            _unpack_all(file, new)
            return put_in_place(folder, new, file.name)
    except OSError as error:
        raise LibraryError(f"{file.name!r} cannot be restored ({reason(error)}). Nothing was changed.") from error


def _unpack_all(file: Path, folder: Path) -> None:
    """Unpack a backup into an empty folder. Raise LibraryError if anything in it is damaged, missing or unknown."""
    try:
        with zipfile.ZipFile(file) as archive:
            digests = _digests(_manifest(archive), archive)
            check_space(folder, 2 * sum(archive.getinfo(name).file_size for name in digests))
            for name, digest in digests.items():
                _unpack(archive, name, digest, folder / name)
    except _DAMAGED as error:
        raise LibraryError(
            f"{file.name!r} is no whole backup of Footnote ({reason(error)}). Nothing was changed. Use another backup."
        ) from error


def _write_archive(target: Path, files: dict[str, Path], contents: Contents) -> None:
    digests = {}
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=_PACKED) as archive:
        for name, path in files.items():
            packing = zipfile.ZIP_DEFLATED if name == RECORD else zipfile.ZIP_STORED  # PDFs are compressed already
            member = zipfile.ZipInfo(name, datetime.now().timetuple()[:6])
            member.compress_type, member.external_attr = packing, 0o600 << 16
            with path.open("rb") as source, archive.open(member, "w", force_zip64=True) as packed:
                digests[name] = _copied(source, packed)
        manifest = {
            "format": _FORMAT,
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "holds": contents._asdict(),
            "sha256": digests,
        }
        archive.writestr(_MANIFEST, json.dumps(manifest, indent=1))


def _copied(source: IO[bytes], target: IO[bytes]) -> str:
    """Copy a file and return its sha256."""
    digest = hashlib.sha256()
    for block in _blocks(source):
        digest.update(block)
        target.write(block)
    return digest.hexdigest()


def _blocks(source: IO[bytes]) -> Iterator[bytes]:
    while block := source.read(1 << 20):
        yield block


def _is_backup(file: Path) -> bool:
    try:
        with zipfile.ZipFile(file) as archive:
            return _MANIFEST in archive.namelist()
    except (OSError, *_DAMAGED):
        return False


def _manifest(archive: zipfile.ZipFile) -> dict[str, Any]:
    member = archive.getinfo(_MANIFEST)
    if member.file_size > _MAX_MANIFEST:
        raise ValueError(f"{_MANIFEST} is too large")
    manifest = dict(json.loads(archive.read(member)))
    if manifest["format"] > _FORMAT:
        raise LibraryError(
            f"The backup was made by a newer Footnote (format {manifest['format']}; this one knows up to {_FORMAT}). "
            "Update Footnote."
        )
    return manifest


def _digests(manifest: dict[str, Any], archive: zipfile.ZipFile) -> dict[str, str]:
    """Return the digests of a backup's files by name, after checking that they are all there and named as such."""
    digests = {str(name): str(digest) for name, digest in dict(manifest["sha256"]).items()}
    for name in digests:
        if not _MEMBER.fullmatch(name) or ".." in name.split("/"):
            raise ValueError(f"it names a file {name!r}")
    missing = {RECORD, *digests} - set(archive.namelist())
    if missing or RECORD not in digests:
        raise ValueError(f"{', '.join(sorted(missing)) or RECORD} is missing")
    return digests


def _unpack(archive: zipfile.ZipFile, name: str, digest: str, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(name) as packed, target.open("wb") as out:
        if _copied(packed, out) != digest:
            raise ValueError(f"{name} has changed")
