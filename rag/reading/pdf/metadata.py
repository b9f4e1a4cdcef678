"""Guess a paper's title, authors, year, venue, DOI and arXiv id from its pages, the file's metadata and its name.

Each source yields candidates with a certainty, and `combine` decides: a value from two sources is nearly certain, and a
contradicted value is dropped.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..bylines import stated_people
from .authors import authors_of, checked_authors, printed_authors, used_words
from .candidates import Candidate, combine, doubted
from .first_page import first_page
from .imprint import imprint
from .lines import PageLines
from .publication import (
    arxiv_year,
    name_candidates,
    passage_candidates,
    plausible,
    reconciled,
    stamp_candidates,
    stated_candidates,
    venues_of,
)
from .title import ZOTERO_NAME, find_title, is_about_another
from .xmp import stated_facts


@dataclass(frozen=True, slots=True)
class Metadata:
    """A paper's metadata; `certainty` is from 0 to 1 for each field that was found.

    `title_lines` are the indices of the title's lines on `pages[title_page]`, the first page after the covers; empty if
    the title is not printed there. `author_lines` are the lines of the authors below it, with their institutions and
    addresses; empty if it is uncertain where they end.
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
        covers: the number of cover sheets, which only tell where and when the paper appeared.
    """
    stated = stated_facts(info, xmp)
    stem = re.sub(r"\.pdf$", "", file_name, flags=re.I)
    named = ZOTERO_NAME.match(stem)
    page = first_page(pages, covers)
    title = find_title(page, pages, stated.get("title", []), stem)
    byline = printed_authors(page, title.rows, used_words(pages))
    foreign = is_about_another(title, stated.get("title", []))
    stated_names = [] if foreign else stated_people(stated)
    authors, authors_certainty = authors_of(page, byline, stated_names, named["authors"] if named else "")

    passages = imprint(pages, covers, title.text, title.rows)
    citations = [each.text for each in passages if each.where == "own citation"]
    authors, authors_certainty = checked_authors(authors, authors_certainty, citations)
    candidates = [
        *passage_candidates(passages, title.text),
        *(doubted(each) if foreign else each for each in stated_candidates(stated)),
        *(each for first in pages[covers : covers + 1] for each in stamp_candidates(first)),
        *name_candidates(stem),
        *([Candidate("year", named["year"], "file name", 0.5)] if named else []),
    ]
    doi, arxiv = combine("doi", reconciled(candidates)), combine("arxiv_id", candidates)
    year = combine("year", plausible([*candidates, *arxiv_year(arxiv.value)], pages, stated))
    venue = combine("venue", [*candidates, *venues_of(doi, arxiv)])
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
