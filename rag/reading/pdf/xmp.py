"""Read what a PDF file says about itself: its Info dictionary and its XMP packet."""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

_MAX_PACKET_BYTES = 200_000  # real packets have 2 to 60 KB
_MAX_STARTS = 50  # places where a packet seems to begin
_MAX_VALUE_LENGTH = 2000  # characters
_PACKET_START, _PACKET_END = re.compile(rb"<x:xmpmeta"), re.compile(rb"</x:xmpmeta>")


def xmp_packet(path: Path) -> str | None:
    """Return the XMP packet of a file; None if it has none in plain text."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        at = 0
        for _ in range(_MAX_STARTS):
            start = _PACKET_START.search(mapped, at)
            if not start:
                break
            end = _PACKET_END.search(mapped, start.end(), start.end() + _MAX_PACKET_BYTES)
            if end:
                return mapped[start.start() : end.end()].decode("utf-8", "replace")
            at = start.end()
    return None


def stated_facts(info: Mapping[str, str], xmp: str | None) -> dict[str, list[str]]:
    """Return the values of the Info dictionary, then of the XMP packet, by name in lower case.

    The dictionary's author is `creator`, as in XMP, and its creator is `program`.
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
        while owner is not None and owner.prefix == "rdf":  # the items of a list belong to the list's owner
            owner = owner.getparent()
        if owner is not None and not len(element) and element.text:
            yield _local_name(owner.tag), str(element.text)


def _local_name(name: Any) -> str:
    """Return the name of an XML element or attribute without its namespace."""
    return str(name).rpartition("}")[2].lower()
