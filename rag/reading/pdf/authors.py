"""The authors printed beside a title: which lines name them, and whether these lines are a byline at all."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from ..bylines import BY, CUT, EAST_ASIAN, PARTICLES, has_case, is_doubtful, is_place, people, squeezed, surname
from .first_page import FirstPage, Row, bands_of

if TYPE_CHECKING:
    from .glyphs import PageLines

STOP = re.compile(
    r"^\W*(?:[\dI]+\.?\s+)?(?:(?:abstract|summary|introduction|key\s?words|index terms|highlights|background"
    r"|contents|significance|preface|ccs concepts|supervis(?:ors?|ed by)|advisors?|committee|academic editor"
    r"|editors?|zusammenfassung|r[ée]sum[ée]|resumen|resumo|аннотация)\b(?=\W*$|\s*[:.—–]|\s\S.{40})"
    r"|(?:摘\s?要|要\s?旨|概\s?要|抄\s?録|초\s?록|요\s?약|תקציר|ملخص))", re.I
)  # fmt: skip
_LEADING_MARK = re.compile(r"^[;\s]*;|^\W*\d{1,2}\s?[A-Z]")
_LIST = re.compile(r",|\band\b|&|[·•・、，،]|\bund\b|\bet\b|\by\b|\be\b")
_SPACES = re.compile(r"\s+")
_FURTHEST = 40  # lines below the title


class Byline(NamedTuple):
    """The people printed beside a title, the rows that name them with their institutions, and how sure they are."""

    people: list[str]
    rows: tuple[Row, ...] = ()
    certainty: float = 0.8


class Used(NamedTuple):
    """What a paper's own text says: its words in lower case, and all of its text without spaces."""

    words: frozenset[str]
    text: str

    def has(self, word: str) -> bool:
        """Whether the text uses a word of a name as a common word: in lower case, or twice where there is no case."""
        return word.casefold() in self.words if has_case(word) else self.text.count(word) > 1


class _Found(NamedTuple):
    """Bands that name people, those of places and addresses below them, how the list ends, and what comes before it."""

    names: list[Row]
    places: list[Row]
    end: str | None
    after_prose: bool


def used_words(pages: Sequence[PageLines]) -> Used:
    """The words that the pages use in lower case, without those of addresses."""
    lines = [line.text for page in pages for line in page.lines]
    words = {word for text in lines for word in re.findall(r"(?<![\w@./-])[^\W\d_]{3,}(?![\w@/]|\.\w)", text)}
    return Used(
        frozenset(word for word in words if word.islower()),
        "".join(text.replace(" ", "") for text in lines if not text.isascii()),
    )


def authors_of(page: FirstPage, byline: Byline, stated: list[str], named: str) -> tuple[tuple[str, ...], float]:
    """The authors with a certainty: the page's, unless the file's metadata knows them better."""
    printed = byline.people
    ours, theirs = ({surname(name) for name in names} for names in (printed, stated))
    text = squeezed(" ".join(row.text for row in page.rows if row.top < 0.75 * page.height))
    on_page = [name for name in stated if squeezed(name.split()[-1]) in text]
    if printed and ours == theirs:
        return tuple(printed), 0.97
    if printed and (not stated or ours & theirs == theirs):
        return tuple(printed), 0.9 if stated else byline.certainty
    if stated and len(on_page) == len(stated) and (len(stated) > 1 or not printed):
        return tuple(stated), 0.9
    if printed:
        return tuple(printed), min(0.7, byline.certainty)
    if stated:
        return tuple(stated), 0.6
    names = [_SPACES.sub(" ", name).strip() for name in re.split(r"\bet al\.?|,|\band\b|&", named)]
    return tuple(name for name in names if name), 0.3 if any(names) else 0.0


def printed_authors(page: FirstPage, title: Sequence[Row], used: Used) -> Byline:
    """The people named under a title, or over it; nobody where the lines there may as well be something else.

    The rows of the result stand for the authors alone and may be left out of the text.
    """
    if not title:
        return Byline([])
    foot = max(row.bottom for row in title) - 0.6 * title[-1].size
    left = min(row.left for row in title)
    sidebar = left if left > 0.2 * page.width and _is_left(title, page) else 0.0
    below = [row for row in page.rows if row.top > foot and row.right > sidebar and row not in title]
    above = [row for row in page.rows if row.bottom < title[0].top + 2 and row.right > sidebar]
    words = {word.casefold() for row in title for word in re.findall(r"[^\W\d_]{3,}", row.text)}
    under = _judged(_listed(bands_of(below)), used, words)
    if not under.people:
        over = _judged(_listed(bands_of(above)[-3:]), used, words)
        return Byline(over.people, (), over.certainty)
    return under._replace(rows=tuple(row for row in below if any(_within(row, band) for band in under.rows)))


