"""Guess a paper's title, authors, year, venue, DOI and arXiv id from its pages, the file's metadata and its name.

Each source is checked against the others: a value that two of them give is nearly certain.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ..bylines import stated_people
from .authors import FRONT_MATTER_END, authors_of, is_sentence, printed_authors, used_words
from .first_page import FirstPage, Row, first_page, in_margin
from .lines import PageLines
from .publication import find_arxiv_id, find_doi, find_venue, find_year
from .title import ZOTERO_NAME, Title, find_title
from .xmp import stated_facts

_TITLE_PAGE_CHARACTERS = 800  # a page with running text has more
_LABELLED = re.compile(
    r"^\W*(?:published|accepted|received|submitted|(?:https?://)?(?:dx\.)?doi|digital object identifier"
    r"|available online|citation|copyright|©|to cite)",
    re.I,
)
_VISITED = re.compile(r"\W*(?:download|access|view|deposit|archived)", re.I)  # dates that are not the paper's
_OPEN_END = re.compile(r"\b(?:of|on|in|for|the|and|Open|Computational)$|Journal$")


@dataclass(frozen=True, slots=True)
class Metadata:
    """A paper's metadata; `certainty` gives 0 to 1 for each field that was found.

    `title_lines` are the indices of the title's lines on `pages[title_page]`, the first page after the covers; empty if
    it is not printed there. `author_lines` are those of the authors below it, with their institutions and addresses;
    empty if it is uncertain where they end.
    """

    title: str
    authors: tuple[str, ...] = ()
    year: int | None = None
    venue: str | None = None
    doi: str | None = None
    arxiv_id: str | None = None
    certainty: tuple[tuple[str, float], ...] = ()
    title_lines: tuple[int, ...] = ()
    title_page: int = 0
    author_lines: tuple[int, ...] = ()


def guess_metadata(
    pages: Sequence[PageLines], info: Mapping[str, str], xmp: str | None, file_name: str, covers: int = 0
) -> Metadata:
    """Guess the metadata of the paper on `pages`; the title falls back to the file's name.

    Args:
        info: the file's Info dictionary.
        xmp: its XMP packet.
        covers: the number of pages before the paper's first. They only tell where and when it appeared.
    """
    stated = stated_facts(info, xmp)
    stem = re.sub(r"\.pdf$", "", file_name, flags=re.I)
    named = ZOTERO_NAME.match(stem)
    page = first_page(pages, covers)
    title = find_title(page, pages, stated.get("title", []), stem)
    byline = printed_authors(page, title.rows, used_words(pages))
    authors, authors_certainty = authors_of(page, byline, stated_people(stated), named["authors"] if named else "")

    rows = _imprint_rows(page, title)
    citing = [row for row in rows if _may_cite(row, page, title)]
    own = [row for row in rows if row not in citing]
    overleaf = [row.text for row in first_page(pages, covers + 1).rows if in_margin(row, page.height)]
    on_covers = [
        text for at in range(covers) for text in _texts(first_page(pages, at).rows) if not _VISITED.match(text)
    ]
    lines = [(line.text, bool(line.turned)) for first in pages[covers : covers + 1] for line in first.lines]
    doi = find_doi([*_texts(own), *on_covers], _texts(citing), overleaf, stated, stem)
    arxiv = find_arxiv_id(lines, stated, stem)
    imprint = [*_texts(rows), *overleaf, *on_covers]
    year = find_year(imprint, stated, arxiv, named["year"] if named else "")
    venue = find_venue(imprint, stated, doi, arxiv)
    certainty = {
        "title": title.certainty,
        "authors": authors_certainty,
        "year": year.certainty,
        "venue": venue.certainty,
        "doi": doi.certainty,
        "arxiv_id": arxiv.certainty,
    }
    return Metadata(
        title=title.text,
        authors=authors,
        year=int(year.value) if year.value else None,
        venue=venue.value or None,
        doi=doi.value or None,
        arxiv_id=arxiv.value or None,
        certainty=tuple((name, round(value, 2)) for name, value in certainty.items() if value),
        title_lines=tuple(sorted(row.at for row in title.rows)),
        title_page=covers,
        author_lines=tuple(sorted(row.at for row in byline.rows)),
    )


def _imprint_rows(page: FirstPage, title: Title) -> list[Row]:
    """Return the rows that may name the publication: margins, front matter, labelled rows, small type."""
    end = _front_matter_end(page, title)
    return [
        row
        for row in page.rows
        if row not in title.rows
        and (
            in_margin(row, page.height)
            or row.top < end
            or _LABELLED.match(row.text)
            or (row.size < 0.88 * page.body and not is_sentence(row.text))
        )
    ]


def _front_matter_end(page: FirstPage, title: Title) -> float:
    """Return how far down the page the paper's own text begins."""
    if sum(len(row.text) for row in page.rows) < _TITLE_PAGE_CHARACTERS:
        return page.height
    ends = [row.top for row in page.rows if FRONT_MATTER_END.match(row.text)]
    return min(ends) if ends else max((row.bottom for row in title.rows), default=0.0)


def _may_cite(row: Row, page: FirstPage, title: Title) -> bool:
    """Return whether an imprint row may be of the text, a note or the references, and so may name another work."""
    if row.top < _front_matter_end(page, title) or _LABELLED.match(row.text):
        return False
    as_text = abs(row.size - page.body) < 0.05 * page.body and len(row.text.split()) > 6
    return as_text or not in_margin(row, page.height)


def _texts(rows: Sequence[Row]) -> list[str]:
    """Return the rows' texts, after the joined texts of rows that continue in the next."""
    texts = [row.text for row in rows]
    broken = [f"{a}{b}" for a, b in pairwise(texts) if a.endswith((":", "/"))]
    return broken + [f"{a} {b}" for a, b in pairwise(texts) if _OPEN_END.search(a)] + texts
