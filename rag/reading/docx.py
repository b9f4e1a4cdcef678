"""DOCX to papers: turned to HTML by mammoth, and read as that."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from typing import Any
from xml.parsers.expat import ExpatError

from ..errors import SourceError
from .formulas import word_formula
from .jats import safe_xml
from .markup import parsed, plain, sections
from .packed import BROKEN, Archive, opened, text_of
from .sources import Reading, details, make_paper

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

    with opened(path, "Word document (.docx)") as archive:
        core = archive.xml("docProps/core.xml") if "docProps/core.xml" in archive else None
        document = _without_pictures(archive)
    try:
        result = mammoth.convert_to_html(document, style_map=_STYLES, convert_image=_no_image)
    # mammoth trusts its input, so that a document which breaks the format's rules fails anywhere in it.
    except (*BROKEN, ExpatError, LookupError, AttributeError, TypeError, RecursionError) as error:
        raise SourceError(f"it is no whole Word document ({error})") from error
    soup = parsed(result.value)
    _bring_notes_home(soup)
    _caption_tables(soup)
    title = _docx_title(soup, core) or path.stem.replace("_", " ")
    known = details({"authors": _element(core, "creator")})
    return Reading([make_paper(title, "", sections=sections(soup.body or soup, title), **known)])


def _without_pictures(archive: Archive) -> io.BytesIO:
    """A document's XML alone, its formulas, of which mammoth knows nothing, as text."""
    copy = io.BytesIO()
    names = [name for name in archive if name.endswith((".xml", ".rels"))]
    if not names:
        raise SourceError("it is a zip archive, but no Word document (.docx)")
    with zipfile.ZipFile(copy, "w") as written:
        for name in dict.fromkeys(names):
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


def _element(root: Any, name: str) -> str:
    return text_of(next(root.iter(name), None)) if root is not None else ""