def _judged(found: _Found, used: Used, title: set[str]) -> Byline:
    """The people in the bands, where these have the marks of a byline, or where no word of them is a common one."""
    names = people(_chained(found.names))
    if not names:
        return Byline([])
    common = [[_is_common(word, used, title) for word in _words(name)] for name in names]
    whole, part = sum(map(all, common)), sum(map(any, common))
    if whole == len(names) and not any("@" in band.parts for band in found.places):
        return Byline([])
    first = [name.split()[0] for name in names]
    labels = len(names) > 1 and len(set(first)) == 1 and any(used.has(word) for word in first)  # River Ash, River Elm
    sure = any(BY.match(band.parts) or band.marked for band in found.names) or bool(found.places)
    listed = len(names) > 1 and any(_LIST.search(band.parts) and len(people(band.parts)) > 1 for band in found.names)
    before_abstract = found.end == "abstract" and not found.after_prose
    rows = (*found.names, *found.places) if found.end else ()
    if sure and not labels:
        return Byline(names, rows)
    doubtful = sum(any(map(is_doubtful, _words(name))) for name in names)
    if listed and not labels and (2 * part <= len(names) if not before_abstract else 2 * doubtful <= len(names)):
        return Byline(names, rows)
    if before_abstract and not part:
        return Byline(names, rows)
    if not part and not found.after_prose and all(_may_stand_alone(name) for name in names):
        return Byline(names, (), 0.5)
    return Byline([])


def _words(name: str) -> list[str]:
    return [word for word in re.findall(r"[^\W\d_]+", name) if word.casefold() not in PARTICLES and len(word) > 1]


def _is_common(word: str, used: Used, title: set[str]) -> bool:
    return used.has(word) or is_doubtful(word) or word.casefold() in title


def _may_stand_alone(name: str) -> bool:
    """Whether a name is no phrase of a script that has no capitals, and no longer than names are."""
    words = name.split()
    return len(words) < 5 and (has_case(name) or bool(EAST_ASIAN.match(name)))


def _within(row: Row, band: Row) -> bool:
    return band.top < (row.top + row.bottom) / 2 < band.bottom


def _is_left(rows: Sequence[Row], page: FirstPage) -> bool:
    middle = (min(row.left for row in rows) + max(row.right for row in rows)) / 2
    return abs(middle - page.width / 2) > 0.04 * page.width


def _listed(bands: Sequence[Row]) -> _Found:
    """The bands from the first that names people up to the abstract or a sentence."""
    taken: list[Row] = []
    places: list[Row] = []
    closed = prose = False
    for band in bands[:_FURTHEST]:
        text = band.parts
        mail = "@" in text
        if STOP.match(text):
            return _Found(taken, places, "abstract", prose)
        if not mail and is_sentence(text):
            if taken:
                return _Found(taken, places, "sentence", prose)
            prose = True
        alike = not taken or (abs(band.size - taken[0].size) < 0.06 * band.size and _as_bold(band, taken[0]))
        closed = closed and not mail  # after an address the next author may follow
        places += [band] if taken and (mail or is_place(text)) else []
        if alike and not closed and not _LEADING_MARK.match(text) and not is_sentence(text):
            near = bool(taken) and band.top - taken[-1].bottom < 0.6 * band.size
            follows = near and not mail and not is_place(text)
            if people(text) or (follows and _is_list(taken[-1].parts) and not taken[-1].parts.endswith((",", CUT))):
                taken.append(band)
            elif taken and is_place(text):
                closed = True
    return _Found(taken, places, None, prose)


def _as_bold(one: Row, other: Row) -> bool:
    """Whether two rows may be in the same type: many marks, which are not bold, make a row count as not bold."""
    return one.bold == other.bold or any(
        sum(not letter.isalpha() and letter not in " .-" for letter in row.parts) > 0.1 * len(row.parts)
        for row in (one, other)
        if not row.bold
    )


def _is_list(parts: str) -> bool:
    return bool(re.search(r",|\band\b", parts))


def _chained(bands: Sequence[Row]) -> str:
    """The bands as one list: a name goes on in the next line only where commas separate the names."""
    text = ""
    for band in bands:
        goes_on = _is_list(text) and not text.endswith(CUT)
        text = f"{text} {band.parts}" if goes_on else f"{text}{CUT} {band.parts}"
    return text


def is_sentence(text: str) -> bool:
    """Whether a line is of running text rather than a title, a name or a label."""
    words = re.findall(r"[^\W\d_]{2,}", text)
    lower = sum(word.islower() and word not in PARTICLES and word not in ("of", "and", "for") for word in words)
    if len(words) > 6 and lower > 0.45 * len(words):
        return True
    uncased = sum(c.isalpha() and not has_case(c) for c in text)
    return uncased > 20 and (uncased > 40 or text.rstrip().endswith(("。", "．", "다.", "؟", "।", ".")))
