"""Find hidden text in a Word document, and titles, headings and bylines that have no style."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from ..bylines import CUT, is_doubtful, listed_names, people
from ..sources import section_kind

_OPENING = 12  # paragraphs searched for title and byline
_LONGEST_TITLE, _LONGEST_HEADING, _LONGEST_BYLINE = 250, 100, 400
_NUMBERED = re.compile(r"(?:\d+(?:\.\d+)*[.)]?|[IVX]+[.)])\s+\S")
_OFF = ("0", "false", "off", "none")
_HEADED = re.compile(r"heading|title|überschrift|titre|caption|toc|bibliography|list|quote", re.IGNORECASE)
_AUTHOR = re.compile(r"author(?!.*(?:affil|address|info|note|bio|mail))", re.IGNORECASE)


class _Look(NamedTuple):
    """The formatting of text; the size is in half points, 0 if unset."""

    bold: bool = False
    hidden: bool = False
    size: int = 0


class _Paragraph(NamedTuple):
    tag: Any
    text: str
    style: str  # name
    bold: bool
    size: int
    in_table: bool


class DocumentStyles:
    """The formatting and names of a document's styles, by id."""

    def __init__(self, styles: Any) -> None:
        self.names: dict[str, str] = {}
        self._looks: dict[str, _Look] = {}
        self._based_on: dict[str, str] = {}
        self.default = 0
        for style in styles.iter("{*}style") if styles is not None else ():
            key = _attribute(style, "styleId")
            self.names[key] = _value(style.find("{*}name"))
            self._based_on[key] = _value(style.find("{*}basedOn"))
            self._looks[key] = _look(style.find("{*}rPr"), _Look())
            if _attribute(style, "default") not in ("", *_OFF) and _attribute(style, "type") == "paragraph":
                self.default = self._looks[key].size
        defaults = styles.find(".//{*}rPrDefault/{*}rPr") if styles is not None else None
        self.default = self.default or _look(defaults, _Look()).size or 20

    def of(self, style: str) -> _Look:
        """Return the formatting of a style, including what it inherits."""
        chain: list[str] = []
        while style in self._looks and style not in chain:
            chain.append(style)
            style = self._based_on.get(style, "")
        bold = any(self._looks[key].bold for key in chain)
        hidden = any(self._looks[key].hidden for key in chain)
        return _Look(bold, hidden, next((self._looks[key].size for key in chain if self._looks[key].size), 0))


@dataclass(frozen=True, slots=True)
class StyledParts:
    """The results for a document's parts: the number of hidden characters, and the names in the byline."""

    hidden: int = 0
    authors: tuple[str, ...] = ()

    def with_part(self, root: Any, styles: DocumentStyles) -> StyledParts:
        """Remove hidden text from a part, and mark its title and headings with styles."""
        hidden = self.hidden + _remove_hidden(root, styles)
        if not str(root.tag).endswith("}document"):
            return replace(self, hidden=hidden)
        paragraphs = [paragraph for tag in root.iter("{*}p") if (paragraph := _paragraph(tag, styles)).text]
        title = None if any(_is_title(p.style) for p in paragraphs) else _title(paragraphs)
        byline = _byline(paragraphs, title)
        for paragraph in paragraphs:
            if paragraph is title:
                _mark(paragraph, "FootnoteTitle")
            elif _is_heading(paragraph) and paragraph.text not in byline:
                _mark(paragraph, "FootnoteHeading")
        return StyledParts(hidden, tuple(dict.fromkeys(name for names in byline.values() for name in names)))


def _remove_hidden(root: Any, styles: DocumentStyles) -> int:
    count = 0
    for run in list(root.iter("{*}r")):
        if not str(run.tag).rpartition("}")[0].endswith("/main") or not _is_hidden(run, styles):
            continue
        for text in run.iter("{*}t"):
            count += sum(not c.isspace() for c in text.text or "")
        for part in list(run):
            if not str(part.tag).endswith(("}rPr", "}fldChar", "}instrText")):
                run.remove(part)
    return count


def _is_hidden(run: Any, styles: DocumentStyles) -> bool:
    own = run.find("{*}rPr")
    paragraph = next(run.iterancestors("{*}p"), None)
    by_style = [_value(own.find("{*}rStyle"))] if own is not None else []
    if paragraph is not None:
        by_style.append(_value(paragraph.find("{*}pPr/{*}pStyle")))
    vanish = None if own is None else own.find("{*}vanish")
    if _is_on(vanish) or (vanish is None and any(styles.of(style).hidden for style in by_style)):
        return True
    if own is None:
        return False
    if 0 < _look(own, _Look()).size <= 3:
        return True
    color = _value(own.find("{*}color")).lower()
    shaded = own.find("{*}shd") is not None or own.find("{*}highlight") is not None
    around = [str(tag.tag).rpartition("}")[2] for tag in run.iterancestors()]
    if paragraph is not None and paragraph.find("{*}pPr/{*}shd") is not None:
        return False
    # Tables and text boxes may have a dark background.
    return bool(re.fullmatch("f[c-f]f[c-f]f[c-f]", color)) and not shaded and not {"tbl", "txbxContent"} & set(around)


