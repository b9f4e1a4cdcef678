"""Read Word documents (.docx) by converting them to HTML with mammoth."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from typing import Any

from ...errors import SourceError, reason
from ..bylines import stated_people
from ..failures import translate_errors
from ..metadata import metadata_fields
from ..sources import Reading, make_paper, section_kind
from .archives import Archive, open_archive
from .blocks import one_line
from .docx_styles import DocumentStyles, StyledParts
from .formulas import word_formula
from .sections import hidden_text_note, sections
from .tags import parse_html
from .xml import parse_namespaced_xml, text_of

_NO_TITLE = re.compile(
    r"(?i)^(?:(?:microsoft )?word( document)?|document ?\d*|dokument ?\d*|untitled( document)?|title|\(title\)|normal"
    r"|manuscript|paper|article|draft|blank document|powerpoint presentation)$"
    r"|^microsoft word - |template|\.(?:docx?|dotx?|rtf|odt|tex|pdf)$|^\W*$"
)  # default titles of programs and templates
_ACCOUNT = re.compile(
    r"(?i)\b(?:pc|laptop|computer|desktop|notebook|lenovo|dell|hp|acer|asus|toshiba|home|office|guest|student|employee"
    r"|python|docx|word|libreoffice|google|pandoc|company|client|customer)\b"
)  # account names, in addition to what `stated_people` knows
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
    """Return the paper in a Word document. Pictures are ignored.

    Raise SourceError if it is not a .docx, has a password, or is too large when unpacked.
    """
    import mammoth

    with open_archive(path, "Word document (.docx)") as archive:
        core = archive.xml("docProps/core.xml") if "docProps/core.xml" in archive else None
        document, parts = _prepare(archive)
    with translate_errors("mammoth"):
        result = mammoth.convert_to_html(document, style_map=_STYLES, convert_image=lambda _image: [])
    soup = parse_html(result.value)
    _inline_notes(soup)
    _caption_tables(soup)
    title = _title(soup, core) or path.stem.replace("_", " ")
    creator = _element(core, "creator")
    authors = parts.authors or stated_people({"creator": [] if _ACCOUNT.search(creator) else [creator]})
    metadata = metadata_fields({"authors": authors})
    notes = hidden_text_note(parts.hidden)
    return Reading([make_paper(title, "", sections=sections(soup.body or soup, title), notes=notes, **metadata)])


def _prepare(archive: Archive) -> tuple[io.BytesIO, StyledParts]:
    """Return a document reduced to XML, without hidden text, with titles marked and formulas as text."""
    from lxml import etree

    copy = io.BytesIO()
    names = [name for name in archive if name.endswith((".xml", ".rels"))]
    if not names:
        raise SourceError("it is a zip archive, but not a Word document (.docx)")
    parts = StyledParts()
    has_styles = "word/styles.xml" in archive
    styles = DocumentStyles(parse_namespaced_xml(archive.read("word/styles.xml")) if has_styles else None)
    with zipfile.ZipFile(copy, "w") as written:
        for name in names:
            part = archive.read(name)
            if re.fullmatch(r"word/(?:document\d*|footnotes|endnotes)\.xml", name):
                try:
                    root = parse_namespaced_xml(part)
                except SourceError as error:
                    raise SourceError(f"it is not a valid Word document ({reason(error)})") from error
                _replace_formulas(root)
                parts = parts.with_part(root, styles)
                part = etree.tostring(root)
            written.writestr(name, part)
    copy.seek(0)
    return copy, parts


def _replace_formulas(root: Any) -> None:
    """Replace formulas, which mammoth drops, by text."""
    from lxml import etree

    for math in list(root.iter("{*}oMathPara", "{*}oMath")):
        text, parent = word_formula(math), math.getparent()
        if parent is None:
            continue
        space = etree.QName(parent).namespace or ""
        run = etree.Element(f"{{{space}}}r")
        etree.SubElement(run, f"{{{space}}}t").text = text
        run.tail = math.tail
        parent.replace(math, run)


def _title(soup: Any, core: Any) -> str:
    """Return the title by style or formatting, else from the properties, the first heading or a short first line."""
    marked, first = soup.find(class_="title"), soup.find("p")
    heading = next((text for tag in soup.find_all(["h1", "h2"]) if section_kind(text := one_line(tag)) == "body"), "")
    first_line = one_line(first) if first else ""
    stated = _element(core, "title")
    opening = [one_line(tag).casefold() for tag in soup.find_all(["p", "h1", "h2"], limit=8)]
    if marked and ("styled" in marked["class"] or stated.casefold() not in opening):
        return one_line(marked)
    if stated and not _NO_TITLE.search(stated):
        return stated
    return heading or (first_line if len(first_line) < 250 and not first_line.endswith(".") else "")


def _inline_notes(soup: Any) -> None:
    """Move notes from the end of the document to their references."""
    for reference in soup.find_all("a", id=re.compile(r"^(?:foot|end)note-ref-")):
        note = soup.find(id=str(reference["id"]).replace("-ref-", "-"))
        if note is None:
            continue
        for back in note.find_all("a", href=f"#{reference['id']}"):
            back.decompose()
        note.name, note["role"] = "span", "doc-footnote"
        target = reference.parent if reference.parent.name == "sup" else reference
        target.replace_with(note.extract())


def _caption_tables(soup: Any) -> None:
    """Mark tables with several cells as data tables, and move an adjacent caption into each."""
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
