"""Find the passages in which a paper says where and when it appeared: margins, front matter, and its own citation."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from ..bylines import squeezed
from .authors import FRONT_MATTER_END, is_sentence
from .first_page import FirstPage, Row, first_page, in_margin
from .lines import PageLines

_TITLE_PAGE_CHARACTERS = 800  # a page with running text has more
_LABELLED = re.compile(
    r"^\W*(?:(?:first|latest|e)?[\s-]*published|accepted|received|submitted|(?:https?://)?(?:dx\.)?doi"
    r"|digital object identifier|available online|citation|copyright|©|to cite|cite this)",
    re.I,
)
_PUBLICATION_LINE = re.compile(  # a journal's name, year and volume: `Windy Ecol 2015; 12: 345-67`
    r"^\W*(?:(?:[A-Z][\w&-]*\.?|of|and|in|the|for)\s){1,7}\(?(?:19|20)\d\d\)?(?:\s\w{3,9}(?:\s\d{1,2})?)?\s?[;,]\s?\d{1,4}\s?[(:;,]"
)
_VISITED = re.compile(
    r"\W*(?:download|access|view|deposit|archived|last updated|printed)", re.I
)  # not the paper's dates
_OWN_CITATION = re.compile(
    r"^\W*(?:(?:please|to|how to|for citation,?|when citing,?)\s)*cit(?:e|ing)\b[^:.]{0,45}(?::|$)"
    r"|^\W*(?:(?:suggested|recommended|preferred|original)\s)?citation\s*(?::|$)|^\W*\w+ reference format",
    re.I,
)
_DOI_ABOVE = re.compile(r"^\W*(?:https?://(?:dx\.)?doi\.org/|doi\b)", re.I)
_NEXT_LABEL = re.compile(r"^\W*[A-Z][A-Za-z]+(?: [a-z]+){0,3}\s?:(?!\s?\d)")
_LONE_DOI = re.compile(r"\W*(?:https?://\S{1,40}/)?10\.\d{4,9}/\S+$")
_OPEN_DOI = re.compile(r"\b10\.\d{4,9}(?:/\S*)?$")
_OPEN_END = re.compile(r"\b(?:of|on|in|for|the|and|Open|Computational)$|Journal$|https?:$|/$")
_MAX_CITATION_ROWS = 12
_MAX_NEAR = 100  # rows among which to look for the one below
_RUNNING_PAGES = 8  # pages whose margins are compared
_TITLE_LETTERS = 24  # letters of the title that identify the paper's own citation


class Passage(NamedTuple):
    """A text, and where it is: own citation, first page, side, running head, cover or text."""

    text: str
    where: str


def imprint(pages: Sequence[PageLines], covers: int, title: str, title_rows: Sequence[Row]) -> list[Passage]:
    """Return the passages about a paper's publication; never from its list of references."""
    page = first_page(pages, covers)
    found = list(_own_citations(pages, covers, title))
    for cover in (first_page(pages, at) for at in range(covers)):
        places = {row.at: index for index, row in enumerate(cover.rows)}
        found += [Passage(text, "cover") for row in cover.rows for text in _texts(row, cover, places)]
    found += [Passage(text, "running head") for text in _running_heads(pages[covers:])]
    found += [Passage(line.text, "side") for at in pages[covers : covers + 1] for line in at.lines if line.turned]
    end = _front_matter_end(page, title_rows)
    places = {row.at: index for index, row in enumerate(page.rows)}
    for row in _imprint_rows(page, title_rows, end):
        where = "text" if _may_cite(row, page, end) else "first page"
        found += [Passage(text, where) for text in _texts(row, page, places)]
    return [each for each in found if each.where == "side" or not _VISITED.match(each.text)]


# The first page


def _imprint_rows(page: FirstPage, title: Sequence[Row], end: float) -> list[Row]:
    """Return the rows that may name the publication: margins, front matter, labelled rows, small type."""
    in_title = {row.at for row in title}
    return [
        row
        for row in page.rows
        if row.at not in in_title
        and (
            in_margin(row, page.height)
            or row.top < end
            or _LABELLED.match(row.text)
            or _PUBLICATION_LINE.match(row.text)
            or (row.size < 0.88 * page.body and not is_sentence(row.text))
        )
    ]