def _paragraph(tag: Any, styles: DocumentStyles) -> _Paragraph:
    style = _value(tag.find("{*}pPr/{*}pStyle"))
    base = styles.of(style)
    words: list[str] = []
    letters: Counter[tuple[bool, int]] = Counter()
    for run in _runs(tag):
        own = run.find("{*}rPr")
        # Only the run's own text, not the text of a text box anchored in it.
        text = "".join(
            "\n" if part.tag.endswith("}br") else part.text or "" for part in run.iterchildren("{*}t", "{*}br")
        )
        raised = own is not None and _value(own.find("{*}vertAlign")) == "superscript"
        words.append(CUT if raised else text)
        look = _look(own, base)
        letters[look.bold, look.size or styles.default] += 0 if raised else len(text.strip())
    total = sum(letters.values())
    return _Paragraph(
        tag,
        " ".join("".join(words).split()).strip(f" {CUT}"),
        styles.names.get(style) or style,
        bool(total) and all(bold for (bold, _), count in letters.items() if count),
        max(letters, key=lambda key: letters[key])[1] if letters else 0,
        any(str(parent.tag).endswith(("}tc", "}txbxContent")) for parent in tag.iterancestors()),
    )


def _runs(paragraph: Any) -> Iterator[Any]:
    """Yield the runs of a paragraph, except those inside text boxes."""
    left = [*reversed(paragraph)]
    while left:
        tag = left.pop()
        name = str(tag.tag).rpartition("}")[2]
        if name == "r":
            yield tag
        elif name in ("hyperlink", "ins", "smartTag", "sdt", "sdtContent", "fldSimple", "customXml", "moveTo"):
            left += reversed(tag)


def _is_heading(paragraph: _Paragraph) -> bool:
    """Return whether a line without a heading style is a heading: bold, or a lone `References` or similar."""
    text = paragraph.text
    if paragraph.in_table or _HEADED.search(paragraph.style) or len(text) > _LONGEST_HEADING:
        return False
    if text.endswith((".", ",", ";", ":")) and section_kind(text) == "body":
        return False
    return section_kind(text) in ("references", "back_matter", "abstract") or (
        paragraph.bold and any(c.isalpha() for c in text)
    )


def _is_title(style: str) -> bool:
    return style.lower() == "title"


def _title(paragraphs: list[_Paragraph]) -> _Paragraph | None:
    """Return the title: the first paragraph larger than the text, else the first one if it is bold."""
    sizes: Counter[int] = Counter()
    for paragraph in paragraphs:
        sizes[paragraph.size] += len(paragraph.text)
    usual = max(sizes, key=lambda size: sizes[size]) if sizes else 0
    opening = []
    for paragraph in paragraphs[:_OPENING]:
        if _HEADED.search(paragraph.style) or section_kind(paragraph.text) != "body" or _NUMBERED.match(paragraph.text):
            break
        opening.append(paragraph)
    fitting = [p for p in opening if len(p.text) <= _LONGEST_TITLE and not p.in_table and any(map(str.isalpha, p.text))]
    largest = max(fitting, key=lambda p: p.size, default=None)
    if largest and largest.size > 1.15 * usual:
        return largest
    return fitting[0] if fitting and fitting[0] == opening[0] and fitting[0].bold else None


def _byline(paragraphs: list[_Paragraph], title: _Paragraph | None) -> dict[str, list[str]]:
    """Return the lines with names between the title and the first heading, each with its names."""
    if styled := {p.text: listed_names(p.text) for p in paragraphs if _AUTHOR.search(p.style)}:
        return styled
    start = next((n for n, p in enumerate(paragraphs[:_OPENING], 1) if p is title or _is_title(p.style)), 0)
    lines: dict[str, list[str]] = {}
    for paragraph in paragraphs[start : start + _OPENING] if start else ():
        text = paragraph.text
        if paragraph.style == "Subtitle":
            continue
        names = people(re.sub("[⁰-⁹¹²³]+", CUT, text)) if len(text) <= _LONGEST_BYLINE else []
        if len(names) > 1 or (names and not any(map(is_doubtful, names[0].split()))):
            lines[text] = names
        elif _ends_byline(paragraph):
            break
    return lines


def _ends_byline(paragraph: _Paragraph) -> bool:
    """Return whether a paragraph is a heading or running text, which ends the byline."""
    text = paragraph.text
    prose = len(text) > _LONGEST_BYLINE or (text.endswith((".", "。")) and len(text) > 60)
    return prose or section_kind(text) != "body" or bool(_NUMBERED.match(text) or _HEADED.search(paragraph.style))


def _mark(paragraph: _Paragraph, style: str) -> None:
    """Give a paragraph a style."""
    from lxml import etree

    space = f"{{{etree.QName(paragraph.tag).namespace}}}"
    properties = paragraph.tag.find(f"{space}pPr")
    if properties is None:
        properties = etree.Element(f"{space}pPr")
        paragraph.tag.insert(0, properties)
    for old in properties.findall(f"{space}pStyle"):
        properties.remove(old)
    properties.insert(0, etree.Element(f"{space}pStyle", {f"{space}val": style}))


def _look(properties: Any, base: _Look) -> _Look:
    if properties is None:
        return base
    bold, hidden = properties.find("{*}b"), properties.find("{*}vanish")
    size = _value(properties.find("{*}sz"))
    return _Look(
        base.bold if bold is None else _is_on(bold),
        base.hidden if hidden is None else _is_on(hidden),
        int(size) if size.isdecimal() else base.size,
    )


def _is_on(switch: Any) -> bool:
    return switch is not None and _value(switch).lower() not in _OFF


def _value(tag: Any) -> str:
    return "" if tag is None else _attribute(tag, "val")


def _attribute(tag: Any, name: str) -> str:
    return next((str(value) for key, value in tag.attrib.items() if str(key).rpartition("}")[2] == name), "")
