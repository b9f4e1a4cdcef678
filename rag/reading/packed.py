"""DOCX and EPUB to papers: archives of XML, turned to HTML and read as that."""

from __future__ import annotations

import contextlib
import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.parsers.expat import ExpatError

from ..errors import SourceError
from .encodings import markup_encoding
from .formulas import word_formula
from .jats import parsed_xml, safe_xml
from .markup import parsed, plain, sections
from .sources import MAX_TEXT_BYTES, Reading, decode, details, make_paper

_MAX_UNPACKED, _MAX_RATIO, _MAX_FILES = 200_000_000, 150, 10_000
_OLE = b"\xd0\xcf\x11\xe0"  # what Word wrote before 2007, and now writes around what has a password
# What zipfile raises for an archive that is broken somewhere, and what it does not know.
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, KeyError, OSError)
_FONT_ALGORITHMS = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
_LEVELS = ["h1", "h2", "h3", "h4", "h5", "h6"]
_STYLES = """
p[style-name='Title'] => h1.title:fresh
p[style-name='Subtitle'] => p:fresh
p[style-name='caption'] => figcaption:fresh
p[style-name='Caption'] => figcaption:fresh
p[style-name='Abstract'] => div.ltx_abstract > p:fresh
p[style-name='Bibliography'] => div.ltx_bibliography > p:fresh
p[style-name='TOC Heading'] => nav > p:fresh
p[style-name='toc 1'] => nav > p:fresh
p[style-name='toc 2'] => nav > p:fresh
p[style-name='toc 3'] => nav > p:fresh
"""


def read_docx(path: Path, name: str) -> Reading:
    """The paper in a Word document, without its pictures.

    Raises:
        SourceError: it is no .docx, has a password, or unpacks to more than a paper holds.
    """
    import mammoth

    with _archive(path, "Word document (.docx)") as archive:
        core = _xml(archive, "docProps/core.xml") if "docProps/core.xml" in archive.namelist() else None
        document = _without_pictures(archive)
    try:
        result = mammoth.convert_to_html(document, style_map=_STYLES, convert_image=_no_image)
    # mammoth trusts its input, so that a document which breaks the format's rules fails anywhere in it.
    except (*_BROKEN, ExpatError, LookupError, AttributeError, TypeError, RecursionError) as error:
        raise SourceError(f"it is no whole Word document ({error})") from error
    soup = parsed(result.value)
    _bring_notes_home(soup)
    _caption_tables(soup)
    title = _docx_title(soup, core) or path.stem.replace("_", " ")
    known = details({"authors": _element(core, "creator")})
    return Reading([make_paper(title, "", sections=sections(soup.body or soup, title), **known)])


def read_epub(path: Path, name: str) -> Reading:
    """The paper or book in an EPUB, its documents in the order in which they are read.

    Raises:
        SourceError: it is no EPUB, is locked by copy protection, or unpacks to more than a book holds.
    """
    with _archive(path, "EPUB") as archive:
        if "META-INF/container.xml" not in archive.namelist():
            raise SourceError("it is a zip archive, but no EPUB: it has no META-INF/container.xml")
        _refuse_locked(archive)
        container = _xml(archive, "META-INF/container.xml").find(".//rootfile")
        place = container.get("full-path", "") if container is not None else ""
        if place not in archive.namelist():
            raise SourceError(f"it names no package document that is in it ({place!r})")
        package = _xml(archive, place)
        title = _element(package, "title") or path.stem.replace("_", " ")
        parts = []
        size = 0
        for document in _spine(package, place):
            if document not in archive.namelist():
                continue
            html = archive.read(document)
            size += len(html)
            if size > MAX_TEXT_BYTES:
                raise SourceError(f"its text has more than {MAX_TEXT_BYTES / 1e6:.0f} MB")
            parts += _chapter(decode(html, markup_encoding(html)), title) if html.strip() else []
    creators = [_text(tag) for tag in package.iter("creator")]
    identifiers = [
        found[0] for tag in package.iter("identifier") if (found := re.search(r"10\.\d{4,9}/\S+", _text(tag)))
    ]
    known = {"authors": creators, "year": _element(package, "date"), "doi": next(iter(identifiers), None)}
    return Reading([make_paper(title, "", sections=parts, **details(known))])


@contextlib.contextmanager
def _archive(path: Path, kind: str) -> Iterator[zipfile.ZipFile]:
    """A zip file that is safe to read.

    Raises:
        SourceError: it is none, or a part of it cannot be read.
    """
    with path.open("rb") as file:
        if file.read(4) == _OLE:
            raise SourceError("it is protected with a password, or in the form of Word before 2007: save it as .docx")
    try:
        with zipfile.ZipFile(path) as archive:
            _refuse_unsafe(archive, path.stat().st_size)
            yield archive
    except _BROKEN as error:
        raise SourceError(f"it is no whole {kind} ({error})") from error


def _refuse_unsafe(archive: zipfile.ZipFile, size: int) -> None:
    entries = archive.infolist()
    unpacked = sum(entry.file_size for entry in entries)
    if (
        len(entries) > _MAX_FILES
        or unpacked > _MAX_UNPACKED
        or (unpacked > 10_000_000 and unpacked / size > _MAX_RATIO)
    ):
        raise SourceError(f"it unpacks to {unpacked / 1e6:.0f} MB in {len(entries)} files, more than a paper holds")
    for entry in entries:
        if entry.flag_bits & 1:
            raise SourceError("it is protected with a password")
        if ".." in entry.filename.split("/") or entry.filename.startswith("/"):
            raise SourceError(f"it holds a file that would lie outside of it, {entry.filename!r}")


