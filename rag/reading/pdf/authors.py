"""Find the authors on a first page: the rows that name them, and whether these are a byline."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
from itertools import compress
from typing import NamedTuple

from ..bylines import BY, CUT, EAST_ASIAN, PARTICLES, has_case, is_doubtful, is_place, people, squeezed, surname
from .first_page import FirstPage, Row, join_rows
from .lines import PageLines

FRONT_MATTER_END = re.compile(
    r"^\W*(?:[\dI]+\.?\s+)?(?:(?:abstract|summary|introduction|key\s?words|index terms|highlights|background"
    r"|contents|significance|preface|ccs concepts|supervis(?:ors?|ed by)|advisors?|committee|academic editor"
    r"|editors?|zusammenfassung|r[ée]sum[ée]|resumen|resumo|аннотация)\b(?=\W*$|\s*[:.—–]|\s\S.{40})"
    r"|(?:摘\s?要|要\s?旨|概\s?要|抄\s?録|초\s?록|요\s?약|תקציר|ملخص))", re.I
)  # fmt: skip
"""Matches headings and labels that end a paper's front matter."""
_LEADING_MARK = re.compile(r"^[;\s]*;|^\W*\d{1,2}\s?[A-Z]")
_LIST = re.compile(r",|\band\b|&|[·•・、，،]|\bund\b|\bet\b|\by\b|\be\b")
_NUMBERED = re.compile(
    r"(?<![\d.])(?:1[89]|20)\d\d(?!\d)|(?<![\w@.([-])\d{3,}(?![\w@.)\]-])"
)  # a volume, date or address
_SHORTENED = re.compile(r"\bet al\b|\.\.\.|…|\band others\b", re.I)
_COMMA_LIST = re.compile(r",|\band\b")
_MAX_ROWS = 40  # below the title
_LONE_NAME = 0.5  # the certainty of names without other evidence of a byline


class Byline(NamedTuple):
    """The authors next to a title, the rows that name them with their institutions, and a certainty from 0 to 1."""

    people: list[str]
    rows: tuple[Row, ...] = ()
    certainty: float = 0.8


class UsedWords(NamedTuple):
    """A paper's lower-case words, and its text in non-Latin scripts without spaces."""

    words: frozenset[str]
    text: str

    def has(self, word: str) -> bool:
        """Return whether the paper uses a word in lower case, or twice if it has no case."""
        return word.casefold() in self.words if has_case(word) else self.text.count(word) > 1


class _NameRows(NamedTuple):
    """Rows that name people, rows of places and addresses below, what ends them, and whether prose precedes them."""

    names: list[Row]
    places: list[Row]
    end: str | None
    after_prose: bool


def used_words(pages: Sequence[PageLines]) -> UsedWords:
    """Return the words on pages, without those of addresses."""
    lines = [line.text for page in pages for line in page.lines]
    words = {word for text in lines for word in re.findall(r"(?<![\w@./-])[^\W\d_]{3,}(?![\w@/]|\.\w)", text)}
    return UsedWords(
        frozenset(word for word in words if word.islower()),
        "".join(text.replace(" ", "") for text in lines if not text.isascii()),
    )


def authors_of(page: FirstPage, byline: Byline, stated: list[str], in_name: str) -> tuple[tuple[str, ...], float]:
    """Return the authors with a certainty: the printed ones, unless the file's metadata or name is better."""
    stated = as_printed(stated, byline.people)
    printed = _without_strangers(byline.people, {surname(name) for name in stated})
    ours, theirs = ({surname(name) for name in names} for names in (printed, stated))
    text = squeezed(" ".join(row.text for row in page.rows if row.top < 0.75 * page.height))
    all_on_page = all(surname(name) in text for name in stated)
    if printed and ours == theirs:
        return tuple(printed), 0.97
    if printed and (not stated or ours & theirs == theirs):
        return tuple(printed), 0.9 if stated else byline.certainty
    if stated and all_on_page and (len(stated) > 1 or not printed):
        return tuple(stated), 0.9
    if printed:
        return tuple(printed), min(0.7, byline.certainty)
    if len(stated) > 1:
        return tuple(stated), 0.6  # a lone name that is not on the page often belongs to the creator of the file
    names = [" ".join(name.split()) for name in re.split(r"\bet al\.?|,|\band\b|&", in_name)]
    return tuple(filter(None, names)), 0.5 if any(names) else 0.0


def _without_strangers(printed: list[str], stated: set[str]) -> list[str]:
    """Return printed names without those before and between the stated ones, if several are stated and all are printed.

    Names after the last stated one stay, since a stated list may be truncated.
    """
    last = max((at for at, name in enumerate(printed) if surname(name) in stated), default=-1)
    if len(stated) < 2 or not stated <= set(map(surname, printed)):
        return printed
    return [name for at, name in enumerate(printed) if at > last or surname(name) in stated]


