"""DOCX to papers: turned to HTML by mammoth, and read as that."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from typing import Any
from xml.parsers.expat import ExpatError

from ...errors import SourceError, reason
from ..bylines import stated_people
from ..sources import Reading, details, kind_of, make_paper
from .archives import BROKEN, Archive, opened, text_of
from .docx_styles import Looks, Seen
from .formulas import word_formula
from .jats import safe_xml
from .sections import hidden_note, parsed, plain, sections

_NO_TITLE = re.compile(
    r"(?i)^(?:(?:microsoft )?word( document)?|document ?\d*|dokument ?\d*|untitled( document)?|title|\(title\)|normal"
    r"|manuscript|paper|article|draft|blank document|powerpoint presentation)$"
    r"|^microsoft word - |template|\.(?:docx?|dotx?|rtf|odt|tex|pdf)$|^\W*$"
)  # what programs and templates put there
_ACCOUNT = re.compile(
    r"(?i)\b(?:pc|laptop|computer|desktop|notebook|lenovo|dell|hp|acer|asus|toshiba|home|office|guest|student|employee"
    r"|python|docx|word|libreoffice|google|pandoc|company|client|customer)\b"
)  # beside what `stated_people` knows
_LEVELS = ["h1", "h2", "h3", "h4", "h5", "h6"]
_STYLES = """
p.FootnoteTitle => h1.title:fresh
p.FootnoteHeading => h2:fresh
p[style-name='Title'] => h1.title.styled:fresh
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
        document, seen = _without_pictures(archive)
    try:
        result = mammoth.convert_to_html(document, style_map=_STYLES, convert_image=_no_image)
    # mammoth trusts its input, so that a document which breaks the format's rules fails anywhere in it.
    except (*BROKEN, ExpatError, LookupError, AttributeError, TypeError, RecursionError) as error:
        raise SourceError(f"it is no whole Word document ({reason(error)})") from error
    soup = parsed(result.value)
    _bring_notes_home(soup)
    _caption_tables(soup)
    title = _docx_title(soup, core) or path.stem.replace("_", " ")
    creator = _element(core, "creator")
    known = details(
        {"authors": seen.authors or stated_people({"creator": [] if _ACCOUNT.search(creator) else [creator]})}
    )
    notes = hidden_note(seen.hidden)
    return Reading([make_paper(title, "", sections=sections(soup.body or soup, title), notes=notes, **known)])


def _without_pictures(archive: Archive) -> tuple[io.BytesIO, Seen]:
    """A document's XML alone, without what is hidden in it, its titles marked, its formulas as text."""
    from lxml import etree

    copy = io.BytesIO()
    names = [name for name in archive if name.endswith((".xml", ".rels"))]
    if not names:
        raise SourceError("it is a zip archive, but no Word document (.docx)")
    seen = Seen()
    looks = Looks(safe_xml(archive.read("word/styles.xml")) if "word/styles.xml" in archive else None)
    with zipfile.ZipFile(copy, "w") as written:
        for name in names:
            part = archive.read(name)
            if re.fullmatch(r"word/(?:document\d*|footnotes|endnotes)\.xml", name):
                try:
                    root = safe_xml(part)
                except SourceError as error:
                    raise SourceError(f"it is no whole Word document ({reason(error)})") from error
                _formulas_as_text(root)
                seen = seen.with_part(root, looks)
                part = etree.tostring(root)
            written.writestr(name, part)
    copy.seek(0)
    return copy, seen


def _formulas_as_text(root: Any) -> None:
    """Put text in the place of formulas, of which mammoth knows nothing."""
    from lxml import etree

    for math in list(root.iter("{*}oMathPara", "{*}oMath")):
        text, above = word_formula(math), math.getparent()
        if above is None:
            continue
        space = etree.QName(above).namespace or ""
        run = etree.Element(f"{{{space}}}r")
        etree.SubElement(run, f"{{{space}}}t").text = text
        run.tail = math.tail
        above.replace(math, run)


def _no_image(_image: Any) -> list[Any]:
    return []


def _docx_title(soup: Any, core: Any) -> str:
    """The title by its style or look, else by the document's properties, its first heading, or a short first line."""
    marked, first = soup.find(class_="title"), soup.find("p")
    heading = next((text for tag in soup.find_all(["h1", "h2"]) if kind_of(text := plain(tag)) == "body"), "")
    first_line = plain(first) if first else ""
    stated = _element(core, "title")
    opening = [plain(tag).casefold() for tag in soup.find_all(["p", "h1", "h2"], limit=8)]
    if marked and ("styled" in marked["class"] or stated.casefold() not in opening):
        return plain(marked)
    if stated and not _NO_TITLE.search(stated):
        return stated
    return heading or (first_line if len(first_line) < 250 and not first_line.endswith(".") else "")


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
