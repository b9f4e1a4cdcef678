"""Read EPUB, packed or unpacked: the documents of its spine, in order, as HTML pages."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from ...errors import SourceError
from ...text.html_tags import untagged
from ..bylines import listed_names
from ..encodings import MAX_TEXT_BYTES, decode, markup_encoding
from ..metadata import metadata_fields
from ..sources import Part, Reading, make_paper
from .archives import Archive, open_archive
from .blocks import one_line
from .sections import hidden_text_note, sections
from .styles import drop_hidden
from .tags import parse_html
from .xml import text_of

_CONTAINER = "META-INF/container.xml"
_FONT_ALGORITHMS = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
_PUBLISHED = ("publication", "original-publication", "issued", "")  # `event` attributes of dates, best first
_NOBODY = re.compile(
    r"unknown|anonymous|unbekannt|inconnu|n/?a|none", re.IGNORECASE
)  # placeholders that programs write if there is no author
_OPF = "{http://www.idpf.org/2007/opf}"


def is_book(folder: Path) -> bool:
    """Return whether a folder is an unpacked EPUB, as Apple Books keeps them."""
    try:
        if not (folder / _CONTAINER).is_file():
            return False
        mimetype = folder / "mimetype"  # copied books may lack it
        is_epub = mimetype.is_file() and mimetype.read_bytes()[:60].strip() == b"application/epub+zip"
        return is_epub or folder.suffix.lower() == ".epub"
    except OSError:
        return False


def read_epub(path: Path, name: str) -> Reading:
    """Return the paper or book in an EPUB file, or in the folder of an unpacked EPUB.

    Raise SourceError if it is not an EPUB, is copy-protected, or is too large when unpacked.
    """
    with open_archive(path, "EPUB") as archive:
        if _CONTAINER not in archive:
            raise SourceError(f"it is a zip archive, but not an EPUB: it has no {_CONTAINER}")
        _refuse_locked(archive)
        container = archive.xml(_CONTAINER).find(".//rootfile")
        package_name = container.get("full-path", "") if container is not None else ""
        if package_name not in archive:
            raise SourceError(f"its package document is missing ({package_name!r})")
        package = archive.xml(package_name)
        refined = _refinements(package)
        title = _title(package, refined) or path.stem.replace("_", " ")
        parts, hidden = _text(archive, _spine(package, package_name), title)
    metadata = {
        "authors": _authors(package, refined),
        "year": _date(package, refined),
        "doi": next(filter(None, map(_doi, package.iter("identifier"))), None),
    }
    return Reading([make_paper(title, "", sections=parts, notes=hidden_text_note(hidden), **metadata_fields(metadata))])


def _refuse_locked(archive: Archive) -> None:
    """Raise SourceError if the EPUB is copy-protected; obfuscated fonts do not count."""
    if "META-INF/encryption.xml" not in archive:
        return
    for data in archive.xml("META-INF/encryption.xml").iter("EncryptedData"):
        method = data.find("EncryptionMethod")
        if method is None or method.get("Algorithm") not in _FONT_ALGORITHMS:
            raise SourceError("it is locked by copy protection (DRM), so its text cannot be read")


def _refinements(package: Any) -> dict[str, dict[str, str]]:
    """Return the EPUB 3 properties of elements by id: roles, kinds of titles, positions."""
    refined: dict[str, dict[str, str]] = {}
    for tag in package.iter("meta"):
        if target := str(tag.get("refines") or "").removeprefix("#"):
            refined.setdefault(target, {}).setdefault(str(tag.get("property")), text_of(tag))
    return refined


def _title(package: Any, refined: Mapping[str, Mapping[str, str]]) -> str:
    titles = [(refined.get(str(tag.get("id")), {}), text_of(tag)) for tag in package.iter("title")]
    main = [text for properties, text in titles if properties.get("title-type") == "main"]
    return untagged(next(filter(None, [*main, *(text for _, text in titles)]), ""))


def _authors(package: Any, refined: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Return the authors among the creators, in display order; if there are none, the editors and others."""
    people = []
    for tag in (*package.iter("creator"), *package.iter("contributor")):
        properties = refined.get(str(tag.get("id")), {})
        role = tag.get(f"{_OPF}role") or tag.get("role") or properties.get("role") or ""
        role = role.rpartition("/")[2].strip().lower()
        position = properties.get("display-seq", "")
        if tag.tag == "creator" or role == "aut":
            people.append((int(position) if position.isdecimal() else 999, role, text_of(tag)))
    people.sort(key=lambda person: person[0])
    authors = [text for _, role, text in people if role in ("aut", "")]
    stated = [text for text in authors or [text for _, _, text in people] if not _NOBODY.fullmatch(text)]
    return [name for text in stated for part in _split_creators(text) for name in listed_names(part)]


