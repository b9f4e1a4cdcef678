"""EPUB to papers, packed or unpacked: the documents of its spine, each turned to sections as a page is."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from ...errors import SourceError
from ..bibliography.tags import untagged
from ..bylines import listed_names
from ..encodings import markup_encoding
from ..sources import MAX_TEXT_BYTES, Reading, decode, details, make_paper
from .archives import Archive, opened, text_of
from .sections import hidden_note, parsed, plain, sections
from .styles import drop_hidden

_CONTAINER = "META-INF/container.xml"
_FONT_ALGORITHMS = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
_PUBLISHED = ("publication", "original-publication", "issued", "")  # of a date, the most telling first
_NOBODY = re.compile(r"unknown|anonymous|unbekannt|inconnu|n/?a|none", re.IGNORECASE)  # as programs write without one
_OPF = "{http://www.idpf.org/2007/opf}"


def is_book(folder: Path) -> bool:
    """Whether a folder is an EPUB that was unpacked, as Apple Books keeps them."""
    try:
        if not (folder / _CONTAINER).is_file():
            return False
        kind = folder / "mimetype"  # a copy of a book may have lost it
        told = kind.read_bytes()[:60].strip() == b"application/epub+zip" if kind.is_file() else False
        return told or folder.suffix.lower() == ".epub"
    except OSError:
        return False


def read_epub(path: Path, name: str) -> Reading:
    """The paper or book in an EPUB, its documents in the order in which they are read.

    Args:
        path: the file, or the folder of an unpacked one.

    Raises:
        SourceError: it is no EPUB, is locked by copy protection, or unpacks to more than a book holds.
    """
    with opened(path, "EPUB") as archive:
        if _CONTAINER not in archive:
            raise SourceError(f"it is a zip archive, but no EPUB: it has no {_CONTAINER}")
        _refuse_locked(archive)
        container = archive.xml(_CONTAINER).find(".//rootfile")
        place = container.get("full-path", "") if container is not None else ""
        if place not in archive:
            raise SourceError(f"it names no package document that is in it ({place!r})")
        package = archive.xml(place)
        refined = _refinements(package)
        title = _title(package, refined) or path.stem.replace("_", " ")
        parts, hidden = _text(archive, _spine(package, place), title)
    known = {
        "authors": _authors(package, refined),
        "year": _date(package, refined),
        "doi": next(filter(None, map(_doi, package.iter("identifier"))), None),
    }
    return Reading([make_paper(title, "", sections=parts, notes=hidden_note(hidden), **details(known))])


def _refuse_locked(archive: Archive) -> None:
    """Fonts may be obscured; what else is encrypted is under copy protection."""
    if "META-INF/encryption.xml" not in archive:
        return
    for data in archive.xml("META-INF/encryption.xml").iter("EncryptedData"):
        method = data.find("EncryptionMethod")
        if method is None or method.get("Algorithm") not in _FONT_ALGORITHMS:
            raise SourceError("it is locked by copy protection (DRM), so its text cannot be read")


# Metadata


def _refinements(package: Any) -> dict[str, dict[str, str]]:
    """What EPUB 3 says of an element by its id: its role, the kind of a title, its place among others."""
    refined: dict[str, dict[str, str]] = {}
    for tag in package.iter("meta"):
        if target := str(tag.get("refines") or "").removeprefix("#"):
            refined.setdefault(target, {}).setdefault(str(tag.get("property")), text_of(tag))
    return refined


def _title(package: Any, refined: Mapping[str, Mapping[str, str]]) -> str:
    titles = [(refined.get(str(tag.get("id")), {}), text_of(tag)) for tag in package.iter("title")]
    main = [text for said, text in titles if said.get("title-type") == "main"]
    return untagged(next(filter(None, [*main, *(text for _, text in titles)]), ""))


def _authors(package: Any, refined: Mapping[str, Mapping[str, str]]) -> list[str]:
    """The creators that are authors, in the order in which they are shown; without one the editors and others."""
    people = []
    for tag in (*package.iter("creator"), *package.iter("contributor")):
        said = refined.get(str(tag.get("id")), {})
        role = (tag.get(f"{_OPF}role") or tag.get("role") or said.get("role") or "").rpartition("/")[2].strip().lower()
        place = said.get("display-seq", "")
        if tag.tag == "creator" or role == "aut":
            people.append((int(place) if place.isdecimal() else 999, role, text_of(tag)))
    people.sort(key=lambda person: person[0])
    authors = [text for _, role, text in people if role in ("aut", "")]
    stated = [text for text in authors or [text for _, _, text in people] if not _NOBODY.fullmatch(text)]
    return [name for text in stated for part in _separated(text) for name in listed_names(part)]


def _separated(creator: str) -> list[str]:
    """Return the people of a creator that Calibre wrote: `Ola Fen & Ada Reed`; `Reed & Sons` is one."""
    parts = re.split(r"\s(?:&|&amp;)\s", creator)
    return parts if all(re.search(r"\S[ ,]+\S", part) for part in parts) else [creator]


def _date(package: Any, refined: Mapping[str, Mapping[str, str]]) -> str | None:
    """When it was published; that the file was made or changed then says nothing of that."""
    dates: dict[str, str] = {}
    for tag in package.iter("date"):
        said = refined.get(str(tag.get("id")), {})
        dates.setdefault((tag.get(f"{_OPF}event") or tag.get("event") or said.get("event") or "").lower(), text_of(tag))
    for tag in package.iter("meta"):
        name = str(tag.get("property") or tag.get("name")).rpartition(":")[2]
        if name in ("issued", "date", "dateSubmitted") and not tag.get("refines"):
            dates.setdefault("issued" if name == "issued" else "", text_of(tag) or str(tag.get("content") or ""))
    return next((dates[event] for event in _PUBLISHED if dates.get(event)), None)


def _doi(identifier: Any) -> str | None:
    found = re.search(r"10\.\d{4,9}/\S+", text_of(identifier))
    return found[0] if found else None


# Text


def _spine(package: Any, place: str) -> list[str]:
    """The names of the documents in the order in which they are read, without the table of contents and pictures."""
    items = {item.get("id"): item for item in package.iterfind("manifest/item")}
    names = []
    for reference in package.iterfind("spine/itemref"):
        item = items.get(reference.get("idref"))
        if item is None or "nav" in (item.get("properties") or "").split():
            continue
        if not re.match(r"image/|audio/|video/|text/css", item.get("media-type") or ""):
            names.append(_resolved(place, item.get("href") or ""))
    return list(dict.fromkeys(names))


def _resolved(place: str, target: str) -> str:
    """The part that a part at `place` refers to as `target`."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(place), unquote(target.partition("#")[0])))


