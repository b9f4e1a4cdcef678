"""Find the title on a first page by its type, position and words, and by the file's metadata and name."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import dropwhile
from typing import NamedTuple

from ...text.readable import readable
from ..bylines import BY, is_place, people, squeezed
from .authors import FRONT_MATTER_END, is_sentence
from .first_page import MAX_LENGTH, FirstPage, Row, in_margin
from .lines import PageLines
from .writing_systems import UNSPACED

ZOTERO_NAME = re.compile(r"(?P<authors>.+?) - (?P<year>(?:19|20)\d\d) - (?P<title>.+)")
_LABEL = re.compile(
    r"""^\W*(?:(?:original|short|brief|invited|regular|full|systematic|mini|peer-reviewed)\s)*
        (?:(?:research|review|data|software|methods?|technical|case|working|conference|news|resource|rapid)\s)?
        (?:(?:article|paper|report|letter|communication|review|note|editorial|commentary|perspective|tutorial)s?
           |open\saccess|openaccess|research|check\sfor\supdates|draft|preprint|accepted\smanuscript|author\smanuscript
           |confidential|(?:ph\.?\s?d\.?|doctoral|master'?s?|bachelor'?s?|diploma)\s(?:thesis|dissertation)|thesis
           |dissertation|table\sof\scontents|contents|in\sbrief|ar\s?ticles?\sinfo|article\shistory)\W*$""",
    re.I | re.X,
)
_NOT_A_TITLE = re.compile(
    r"""^\W*(?:abstract|summary|keywords?|highlights|references)\s*[:.—–]
     |@|https?:|www\.|\bdoi\b|\bissn\b|\bisbn\b|^\W*arxiv|^\W*(?:bio|med)rxiv|©|\(c\)\s?\d{4}|\bcc[\s-]by\b|creative\scommons
     |^(?:\d+\s)?(?:published|received|accepted|submitted|available|downloaded|posted|revised|to\sappear)\b.*\d|^citation:
     |^contents\slists|journal\shomepage|sciencedirect|^under\sreview|copyright\sholder|all\srights\sreserved
     |^(?:in\s)?proceedings\sof|^\d+(?:st|nd|rd|th)\s.*(?:conference|workshop|symposium|meeting)
     |^a\s(?:thesis|dissertation)\b|\bvol(?:ume|\.)?\s?\d|\bpp?\.\s?\d|\bno\.\s?\d|^page\s\d|^\W*\d[\d\W]*$
     |^(?:see\sdiscussions|hal\sid|some\sof\sthe\sauthors|user\scontent|to\scite\sthis)""",
    re.I | re.X,
)
_VENUE_WORD = re.compile(
    r"^(?:the\s)?(?:\S+\s){0,4}(?:journal|transactions|proceedings|letters|annals|bulletin|magazine|archives|gazette)\b"
    r"|^(?:frontiers\sin|advances\sin|trends\sin|lecture\snotes|plos|peerj|elife|nature|science|cell|pnas|bmc|scientific"
    r"\s(?:reports|data)|heliyon|sensors|springer|elsevier|mdpi|wiley|ieee|acm)\b", re.I
)  # fmt: skip
_JUNK = re.compile(
    r"untitled|microsoft word|powerpoint|\.(?:docx?|tex|dvi|pdf|indd|qxd|rtf|odt|ps)\b|^[\W\d_]*$|^[A-Za-z]?\d[\w.-]*$"
    r"|^(?:pii|doi|arxiv)\b|\btemplate\b|^(?:latex|main|manuscript|document|paper|article|draft|title|print|layout)\b.{0,8}$"
    r"|pre-proof|^(?:acl|emnlp|naacl|iclr|icml|neurips|nips|cvpr)\W?\d+|\\(?:title|document)", re.I
)  # fmt: skip
_INSTITUTION = re.compile(r"\b(?:univer\w+|institut\w*|department|faculty|college|school of|academy)\b", re.I)
_UNFINISHED = re.compile(
    r"(?:[:,–—-]|\b(?:a|an|the|of|on|in|for|to|and|or|with|by|from|at|as|via|using|under|over|between|into|about"
    r"|across|through|among|within|without|during|towards?|against|is|are|der|die|das|und"
    r"|von|de|la|le|les|du|des|et|en|el|los|y))$", re.I
)  # fmt: skip
_STATUS = re.compile(r"\s*[\[({]v(?:ersion\s)?\d+\s?[;:,].*$", re.I)  # of a reviewed version, after the title
_DAMAGED = re.compile(r"[\ufffd\ue000-\uf8ff\x00-\x1f]|\(cid:|(?:\b\w ){5}")


_MIN_SCORE = 1.6
_MAX_GAP = 2.4  # of the type size, between the lines of a double-spaced title
_SAME_TITLE = 0.85  # similarity of two forms of one title


class Title(NamedTuple):
    """A title, its certainty from 0 to 1, and its rows on the first page if it is printed there."""

    text: str
    certainty: float
    rows: tuple[Row, ...] = ()


def find_title(page: FirstPage, pages: Sequence[PageLines], stated: Sequence[str], stem: str) -> Title:
    """Return the title of a paper from its first page, the titles in the file's metadata, and the file's name."""
    named = ZOTERO_NAME.match(stem)
    hints = [title for title in map(_plain, stated) if not _is_junk(title)]
    hints += [named["title"]] if named else []
    block = _best_block(page, hints)
    for hint in hints:
        rows = _rows_with_text(page, hint)
        if rows:
            rows = block if set(rows) < set(block) and block[0].size > 1.2 * page.body else rows
            return Title(_best_spelling(rows, hint, pages), 0.97, tuple(rows))
    if block:
        text = _join(block, pages)
        hint = next((hint for hint in hints if _agreement(hint, text) > _SAME_TITLE), "")
        large = block[0].size > 1.15 * page.body
        certainty = 0.93 if hint else 0.7 if hints and not named else 0.8
        if hint or large or not hints:
            if not hint and _DAMAGED.search(text):
                return Title(text, 0.3, tuple(block))
            damaged = hint and (_DAMAGED.search(text) or _lacks_letters(text, hint))
            return Title(hint if damaged else text, certainty if hint or large else 0.6, tuple(block))
    if hints:
        return Title(hints[0], 0.35 if named and len(hints) == 1 else 0.6)
    return Title(" ".join(re.sub(r"[_+]|(?<=[^\W\d])-(?=[^\W\d])", " ", stem).split()), 0.3)


def is_about_another(title: Title, stated: Sequence[str]) -> bool:
    """Return whether a file's stated titles share no words with the printed one, as in files made from a template."""
    hints = list(filter(None, (_long_words(hint) for hint in map(_plain, stated) if not _is_junk(hint))))
    printed = _long_words(title.text)
    return bool(title.rows and hints) and all(len(hint & printed) < len(hint) / 3 for hint in hints)


