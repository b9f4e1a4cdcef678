"""Only the XMP packet about the document is read, and not those of its images."""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest

from rag.reading.pdf.xmp import stated_facts, xmp_packet

PACKET = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description xmlns:p="http://prismstandard.org/namespaces/basic/2.0/"><p:doi>{}</p:doi></rdf:Description>'
    "</rdf:RDF></x:xmpmeta>"
)
OWN, LOGO = (PACKET.format(doi).encode() for doi in ("10.5555/otters.7", "10.5555/kites.1"))
CATALOG = b"<< /Type /Catalog /Pages 2 0 R /Metadata 13 0 R >>"


def stream(number: int, content: bytes, details: bytes = b"") -> bytes:
    return b"%d 0 obj\n<< %s /Length %d >>\nstream\r\n%s\nendstream\nendobj\n" % (
        number,
        details,
        len(content),
        content,
    )


def packed_catalog() -> bytes:
    table = b"2 0 1 30 "
    objects = table + b"<< /Type /Pages /Kids [] >>".ljust(30) + CATALOG
    details = b"/Type /ObjStm /N 2 /First %d /Filter /FlateDecode" % len(table)
    return stream(9, zlib.compress(objects), details)


@pytest.mark.parametrize(
    "objects",
    [
        pytest.param(b"1 0 obj\n%s\nendobj\n%s" % (CATALOG, stream(13, OWN)), id="plain"),
        pytest.param(packed_catalog() + stream(13, OWN), id="packed catalog"),
        pytest.param(packed_catalog() + stream(13, zlib.compress(OWN), b"/Filter /FlateDecode"), id="both are packed"),
    ],
)
def test_the_packet_in_the_catalog_is_read_and_not_that_of_an_image(tmp_path: Path, objects: bytes) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(b"%PDF-1.7\n" + stream(3, LOGO) + objects + stream(113, LOGO) + b"trailer << /Root 1 0 R >>")
    assert stated_facts({}, xmp_packet(path))["doi"] == ["10.5555/otters.7"]


@pytest.mark.parametrize(
    "objects",
    [
        pytest.param(b"", id="no catalog"),
        pytest.param(b"1 0 obj << /Type /Catalog >> endobj", id="no packet of its own"),
        pytest.param(b"1 0 obj << /Metadata 99 0 R >> endobj", id="the object is missing"),
        pytest.param(stream(9, b"no deflated data", b"/Type /ObjStm /First 5 /Filter /FlateDecode"), id="damaged"),
        pytest.param(stream(9, zlib.compress(b"x" * 50), b"/Type /ObjStm /First 99999"), id="a false table"),
    ],
)
def test_a_file_without_its_own_packet_has_no_xmp(tmp_path: Path, objects: bytes) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(b"%PDF-1.7\n" + stream(3, LOGO) + objects + b"\ntrailer << /Root 1 0 R >>")
    assert xmp_packet(path) is None
