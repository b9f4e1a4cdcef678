"""Read sentences, table rows and metadata from the publisher's XML (JATS), to compare a reading with."""

import re
import unicodedata
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from rag.errors import SourceError
from rag.reading.markup.xml import parse_xml, text_of

LEAST_WORDS = 8
"""The minimum number of words of a compared sentence; shorter ones match by chance."""
LEAST_CELLS = 3
"""The minimum number of filled cells of a compared table row."""

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z(0-9])")
_FORMULAS = frozenset("disp-formula inline-formula math tex-math".split())
FLOATS = frozenset("table-wrap fig boxed-text disp-quote list supplementary-material fn".split())
"""Elements whose text is not running text of the body."""


class Article(NamedTuple):
    """The content of one paper's XML; `sentences` and `rows` are those to compare."""

    title: str
    titles: frozenset[str]  # the keys of all accepted forms of the title
    authors: tuple[str, ...]
    surnames: tuple[str, ...]  # the key of each author's surname, or of a group's whole name
    doi: str | None
    years: frozenset[int]  # of publication, in print or online
    sentences: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]  # the filled cells of each


def key(text: str) -> str:
    """Return the letters and digits of a text, decomposed (NFKD) and case-folded, for comparison."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKD", text).casefold()))


def read_article(path: Path) -> Article:
    """Return the content of a JATS file, without its sub-articles (reviewers' reports).

    Raise SourceError if it is not JATS.
    """
    root = parse_xml(path.read_bytes())
    take_reports(root)
    meta = root.find("front/article-meta")
    if meta is None:
        raise SourceError(f"{path.name} is XML with the root <{root.tag}>, not JATS; remove it or replace it with JATS")
    body = root.find("body")
    authors = list(_authors(meta))
    heading = meta.find("title-group/article-title")
    title = "" if heading is None else text_without(heading, ("fn", "xref"))
    return Article(
        title=title,
        titles=frozenset({key(title), *(key(f"{title} {text_of(sub)}") for sub in meta.iterfind(".//subtitle"))}),
        authors=tuple(name for name, _ in authors),
        surnames=tuple(key(surname) for _, surname in authors),
        doi=next((text_of(tag) for tag in meta.iterfind("article-id") if tag.get("pub-id-type") == "doi"), None),
        years=frozenset(int(text_of(year)) for year in meta.iterfind("pub-date/year") if text_of(year).isdecimal()),
        sentences=() if body is None else tuple(_sentences(body)),
        rows=() if body is None else tuple(_rows(root)),
    )


def take_reports(root: Any) -> list[Any]:
    """Remove the sub-articles (reviewers' reports) of an article from its XML and return them."""
    reports = [*root.iterchildren("sub-article", "response")]
    for report in reports:
        root.remove(report)
    return reports


def _authors(meta: Any) -> Iterator[tuple[str, str]]:
    """Yield name and surname of the people and groups that the XML lists as authors, in order."""
    for person in meta.iter("contrib"):
        if person.get("contrib-type", "author") == "author":
            name = person.find(".//name")
            if name is None:
                group = text_of(person.find(".//collab"))
                yield group, group
            else:
                given, surname, suffix = (text_of(name.find(part)) for part in ("given-names", "surname", "suffix"))
                yield " ".join(filter(None, (given, surname, suffix))), " ".join(filter(None, (surname, suffix)))


def _sentences(body: Any) -> Iterator[str]:
    """Yield the sentences of the body's paragraphs; paragraphs with formulas or lists are left out."""
    for paragraph in body.iter("p"):
        if any(tag.tag in FLOATS for tag in paragraph.iterancestors()):
            continue
        if any(tag.tag in _FORMULAS or tag.tag == "list" for tag in paragraph.iter()):
            continue
        for sentence in _SENTENCE_END.split(text_without(paragraph, FLOATS)):
            if len(sentence.split()) >= LEAST_WORDS:
                yield sentence


def _rows(root: Any) -> Iterator[tuple[str, ...]]:
    for row in root.iterfind(".//tbody//tr"):
        cells = tuple(text for cell in row.iterchildren("td", "th") if key(text := text_of(cell)))
        if len(cells) >= LEAST_CELLS:
            yield cells


def text_without(tag: Any, left_out: Collection[str], apart: Collection[str] = ()) -> str:
    """Return the text of an element without `left_out` elements, with each `apart` element on a separate line."""
    parts: list[str] = []

    def collect(one: Any) -> None:
        parts.append((one.text or "").replace("\n", " "))
        for child in one:
            separator = "\n" if child.tag in apart else ""
            if child.tag not in left_out:
                parts.append(separator)
                collect(child)
                parts.append(separator)
            parts.append((child.tail or "").replace("\n", " "))

    collect(tag)
    return "\n".join(" ".join(line.split()) for line in "".join(parts).split("\n"))