def _long_words(text: str) -> set[str]:
    return set(re.findall(r"[^\W\d_]{4,}", text.casefold()))


def _plain(title: str) -> str:
    return " ".join(readable(html.unescape(re.sub(r"</?\w{1,6}>", "", title))).split())


def _is_junk(title: str) -> bool:
    """Return whether a stated title is really the name of a file, print job, template or journal."""
    short = len(title.split()) < 8
    return (
        not 8 <= len(title) < MAX_LENGTH
        or bool(_JUNK.search(title))
        or " " not in title
        or (short and bool(_VENUE_WORD.search(title)))
    )


# Candidates on the page


def _best_block(page: FirstPage, hints: Sequence[str]) -> list[Row]:
    """Return the rows that look most like a title; none if nothing does."""
    scored = [(_score(block, page, hints), block) for block in _blocks(page)]
    score, block = max(scored, key=lambda each: each[0], default=(0.0, []))
    return block if score >= _MIN_SCORE else []


def _blocks(page: FirstPage) -> list[list[Row]]:
    """Group consecutive rows of the same type in the upper part of a page."""
    blocks: list[list[Row]] = []
    for at, row in enumerate(page.rows):
        text = _STATUS.sub("", row.text)
        if row.top > 0.7 * page.height or _is_not_a_title(text) or not re.search(r"[^\W\d_]{2}", text):
            continue
        following = page.rows[at + 1 : at + 4]
        near = next((block for block in reversed(blocks) if _continues(block, row, following, page)), None)
        if near is not None:
            near.append(row)
        elif not _LABEL.match(row.text):
            blocks.append([row])
    return blocks


def _is_not_a_title(text: str) -> bool:
    return bool(_NOT_A_TITLE.search(text)) or bool(FRONT_MATTER_END.fullmatch(text))


def _continues(block: Sequence[Row], row: Row, following: Sequence[Row], page: FirstPage) -> bool:
    last = block[-1]
    level = abs(row.top - last.top) < 0.3 * row.size
    capitals = row.text.isupper() and last.text.isupper()
    alike = abs(row.size - last.size) < (0.35 if capitals else 0.06) * last.size
    gap = (row.top - last.bottom) / row.size
    below = -0.6 < gap < _MAX_GAP and row.left < last.right and last.left < row.right
    if not alike or not (level or below) or (gap > 1.1 and not _continues_over_gap(block, row, following)):
        return False
    if row.bold != last.bold or _LABEL.match(row.text):
        return row.size >= 1.2 * page.body and gap < 1.1 and _goes_on(last, row)
    # Authors may follow directly below a title in type as small as the text's.
    return row.size >= 1.2 * page.body or not people(row.parts)


