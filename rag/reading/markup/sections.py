"""Extract a paper's sections from HTML, without the site around it; tables, captions and footnotes have their kind."""

from __future__ import annotations

import re
from collections.abc import Set
from typing import Any, NamedTuple

from ..sources import Part, section_kind
from ..tables import CellText, TableText, caption_label
from .formulas import formula

_HEADINGS = ["h1", "h2", "h3", "h4", "h5", "h6"]
_SKIPPED_TAGS = frozenset(
    (
        "script style noscript template nav header footer aside select button svg iframe annotation annotation-xml "
        "textarea datalist audio video canvas del s strike"
    ).split()
)
_BLOCK_TAGS = frozenset(
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
_POWER = re.compile(r"[-−–+]?\d{1,3}")
_MARKS = re.compile(r"\d{1,3}(?:\s?[,–-]\s?\d{1,3})*")  # references and notes
_MAX_SPAN = 1000  # columns or rows of a cell, as in HTML's standard
_LONGEST_CELL = 200  # characters of a cell in a table that is not marked as data
_CELLS_TRIED = 60
_BLOCK_EDGE, _REGION_END = "\x1e", "\x1d"  # of type str, unlike the strings of a tree


class Block(NamedTuple):
    """A paragraph, a heading (with a level from 1), or a table."""

    text: str
    kind: str | None = None  # None if the heading decides
    title: str | None = None  # of a caption
    level: int = 0
    joins: bool = False  # an equation inside a sentence
    table: TableText | None = None


def hidden_text_note(count: int) -> tuple[str, ...]:
    """Return the note on characters left out because styles hide them, if there are any."""
    return (f"{count} characters that a person cannot see were left out",) if count else ()


def parse_html(html: str) -> Any:
    """Return the tree of a page; XHTML's empty `<title/>` is closed, else all that follows would be a title."""
    from bs4 import BeautifulSoup

    return BeautifulSoup(re.sub(r"<(title|script|style|textarea|iframe)\b([^<>]*)/>", r"<\1\2></\1>", html), "lxml")


def sections(root: Any, title: str = "") -> list[Part]:
    """Return the contents of a tag as sections in order, without the heading that is the paper's title."""
    parts = [Part(None, "", "body")]
    heading, kind, level = None, "body", 9  # of the section that continues after a region, a table or a note
    inner = None  # the heading inside a region: an abstract, an appendix, ...
    for block in _joined(_blocks(root)):
        if block.level and block.kind:
            inner = block.text or (heading if block.kind == "body" else None)
        elif block.level and block.text != title:
            inherits = kind != "body" and block.level > level
            new_kind = section_kind(block.text, kind if block.level >= level else "body")
            if not (inherits and new_kind == "body"):
                kind, level = new_kind, block.level
            heading = inner = block.text
            parts.append(Part(heading, "", kind))
        elif block.table:
            parts.append(Part(block.table.title(inner if block.kind else heading), "", "table", block.table))
        elif not block.level:
            part = Part(block.title or (inner if block.kind else heading), block.text, block.kind or kind)
            last = parts[-1]
            if (last.heading, last.kind, last.table) == (part.heading, part.kind, None):
                parts[-1] = last._replace(text=f"{last.text}\n\n{part.text}" if last.text else part.text)
            else:
                parts.append(part)
    return parts


def one_line(tag: Any, notes: list[Any] | None = None) -> str:
    """Return the text of a tag on one line, without its footnotes, which are added to `notes`."""
    words: list[str] = []
    notes = [] if notes is None else notes
    left: list[Any] = [*reversed(tag.contents)]
    while left:
        node = left.pop()
        if not _take(node, words, notes):
            edge = [" "] if node.name in _BLOCK_TAGS or node.name in _HEADINGS or _is_cell(node) else []
            words += edge
            left += [*edge, *reversed(node.contents)]
    return " ".join("".join(words).split())


def _blocks(root: Any) -> list[Block]:
    blocks: list[Block] = []
    words: list[str] = []
    notes: list[Any] = []
    regions: list[tuple[str | None, TableText | None]] = [(None, None)]  # kind

    def end_block(joins: bool = False) -> None:
        kind, table = regions[-1]
        text = " ".join("".join(words).split())
        words.clear()
        if text and table and not table.rows:
            table.add_caption(text)
        elif text and table:
            table.notes.append(text)
        elif text:
            blocks.append(Block(text, kind, joins=joins))
        while notes and not table:  # a note may contain notes
            if text := one_line(notes.pop(0), notes):
                blocks.append(Block(text, "footnote"))

    def end_region() -> None:
        table = regions[-1][1]
        while notes and table:
            if text := one_line(notes.pop(0), notes):
                table.notes.append(text)
        blocks.extend([] if table else [Block("", "body", level=7)])
        regions.pop()

    left: list[Any] = [*reversed(root.contents)]  # no recursion: tags may nest deeply
    while left:
        node = left.pop()
        if type(node) is str:
            end_block()
            if node == _REGION_END:
                end_region()
                end_block()
        elif _take(node, words, notes):
            continue
        elif node.name in _HEADINGS:
            end_block()
            blocks.append(Block(one_line(node, notes), regions[-1][0], level=int(node.name[1])))
        elif kind := next((_REGIONS[word] for word in _words(node) if word in _REGIONS), None):
            end_block()
            blocks.append(Block("", kind, level=7))
            regions.append((kind, None))
            left += [_REGION_END, *reversed(node.contents)]
        elif _is_data_table(node):
            end_block()
            table = regions[-1][1]
            if table is None:  # else it is in the figure of this table
                table = TableText()
                blocks.append(Block("", "table", table=table))
            regions.append(("table", table))
            left += [_REGION_END, *reversed(node.contents)]
        elif node.name in ("figcaption", "caption"):
            end_block()
            text = one_line(node, notes)
            if table := regions[-1][1]:
                table.add_caption(text)
            else:
                blocks.append(Block(text, "caption", caption_label(text)))
        elif _EQUATIONS.intersection(_words(node)):
            end_block()
            words.append(one_line(node, notes))
            end_block(joins=True)
        elif _is_row(node, in_table=regions[-1][1] is not None):
            end_block()
            cells = _cells(node, notes)
            if table := regions[-1][1]:
                table.add_row(cells, _is_in_head(node))
            else:
                words += [" | ".join(cell.text for cell in cells) if any(cell.text for cell in cells) else ""]
            end_block()
        else:
            edge = [_BLOCK_EDGE] if node.name in _BLOCK_TAGS else []
            if edge:
                end_block()
            left += [*edge, *reversed(node.contents)]
    end_block()
    return [_without_empty_table(block) for block in blocks if block.text or block.level or block.table]


def _take(node: Any, words: list[str], notes: list[Any]) -> bool:
    """Add a text or formula to `words`, a footnote to `notes`; return False if the children are still to read."""
    from bs4.element import CData, NavigableString, Tag

    if not isinstance(node, Tag):
        words += [node] if type(node) in (str, NavigableString, CData) else []
        return True
    if node.name == "math":
        words.append(formula(node))
    elif _NOTES.intersection(_words(node)):
        notes.append(node)
    elif node.name == "br":
        words.append("\n")
    elif not _is_hidden(node):
        if node.name == "sup" and _MARKS.fullmatch(mark := node.get_text().strip()) and _is_linked(node):
            words.append(f"[{mark}]" if words and words[-1][-1:].strip(" [(") else mark)
            return True
        if node.name == "sup" and words and words[-1][-1:].isdigit() and _POWER.fullmatch(node.get_text().strip()):
            words.append(" " if _is_linked(node) else "^")  # 40 (12) is not 4012
        return False
    return True


def _is_linked(tag: Any) -> bool:
    return bool(tag.find("a") or tag.find_parent("a"))


def _is_hidden(tag: Any) -> bool:
    """Return whether a tag belongs to the site; a header with the title belongs to the paper."""
    if tag.name in _SKIPPED_TAGS:
        return not (tag.name == "header" and tag.find("h1"))
    return tag.has_attr("hidden") or tag.get("aria-hidden") == "true" or not _SKIPPED_WORDS.isdisjoint(_words(tag))


def _words(tag: Any) -> list[str]:
    """Return the classes and roles of a tag."""
    types = str(tag.get("epub:type") or "").split()
    return [*tag.get_attribute_list("class", []), *str(tag.get("role") or "").split(), *(f"doc-{t}" for t in types)]


def _first(tag: Any, names: Set[str], closed: Set[str] = frozenset()) -> Any:
    """Return the first tag of these names, not inside a `closed` one; bs4's find is slow if tags nest deeply."""
    left: list[Any] = [*reversed(tag.contents)]
    while left:
        node = left.pop()
        if node.name in names:
            return node
        left += reversed(node.contents) if node.name and node.name not in closed else []
    return None


def _is_cell(tag: Any) -> bool:
    return tag.name in ("td", "th") or not {"ltx_td", "ltx_th"}.isdisjoint(_words(tag))


def _is_data_table(tag: Any) -> bool:
    """Return whether a tag is a table of data, or a figure around one; other tables only arrange a page."""
    words = _words(tag)
    if tag.name == "figure":
        is_around_one = "ltx_figure" not in words and _first(tag, {"figcaption"}, {"figure"}) and tag.find(_is_table)
        return bool(is_around_one)
    if "ltx_tabular" in words:
        return True
    if not _is_table(tag) or _first(tag, {"table", *_HEADINGS}):
        return False
    return bool(_first(tag, {"caption", "th", "thead"})) or _has_short_cells(tag)


def _is_table(tag: Any) -> bool:
    words = _words(tag)
    return "ltx_tabular" in words or (tag.name == "table" and _EQUATIONS.isdisjoint(words))


def _has_short_cells(table: Any) -> bool:
    """Return whether a table without marks has several rows, and the first ones several cells of a few words each."""
    rows = table.find_all("tr", limit=4)
    cells = [row.find_all("td", limit=_CELLS_TRIED) for row in rows]
    texts = [cell.get_text().strip() for row in cells for cell in row]
    are_short = max(map(len, texts), default=0) <= _LONGEST_CELL and not _first(table, {"ul", "ol", "img", "p", "div"})
    return len(rows) > 1 and max(map(len, cells)) > 1 and are_short and sum(map(bool, texts)) > 0.5 * len(texts)


def _is_row(tag: Any, in_table: bool) -> bool:
    """Return whether a tag is a table's row; a row of a layout table with blocks in it is not."""
    if tag.name != "tr" or in_table:
        return tag.name == "tr" or "ltx_tr" in _words(tag)
    return _first(tag, {"table", "ul", "ol", *_HEADINGS}) is None


def _is_in_head(row: Any) -> bool:
    return row.parent is not None and (row.parent.name == "thead" or "ltx_thead" in _words(row.parent))


def _cells(row: Any, notes: list[Any]) -> list[CellText]:
    """Return the cells of a row; a table inside a cell is part of its text."""
    cells: list[CellText] = []
    left: list[Any] = [*reversed(row.contents)]
    while left:
        node = left.pop()
        if not node.name:
            continue
        if _is_cell(node):
            is_header = node.name == "th" or "ltx_th" in _words(node)
            cells.append(CellText(one_line(node, notes), _span(node, "colspan"), _span(node, "rowspan"), is_header))
        else:
            left += reversed(node.contents)
    return cells


def _span(cell: Any, name: str) -> int:
    """Return how many columns or rows a cell covers; 0 rows are all that follow in its part of the table."""
    number = str(cell.get(name) or "").strip()
    value = int(number) if re.fullmatch(r"\d{1,6}", number, re.ASCII) else 1
    return min(value or (_MAX_SPAN if name == "rowspan" else 1), _MAX_SPAN)


def _without_empty_table(block: Block) -> Block:
    """Return a table without rows, which may be a picture, as the caption that it has."""
    if block.table is None or block.table.rows:
        return block
    text = " ".join([block.table.caption, *block.table.notes]).strip()
    return Block(text, "caption", block.table.label)


def _joined(blocks: list[Block]) -> list[Block]:
    """Return the blocks, with each equation joined to the sentence around it; footnotes follow that."""
    joined: list[Block] = []
    notes: list[Block] = []
    for block in blocks:
        last = joined[-1] if joined else block
        if block.kind == "footnote":
            notes.append(block)
        elif (block.joins or last.joins) and _continues(last, block):
            joined[-1] = last._replace(text=f"{last.text} {block.text}", joins=True)
        else:
            joined += [*notes, block]
            notes.clear()
    return joined + notes


def _continues(last: Block, block: Block) -> bool:
    """Return whether a sentence continues from one block to the next, one of which is an equation."""
    alike = (last.kind, last.title, 0, 0) == (block.kind, block.title, last.level, block.level)
    return alike and not last.text.endswith((".", "!", "?")) and (block.joins or block.text[:1].islower())