def as_printed(stated: Sequence[str], printed: Sequence[str]) -> list[str]:
    """Return stated names in their printed spelling, reversed if a printed one shows that family names come first."""
    spelling = {_words_of(name): name for name in printed}
    known = [spelling.get(_words_of(name)) for name in stated]
    turned = any(ours and surname(ours) != surname(name) for ours, name in zip(known, stated, strict=True))
    return [ours or (_turned(name) if turned else name) for ours, name in zip(known, stated, strict=True)]


def _words_of(name: str) -> tuple[str, ...]:
    return tuple(sorted(map(squeezed, name.split())))


def _turned(name: str) -> str:
    family, _, given = name.partition(" ")
    return f"{given} {family}" if given else name


def checked_authors(
    authors: tuple[str, ...], certainty: float, citations: Sequence[str]
) -> tuple[tuple[str, ...], float]:
    """Return the authors without those missing from the paper's own citation, if it lists all authors."""
    for text in citations:
        cited = _plain_letters(text)
        named = tuple(name for name in authors if any(_plain_letters(word) in cited for word in _words(name)))
        if named == authors:
            return authors, max(certainty, 0.95) if authors else 0.0
        if len(named) > len(authors) / 2 and not _SHORTENED.search(text):
            return named, certainty
    return authors, certainty


def _plain_letters(text: str) -> str:
    return squeezed("".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c)))


def printed_authors(page: FirstPage, title: Sequence[Row], used: UsedWords) -> Byline:
    """Return the authors below a title or, failing that, above it; none if the rows may be something else.

    The rows of the result contain nothing else and may be removed from the text.
    """
    if not title:
        return Byline([])
    foot = max(row.bottom for row in title) - 0.6 * title[-1].size
    left = min(row.left for row in title)
    sidebar = left if left > 0.2 * page.width and _is_left_aligned(title, page) else 0.0
    below = [row for row in page.rows if row.top > foot and row.right > sidebar and row not in title]
    above = [row for row in page.rows if row.bottom < title[0].top + 2 and row.right > sidebar]
    title_words = {word.casefold() for row in title for word in re.findall(r"[^\W\d_]{3,}", row.text)}
    byline = _judge(_name_rows(_side_by_side(below)), used, title_words)
    if byline.people:
        return byline._replace(rows=tuple(_level_rows(below, byline.rows)))
    over = _judge(_name_rows(join_rows(above)[-3:]), used, title_words)
    return over._replace(rows=()) if over.certainty > _LONE_NAME else Byline([])  # a journal's name may be there too


def _side_by_side(rows: Sequence[Row]) -> list[Row]:
    """Return rows joined with those beside them; running text beside the names stays separate."""
    text = [_is_text(row) for row in rows]
    joined = join_rows(row for row, is_text in zip(rows, text, strict=True) if not is_text)
    return sorted([*joined, *compress(rows, text)], key=lambda row: (row.top, row.left))


def _level_rows(rows: Sequence[Row], byline: Sequence[Row]) -> list[Row]:
    """Return the rows at the height of a byline, without a column of running text to its right."""
    level = [row for row in rows if any(b.top < (row.top + row.bottom) / 2 < b.bottom for b in byline)]
    left = min((row.left for row in byline), default=0.0)
    margin = min((row.left for row in level if _is_text(row) and row.left > left + 1), default=math.inf)
    return [row for row in level if row.left < margin and not _is_text(row)]


def _is_text(row: Row) -> bool:
    return bool(FRONT_MATTER_END.match(row.text)) or ("@" not in row.text and is_sentence(row.text))


def _is_left_aligned(rows: Sequence[Row], page: FirstPage) -> bool:
    middle = (min(row.left for row in rows) + max(row.right for row in rows)) / 2
    return abs(middle - page.width / 2) > 0.04 * page.width


def _judge(found: _NameRows, used: UsedWords, title_words: set[str]) -> Byline:
    """Return the people in rows that have the marks of a byline, or only uncommon words."""
    names = people(_chain(found.names))
    if not names:
        return Byline([])
    common = {name: [_is_common(word, used, title_words) for word in _words(name)] for name in names}
    with_mail = any("@" in row.parts for row in found.places)
    if not with_mail:
        names = [name for name in names if not _is_phrase(name, used)]
        if all(all(common[name]) for name in names):
            return Byline([])
    partly_common = sum(any(common[name]) for name in names)
    first = [name.split()[0] for name in names]
    labels = len(names) > 1 and len(set(first)) == 1 and any(used.has(word) for word in first)  # River Ash, River Elm
    sure = any(BY.match(row.parts) or row.marked for row in found.names) or bool(found.places)
    listed = len(names) > 1 and any(_LIST.search(row.parts) and len(people(row.parts)) > 1 for row in found.names)
    before_abstract = found.end == "abstract" and not found.after_prose
    doubtful = sum(any(map(is_doubtful, _words(name))) for name in names)
    few_common = 2 * (doubtful if before_abstract else partly_common) <= len(names)
    if (not labels and (sure or (listed and few_common))) or (before_abstract and not partly_common):
        return Byline(names, (*found.names, *found.places) if found.end else ())
    if not partly_common and not found.after_prose and all(_may_be_lone_name(name) for name in names):
        return Byline(names, (), _LONE_NAME)
    return Byline([])