def _continues_over_gap(block: Sequence[Row], row: Row, following: Sequence[Row]) -> bool:
    """Return whether a row continues a title after a gap, as in double-spaced type.

    It does by its words, or as the last row before the authors.
    """
    if people(row.parts) or is_place(row.text) or is_sentence(row.text) or abs(row.size - block[-1].size) > 0.3:
        return False
    others = list(dropwhile(lambda near: abs(near.size - row.size) < 0.3 and not people(near.parts), following))
    return _goes_on(block[-1], row) or any(people(near.parts) or BY.match(near.parts) for near in others[:1])


def _goes_on(last: Row, row: Row) -> bool:
    """Return whether a title's words show that it continues in the next row."""
    return bool(_UNFINISHED.search(last.text)) or row.text[0].islower()


def _score(block: Sequence[Row], page: FirstPage, hints: Sequence[str]) -> float:
    """Return how much rows look like a title, by type size, position, length, words, and the rows below."""
    first, text = block[0], " ".join(row.text for row in block)
    words = len(text.split())
    large = min(first.size / page.body, 2.6)
    below = [row for row in page.rows if row.top > block[-1].top + 0.5 * block[-1].size and row not in block]
    distinct = first.bold or text.isupper() or large > 1.1
    over_abstract = first.top < 0.4 * page.height and any(FRONT_MATTER_END.match(row.text) for row in below)
    score = 2.0 * large + 0.5 * first.bold - first.top / page.height
    score -= 0.0 if distinct or over_abstract else 1.5
    score -= 0.25 * (first.size < 1.1 * page.body)
    score -= {1: 1.2, 2: 0.5}.get(words, 0.0) + max(0, words - 35) * 0.1
    score -= 1.6 * bool(words < 10 and _VENUE_WORD.search(text)) + 1.2 * bool(words < 8 and _INSTITUTION.search(text))
    score -= 1.0 * bool(in_margin(block[-1], page.height)) + 1.5 * bool(re.search(r"[a-z]{2}\.$", text) and words > 14)
    score -= 1.6 * bool(first.size < 1.4 * page.body and all(people(row.parts) for row in block))
    score += 0.6 * any(people(row.parts) for row in below[:3])
    return score + 2.0 * any(_agreement(hint, text) > _SAME_TITLE for hint in hints)


def _rows_with_text(page: FirstPage, hint: str) -> list[Row]:
    """Return the rows in the upper part of the page whose text is `hint`, in type at least as large as the body's."""
    wanted = squeezed(hint)
    rows = [row for row in page.rows if row.size >= 0.95 * page.body and row.top < 0.75 * page.height]
    for start in range(len(rows)):
        text = ""
        for end in range(start, min(start + 8, len(rows))):
            text += squeezed(rows[end].text)
            if text == wanted:
                return rows[start : end + 1]
            if not wanted.startswith(text):
                break
    return []


# Spelling


def _best_spelling(rows: Sequence[Row], hint: str, pages: Sequence[PageLines]) -> str:
    """Return the printed spelling of a title, or the file's if the page breaks, capitalises or damages words."""
    text = _join(rows, pages)
    if squeezed(text) != squeezed(hint):
        return text
    broken = any(row.text.endswith(("-", "\xad")) for row in rows[:-1])
    return hint if broken or _DAMAGED.search(text) or (text.isupper() and not hint.isupper()) else text


def _join(rows: Sequence[Row], pages: Sequence[PageLines]) -> str:
    """Join rows, removing a hyphen at a row's end if the paper has the word without it."""
    text = rows[0].text
    for row in rows[1:]:
        before, after = re.search(r"(\w+)-$", text), re.match(r"\w+", row.text)
        if not before or not after:
            unspaced = UNSPACED.match(text[-1:]) and UNSPACED.match(row.text)
            text = f"{text}{'' if unspaced else ' '}{row.text}"
            continue
        whole = re.compile(rf"\b{before[1]}{after[0]}\b", re.I)
        broken = after[0].islower() and any(whole.search(line.text) for page in pages for line in page.lines)
        text = (text[:-1] if broken or text.endswith("\xad") else text) + row.text
    text = _STATUS.sub("", unicodedata.normalize("NFC", text))
    return re.sub(r"(?<=[a-z\d)])\.$", "", text.strip())


def _lacks_letters(text: str, hint: str) -> bool:
    """Return whether `text` is `hint` with letters missing, as when a font does not map its ligatures."""
    letters = iter(squeezed(hint))
    return squeezed(text) != squeezed(hint) and all(letter in letters for letter in squeezed(text))


def _agreement(one: str, other: str) -> float:
    """Return the similarity of two titles, from 0 to 1; a truncated title counts as equal to the whole."""
    one, other = sorted((squeezed(one), squeezed(other)), key=len)
    if len(one) > 20 and other.startswith(one):
        return 0.95
    return SequenceMatcher(None, one, other, autojunk=False).ratio() if one else 0.0