def _front_matter_end(page: FirstPage, title: Sequence[Row]) -> float:
    """Return the vertical position at which the paper's own text begins."""
    if sum(len(row.text) for row in page.rows) < _TITLE_PAGE_CHARACTERS:
        return page.height
    ends = [row.top for row in page.rows if FRONT_MATTER_END.match(row.text)]
    return min(ends) if ends else max((row.bottom for row in title), default=0.0)


def _may_cite(row: Row, page: FirstPage, end: float) -> bool:
    """Return whether an imprint row may be text, a note or a reference, and so may name another work."""
    if row.top < end or any(pattern.match(row.text) for pattern in (_LABELLED, _PUBLICATION_LINE, _LONE_DOI)):
        return False
    as_text = abs(row.size - page.body) < 0.05 * page.body and len(row.text.split()) > 6
    return as_text or not in_margin(row, page.height)


def _texts(row: Row, page: FirstPage, places: Mapping[int, int]) -> Iterator[str]:
    """Yield a row's text; if it ends within a DOI or name, yield it first joined with the row below."""
    if _OPEN_DOI.search(row.whole) or _OPEN_END.search(row.whole):
        below = _index_below(page.rows, places[row.at])
        if below is not None:
            yield _joined(row.whole, page.rows[below].whole)
    yield row.whole


# Running heads


def _running_heads(pages: Sequence[PageLines]) -> list[str]:
    """Return the lines that, apart from numbers, are in the margins of several pages."""
    margins = [
        {" ".join(line.text.split()) for line in page.lines if in_margin(line, page.height) and not line.turned}
        for page in pages[:_RUNNING_PAGES]
    ]
    counts = Counter(form for texts in margins for form in {_without_page_number(text) for text in texts})
    return [text for texts in margins[1:] for text in texts if counts[_without_page_number(text)] > 1]


def _without_page_number(text: str) -> str:
    return re.sub(r"^\W*\d{1,5}\b|\b\d{1,5}\W*$|\b\d{1,4} (?:of|/) \d{1,4}\b", "", text)


# The paper's own citation


def _own_citations(pages: Sequence[PageLines], covers: int, title: str) -> Iterator[Passage]:
    """Yield the passages on any page that say how to cite the paper and contain its title.

    On the first page, the label alone shows that the passage is about the paper.
    """
    wanted = squeezed(title)[:_TITLE_LETTERS]
    for number, page in enumerate(pages):
        if not any(_OWN_CITATION.match(line.text) for line in page.lines):
            continue
        rows = first_page(pages, number).rows
        for at, row in enumerate(rows):
            if label := _OWN_CITATION.match(row.text):
                text = _citation(rows, at)
                if wanted and wanted in squeezed(text):
                    yield Passage(text, "own citation")
                elif number == covers and label[0].endswith(":"):
                    yield Passage(text, "first page")


def _citation(rows: Sequence[Row], at: int) -> str:
    """Return the text from a label to the next label, and a DOI directly above it."""
    above = [row for row in rows[max(0, at - 4) : at] if _is_below(row, rows[at]) and _DOI_ABOVE.match(row.text)]
    text = rows[at].whole
    here: int | None = at
    for _ in range(_MAX_CITATION_ROWS):
        here = _index_below(rows, here)
        if here is None or _NEXT_LABEL.match(rows[here].text):
            break
        text = _joined(text, rows[here].whole)
    return " ".join([*(row.whole for row in above), text])


def _joined(text: str, following: str) -> str:
    """Join lines, without a space where a DOI continues in the next."""
    goes_on = text.endswith(("-", "/", "_", "(")) or (text.endswith((".", ":")) and re.match(r"[a-z\d(]", following))
    whole = (_OPEN_DOI.search(text) and goes_on) or re.search(r"https?:$|/$", text)
    return text + following if whole else f"{text} {following}"


def _index_below(rows: Sequence[Row], at: int | None) -> int | None:
    """Return the index of the row directly below another in its column."""
    if at is None:
        return None
    for index in range(at + 1, min(at + _MAX_NEAR, len(rows))):
        if rows[index].top > rows[at].bottom + rows[at].size:
            return None
        if _is_below(rows[at], rows[index]):
            return index
    return None


def _is_below(upper: Row, lower: Row) -> bool:
    gap = lower.top - upper.bottom
    alike = abs(lower.size - upper.size) < 0.15 * upper.size
    aligned = abs(lower.left - upper.left) < 2 * upper.size or abs(lower.right - upper.right) < upper.size
    return alike and aligned and -0.6 * upper.size < gap < 0.9 * upper.size and lower.top > upper.top + 0.5 * upper.size