def _words(name: str) -> list[str]:
    return [word for word in re.findall(r"[^\W\d_]+", name) if word.casefold() not in PARTICLES and len(word) > 1]


def _is_common(word: str, used: UsedWords, title_words: set[str]) -> bool:
    return used.has(word) or is_doubtful(word) or word.casefold() in title_words


def _is_phrase(name: str, used: UsedWords) -> bool:
    """Return whether most words of a name are also used in lower case or in labels: `Culture Collection`.

    Short words do not count, since many Chinese names are short words.
    """
    words = _words(name)
    common = [word for word in words if len(word) > 3 and (used.has(word) or is_doubtful(word))]
    return has_case(name) and len(common) >= max(2, 0.6 * len(words))


def _may_be_lone_name(name: str) -> bool:
    """Return whether a name without other evidence is short enough, and not a phrase in a script without case."""
    return len(name.split()) < 5 and (has_case(name) or bool(EAST_ASIAN.match(name)))


def _name_rows(rows: Sequence[Row]) -> _NameRows:
    """Return the rows from the first that names people up to the abstract or a sentence."""
    names: list[Row] = []
    places: list[Row] = []
    closed = prose = False
    margin = math.inf  # left edge of a column of text beside the names
    for at, row in enumerate(rows[:_MAX_ROWS]):
        text = row.parts
        mail = "@" in text
        if names and row.top < names[-1].bottom and row.left > names[-1].right:
            margin = min(margin, row.left)
        if row.left >= margin - 1:
            continue
        if FRONT_MATTER_END.match(text):
            return _NameRows(names, places, "abstract", prose)
        if not mail and is_sentence(text):
            if names:
                return _NameRows(names, places, "sentence", prose)
            prose = True
        if names and (mail or is_place(text)):
            places.append(row)
        alike = not names or (abs(row.size - names[0].size) < 0.06 * row.size and _may_be_as_bold(row, names[0]))
        closed = closed and not mail and not _is_next_author(rows[at : at + 2])
        if (
            alike
            and not closed
            and not _NUMBERED.search(text)
            and not _LEADING_MARK.match(text)
            and not is_sentence(text)
        ):
            near = bool(names) and row.top - names[-1].bottom < 0.6 * row.size
            continues = near and not mail and not is_place(text) and _is_open_list(names[-1].parts)
            if people(text) or continues:
                names.append(row)
            elif names and is_place(text):
                closed = True
    return _NameRows(names, places, None, prose)


def _is_next_author(rows: Sequence[Row]) -> bool:
    """Return whether a row is exactly one person's name, and the next a place or address."""
    if len(rows) < 2 or not (is_place(rows[1].parts) or "@" in rows[1].parts):
        return False
    return [squeezed(name) for name in people(rows[0].parts)] == [squeezed(rows[0].parts)]


def _may_be_as_bold(one: Row, other: Row) -> bool:
    """Return whether rows may be in the same type; many marks, which are not bold, can hide that a row is bold."""
    return one.bold == other.bold or any(
        sum(not letter.isalpha() and letter not in " .-" for letter in row.parts) > 0.1 * len(row.parts)
        for row in (one, other)
        if not row.bold
    )


def _is_open_list(parts: str) -> bool:
    """Return whether a list of names may break off in the middle of a name."""
    return bool(_COMMA_LIST.search(parts)) and not parts.endswith((",", CUT))


def _chain(rows: Sequence[Row]) -> str:
    """Return rows as one list; a name may continue in the next row only if commas separate the names."""
    text = ""
    for row in rows:
        continues = _COMMA_LIST.search(text) and not text.endswith(CUT)
        text = f"{text} {row.parts}" if continues else f"{text}{CUT} {row.parts}"
    return text


def is_sentence(text: str) -> bool:
    """Return whether a line is running text rather than a title, a name or a label."""
    words = re.findall(r"[^\W\d_]{2,}", text)
    lower = sum(word.islower() and word not in PARTICLES and word not in ("of", "and", "for") for word in words)
    if len(words) > 6 and lower > 0.45 * len(words):
        return True
    uncased = sum(c.isalpha() and not has_case(c) for c in text)
    return uncased > 20 and (uncased > 40 or text.rstrip().endswith(("。", "．", "다.", "؟", "।", ".")))
