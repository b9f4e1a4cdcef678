"""Classify HTML tags: the site around a paper, cells and rows of tables, regions, notes, equations."""

from __future__ import annotations

import re
from collections.abc import Set
from typing import Any

HEADINGS = ["h1", "h2", "h3", "h4", "h5", "h6"]
_SKIPPED_TAGS = frozenset(
    (
        "script style noscript template nav header footer aside select button svg iframe annotation annotation-xml "
        "textarea datalist audio video canvas del s strike"
    ).split()
)
BLOCK_TAGS = frozenset(
    (
        "p ul ol li dl dd dt pre blockquote table caption tr td th figure figcaption div section article main center "
        "address details summary hr"
    ).split()
)
# Classes of LaTeXML (arXiv's HTML), roles of DPUB-ARIA (publishers and EPUB), and types of EPUB prefixed by `doc-`.
_SKIPPED_WORDS = frozenset(
    (
        "ltx_authors ltx_dates ltx_ERROR ltx_note_mark ltx_note_type ltx_tag_note ltx_listing_data ltx_bib_cited "
        "ltx_TOC ltx_page_footer "
        "doc-toc doc-pagelist doc-pagebreak doc-noteref doc-backlink doc-cover doc-index doc-landmarks "
        "sr-only visually-hidden visuallyhidden screen-reader-text cookie cookie-banner cookie-notice cookie-consent"
    ).split()
)
_NOTES = frozenset("ltx_note doc-footnote".split())
_REGIONS = {
    "ltx_abstract": "abstract", "doc-abstract": "abstract",
    "ltx_bibliography": "references", "doc-bibliography": "references",
    "ltx_acknowledgements": "back_matter", "doc-acknowledgments": "back_matter",
    "ltx_appendix": "appendix", "doc-appendix": "appendix",
    "doc-endnotes": "footnote", "doc-footnotes": "footnote", "doc-rearnotes": "footnote",
}  # fmt: skip
_EQUATIONS = frozenset("ltx_eqn_table ltx_equation ltx_equationgroup".split())
_LONGEST_CELL = 200  # characters of a cell in a table that is not marked as data
_CELLS_TRIED = 60


def parse_html(html: str) -> Any:
    """Return the tree of a page; XHTML's empty `<title/>` is closed, or else everything after it would be the title."""
    from bs4 import BeautifulSoup

    return BeautifulSoup(re.sub(r"<(title|script|style|textarea|iframe)\b([^<>]*)/>", r"<\1\2></\1>", html), "lxml")


def is_hidden(tag: Any) -> bool:
    """Return whether a tag belongs to the site; a header with the title belongs to the paper."""
    if tag.name in _SKIPPED_TAGS:
        return not (tag.name == "header" and tag.find("h1"))
    return tag.has_attr("hidden") or tag.get("aria-hidden") == "true" or not _SKIPPED_WORDS.isdisjoint(words_of(tag))


def words_of(tag: Any) -> list[str]:
    """Return the classes and roles of a tag."""
    types = str(tag.get("epub:type") or "").split()
    return [*tag.get_attribute_list("class", []), *str(tag.get("role") or "").split(), *(f"doc-{t}" for t in types)]


def _first(tag: Any, names: Set[str], closed: Set[str] = frozenset()) -> Any:
    """Return the first tag with one of these names outside `closed` tags; bs4's find is slow for deep nesting."""
    left: list[Any] = [*reversed(tag.contents)]
    while left:
        node = left.pop()
        if node.name in names:
            return node
        left += reversed(node.contents) if node.name and node.name not in closed else []
    return None


def is_cell(tag: Any) -> bool:
    return tag.name in ("td", "th") or not {"ltx_td", "ltx_th"}.isdisjoint(words_of(tag))


def is_data_table(tag: Any) -> bool:
    """Return whether a tag is a data table, or a figure around one, and not a layout table."""
    words = words_of(tag)
    if tag.name == "figure":
        is_around_one = "ltx_figure" not in words and _first(tag, {"figcaption"}, {"figure"}) and tag.find(_is_table)
        return bool(is_around_one)
    if "ltx_tabular" in words:
        return True
    if not _is_table(tag) or _first(tag, {"table", *HEADINGS}):
        return False
    return bool(_first(tag, {"caption", "th", "thead"})) or _has_short_cells(tag)


def _is_table(tag: Any) -> bool:
    words = words_of(tag)
    return "ltx_tabular" in words or (tag.name == "table" and _EQUATIONS.isdisjoint(words))


def _has_short_cells(table: Any) -> bool:
    """Return whether an unmarked table has several rows, whose first ones have several short cells."""
    rows = table.find_all("tr", limit=4)
    cells = [row.find_all("td", limit=_CELLS_TRIED) for row in rows]
    texts = [cell.get_text().strip() for row in cells for cell in row]
    are_short = max(map(len, texts), default=0) <= _LONGEST_CELL and not _first(table, {"ul", "ol", "img", "p", "div"})
    return len(rows) > 1 and max(map(len, cells)) > 1 and are_short and sum(map(bool, texts)) > 0.5 * len(texts)


def is_row(tag: Any, in_table: bool) -> bool:
    """Return whether a tag is a row of a data table; a layout row that contains blocks is not."""
    if tag.name != "tr" or in_table:
        return tag.name == "tr" or "ltx_tr" in words_of(tag)
    return _first(tag, {"table", "ul", "ol", *HEADINGS}) is None


def is_in_head(row: Any) -> bool:
    return row.parent is not None and (row.parent.name == "thead" or "ltx_thead" in words_of(row.parent))


def region_kind(tag: Any) -> str | None:
    """Return the kind of text in a tag according to its classes and roles; None if they do not tell."""
    return next((_REGIONS[word] for word in words_of(tag) if word in _REGIONS), None)


def is_note(tag: Any) -> bool:
    return not _NOTES.isdisjoint(words_of(tag))


def is_equation(tag: Any) -> bool:
    return not _EQUATIONS.isdisjoint(words_of(tag))


def is_linked(tag: Any) -> bool:
    return bool(tag.find("a") or tag.find_parent("a"))