def _text(archive: Archive, documents: list[str], title: str) -> tuple[list[tuple[str | None, str, str]], int]:
    """The sections of all documents, and how many characters their styles hide."""
    parts: list[tuple[str | None, str, str]] = []
    sheets: dict[str, str] = {}
    size = hidden = 0
    for document in documents:
        html = archive.read(document) if document in archive else b""
        size += len(html)
        if size > MAX_TEXT_BYTES:
            raise SourceError(f"its text has more than {MAX_TEXT_BYTES / 1e6:.0f} MB")
        if not html.strip():
            continue
        soup = parsed(decode(html, markup_encoding(html)))
        linked = [
            _resolved(document, str(link.get("href") or ""))
            for link in soup.find_all("link")
            if "stylesheet" in link.get_attribute_list("rel", [])
        ]
        for sheet in linked:
            if sheet not in sheets and sheet in archive:
                sheets[sheet] = archive.read(sheet).decode(errors="replace")
        hidden += drop_hidden(soup, [sheets[sheet] for sheet in linked if sheet in sheets])
        parts += _chapter(soup, title)
    return parts, hidden


def _chapter(soup: Any, title: str) -> list[tuple[str | None, str, str]]:
    """The sections of a document; without a heading in it, its `<title>` is that."""
    parts = sections(soup.body or soup, title)
    named = plain(soup.title) if soup.title else ""
    if named in ("", title) or any(heading for heading, _, _ in parts):
        return parts
    return [(heading or named, text, kind) for heading, text, kind in parts]
