"""Read the metadata that a PDF file states: its Info dictionary and the XMP packet of the document.

A file may have other packets: images bring those of the programs that made them, and logos those of other papers. Only
the packet named in the file's catalog describes the document.
"""

from __future__ import annotations

import mmap
import re
import zlib
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

_MAX_PACKET_BYTES = 400_000  # real packets have 2 to 60 KB
_MAX_STREAM_BYTES = 2_000_000  # of an object stream, decompressed
_MAX_STREAMS = 3000  # object streams in a file
_MAX_ROOTS = 5  # catalogs in a file; a modified file has several
_MAX_OBJECT_BYTES = 20_000  # of a dictionary
_MAX_HEADER_BYTES = 1000  # of a stream
_MAX_VALUE_LENGTH = 2000  # characters
_ROOT = re.compile(rb"/Root\s+(\d{1,9})\s+\d+\s+R")
_METADATA = re.compile(rb"/Metadata\s+(\d{1,9})\s+\d+\s+R")
_PACKET_START, _PACKET_END = b"<x:xmpmeta", b"</x:xmpmeta>"
_STREAM = re.compile(rb"stream\r?\n")
_OBJECT_STREAM = re.compile(rb"/ObjStm\b")
_FIRST = re.compile(rb"/First\s+(\d{1,9})")


def xmp_packet(path: Path) -> str | None:
    """Return the XMP packet named in a file's catalog; None if there is none, or it cannot be found."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        roots = dict.fromkeys(int(match[1]) for match in _ROOT.finditer(mapped))
        for root in list(roots)[: -_MAX_ROOTS - 1 : -1]:
            catalog = _object(mapped, root) or _packed_object(mapped, root)
            if reference := _METADATA.search(catalog):
                return _packet_in(_stream(mapped, int(reference[1])))
    return None


def _packet_in(content: bytes) -> str | None:
    start, end = content.find(_PACKET_START), content.rfind(_PACKET_END)
    return content[start : end + len(_PACKET_END)].decode("utf-8", "replace") if 0 <= start < end else None


def _object(file: mmap.mmap, number: int, size: int = _MAX_OBJECT_BYTES) -> bytes:
    """Return the first `size` bytes of the last object with a number; b"" if it is not stored uncompressed."""
    name = b"%d 0 obj" % number
    at = file.rfind(name)
    while at > 0 and file[at - 1 : at].isdigit():
        at = file.rfind(name, 0, at)
    if at < 0:
        return b""
    end = file.find(b"endobj", at, at + size)
    return file[at + len(name) : end if end > 0 else at + size]


def _packed_object(file: mmap.mmap, number: int) -> bytes:
    """Return an object from the object streams; b"" if it is in none of them."""
    for match in islice(_OBJECT_STREAM.finditer(file), _MAX_STREAMS):
        begin = file.rfind(b" obj", max(0, match.start() - _MAX_HEADER_BYTES), match.start())
        start = _STREAM.search(file, match.end(), match.end() + _MAX_HEADER_BYTES)
        first = _FIRST.search(file, begin, start.start()) if start and begin > 0 else None
        if not start or not first:
            continue
        unpacked = _inflated(file, start.end(), _MAX_STREAM_BYTES)
        table = [int(each) for each in re.findall(rb"\d{1,9}", unpacked[: int(first[1])])]
        places = dict(zip(table[::2], table[1::2], strict=False))
        if number in places:
            objects = unpacked[int(first[1]) :]
            end = min((place for place in places.values() if place > places[number]), default=len(objects))
            return objects[places[number] : end]
    return b""


def _stream(file: mmap.mmap, number: int) -> bytes:
    """Return the content of a stream, decompressed if need be."""
    whole = _object(file, number, _MAX_PACKET_BYTES)
    start = _STREAM.search(whole)
    if not start:
        return b""
    content = whole[start.end() :]
    return _inflated(content, 0, _MAX_PACKET_BYTES) if b"/FlateDecode" in whole[: start.start()] else content


def _inflated(data: mmap.mmap | bytes, start: int, most: int) -> bytes:
    """Return at most `most` decompressed bytes; b"" if the data is damaged or encrypted."""
    try:
        return zlib.decompressobj().decompress(data[start : start + most], most)
    except zlib.error:
        return b""


def stated_facts(info: Mapping[str, str], xmp: str | None) -> dict[str, list[str]]:
    """Return the values of the Info dictionary and the XMP packet, in this order, by lower-case name.

    The dictionary's author becomes `creator`, as in XMP, and its creator becomes `program`.
    """
    stated: dict[str, list[str]] = {}
    renamed = {"author": "creator", "creator": "program"}
    in_info = [(renamed.get(name.lower(), name.lower()), value) for name, value in info.items()]
    for name, value in [*in_info, *_xmp_values(xmp or "")]:
        text = " ".join(value[:_MAX_VALUE_LENGTH].replace("\0", " ").split())
        if text:
            stated.setdefault(name, []).append(text)
    return stated


def _xmp_values(xmp: str) -> Iterator[tuple[str, str]]:
    """Yield the names in lower case and the values of an XMP packet; nothing if it is not valid XML."""
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    source = re.sub(r"^\s*<\?xml\b.*?\?>", "", xmp.strip("\0\ufeff \r\n\t"))
    try:
        root = etree.fromstring(source.encode("utf-8", "ignore"), parser)
    except etree.XMLSyntaxError:
        return
    for element in root.iter(etree.Element):
        yield from ((_local_name(name), str(value)) for name, value in element.attrib.items())
        owner = element
        while owner is not None and owner.prefix == "rdf":  # list items belong to the element around the list
            owner = owner.getparent()
        if owner is not None and not len(element) and element.text:
            yield _local_name(owner.tag), str(element.text)


def _local_name(name: Any) -> str:
    """Return the name of an XML element or attribute without its namespace."""
    return str(name).rpartition("}")[2].lower()