def _split_creators(creator: str) -> list[str]:
    """Return the names in Calibre's format `Ola Fen & Ada Reed`; `Reed & Sons` is one name."""
    parts = re.split(r"\s(?:&|&amp;)\s", creator)
    return parts if all(re.search(r"\S[ ,]+\S", part) for part in parts) else [creator]


def _date(package: Any, refined: Mapping[str, Mapping[str, str]]) -> str | None:
    """Return the date of publication, and not the date when the file was created or modified."""
    dates: dict[str, str] = {}
    for tag in package.iter("date"):
        properties = refined.get(str(tag.get("id")), {})
        event = tag.get(f"{_OPF}event") or tag.get("event") or properties.get("event") or ""
        dates.setdefault(event.lower(), text_of(tag))
    for tag in package.iter("meta"):
        name = str(tag.get("property") or tag.get("name")).rpartition(":")[2]
        if name in ("issued", "date", "dateSubmitted") and not tag.get("refines"):
            dates.setdefault("issued" if name == "issued" else "", text_of(tag) or str(tag.get("content") or ""))
    return next((dates[event] for event in _PUBLISHED if dates.get(event)), None)


def _doi(identifier: Any) -> str | None:
    found = re.search(r"10\.\d{4,9}/\S+", text_of(identifier))
    return found[0] if found else None


def _spine(package: Any, package_name: str) -> list[str]:
    """Return the names of the documents in reading order, without the table of contents and images."""
    items = {item.get("id"): item for item in package.iterfind("manifest/item")}
    names = []
    for reference in package.iterfind("spine/itemref"):
        item = items.get(reference.get("idref"))
        if item is None or "nav" in (item.get("properties") or "").split():
            continue
        if not re.match(r"image/|audio/|video/|text/css", item.get("media-type") or ""):
            names.append(_resolved(package_name, item.get("href") or ""))
    return list(dict.fromkeys(names))


def _resolved(part: str, target: str) -> str:
    """Return the name of the part that `part` refers to as `target`."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(part), unquote(target.partition("#")[0])))


def _text(archive: Archive, documents: list[str], title: str) -> tuple[list[Part], int]:
    """Return the sections of all documents, and the number of hidden characters."""
    parts: list[Part] = []
    sheets: dict[str, str] = {}
    size = hidden = 0
    for document in documents:
        html = archive.read(document) if document in archive else b""
        size += len(html)
        if size > MAX_TEXT_BYTES:
            raise SourceError(f"its text has more than {MAX_TEXT_BYTES / 1e6:.0f} MB")
        if not html.strip():
            continue
        soup = parse_html(decode(html, markup_encoding(html)))
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


def _chapter(soup: Any, title: str) -> list[Part]:
    """Return the sections of a document; its `<title>` is the heading if it has none."""
    parts = sections(soup.body or soup, title)
    name = one_line(soup.title) if soup.title else ""
    if name in ("", title) or any(part.heading for part in parts):
        return parts
    return [part._replace(heading=part.heading or name) for part in parts]