def _xml(archive: zipfile.ZipFile, name: str) -> Any:
    if archive.getinfo(name).file_size > MAX_TEXT_BYTES:
        raise SourceError(f"its part {name} is too large to be read")
    return parsed_xml(archive.read(name))


def _element(root: Any, name: str) -> str:
    return _text(next(root.iter(name), None)) if root is not None else ""


def _text(tag: Any) -> str:
    return "" if tag is None else " ".join("".join(tag.itertext()).split())


# Word


def _without_pictures(archive: zipfile.ZipFile) -> io.BytesIO:
    """A document's XML alone, its formulas, of which mammoth knows nothing, as text."""
    copy = io.BytesIO()
    names = [name for name in archive.namelist() if name.endswith((".xml", ".rels"))]
    if not names:
        raise SourceError("it is a zip archive, but no Word document (.docx)")
    with zipfile.ZipFile(copy, "w") as written:
        for name in dict.fromkeys(names):
            if archive.getinfo(name).file_size > MAX_TEXT_BYTES:
                raise SourceError(f"its part {name} has {archive.getinfo(name).file_size / 1e6:.0f} MB of XML")
            part = archive.read(name)
            written.writestr(name, _formulas_as_text(part) if b"oMath>" in part else part)
    copy.seek(0)
    return copy


def _formulas_as_text(part: bytes) -> bytes:
    from lxml import etree

    root = safe_xml(part)
    for math in list(root.iter("{*}oMathPara", "{*}oMath")):
        text, above = word_formula(math), math.getparent()
        if above is None:
            continue
        space = etree.QName(above).namespace or ""
        run = etree.Element(f"{{{space}}}r")
        etree.SubElement(run, f"{{{space}}}t").text = text
        run.tail = math.tail
        above.replace(math, run)
    return bytes(etree.tostring(root))


def _no_image(_image: Any) -> list[Any]:
    return []


def _docx_title(soup: Any, core: Any) -> str:
    """The title by its style, else by the document's properties, its first heading, or a short first line."""
    heading, first = soup.find(["h1", "h2"]), soup.find("p")
    first_line = plain(first) if first else ""
    if soup.find(class_="title"):
        return plain(soup.find(class_="title"))
    if stated := _element(core, "title"):
        return stated
    if heading:
        return plain(heading)
    return first_line if len(first_line) < 250 and not first_line.endswith(".") else ""


def _bring_notes_home(soup: Any) -> None:
    """Notes from the end of the document to the places that refer to them."""
    for reference in soup.find_all("a", id=re.compile(r"^(?:foot|end)note-ref-")):
        note = soup.find(id=str(reference["id"]).replace("-ref-", "-"))
        if note is None:
            continue
        for back in note.find_all("a", href=f"#{reference['id']}"):
            back.decompose()
        note.name, note["role"] = "span", "doc-footnote"
        place = reference.parent if reference.parent.name == "sup" else reference
        place.replace_with(note.extract())


def _caption_tables(soup: Any) -> None:
    """Tables with several cells are tables of data, the caption before or after one is part of it."""
    for table in soup.find_all("table"):
        if len(table.find_all("td", limit=2) + table.find_all("th", limit=2)) < 2 or table.find(_LEVELS):
            continue
        table["class"] = "ltx_tabular"
        near = [tag for tag in (table.find_previous_sibling(), table.find_next_sibling()) if tag]
        captions = [
            tag for tag in near if tag.name == "figcaption" and tag.get_text().lstrip().lower().startswith("tab")
        ]
        if captions:
            captions[0].name = "caption"
            table.insert(0, captions[0].extract())


# EPUB


def _refuse_locked(archive: zipfile.ZipFile) -> None:
    """Fonts may be obscured; what else is encrypted is under copy protection."""
    if "META-INF/encryption.xml" not in archive.namelist():
        return
    for data in _xml(archive, "META-INF/encryption.xml").iter("EncryptedData"):
        method = data.find("EncryptionMethod")
        if method is None or method.get("Algorithm") not in _FONT_ALGORITHMS:
            raise SourceError("it is locked by copy protection (DRM), so its text cannot be read")


def _spine(package: Any, place: str) -> list[str]:
    """The names of the documents in the order in which they are read, without the table of contents."""
    items = {item.get("id"): item for item in package.iterfind("manifest/item")}
    names = []
    for reference in package.iterfind("spine/itemref"):
        item = items.get(reference.get("idref"))
        if item is not None and "nav" not in (item.get("properties") or "").split():
            target = unquote((item.get("href") or "").partition("#")[0])
            names.append(posixpath.normpath(posixpath.join(posixpath.dirname(place), target)))
    return list(dict.fromkeys(names))


def _chapter(html: str, title: str) -> list[tuple[str | None, str, str]]:
    """The sections of a document; without a heading in it, its `<title>` is that."""
    soup = parsed(html)
    parts = sections(soup.body or soup, title)
    named = plain(soup.title) if soup.title else ""
    if named in ("", title) or any(heading for heading, _, _ in parts):
        return parts
    return [(heading or named, text, kind) for heading, text, kind in parts]
