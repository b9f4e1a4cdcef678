"""What a PDF's paper is: title, authors, year, venue, DOI and arXiv id, guessed from page, facts, XMP and file name.

Every source is weighed against the others: what two of them say is nearly certain, what one says is a guess.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import dropwhile, pairwise
from typing import TYPE_CHECKING, NamedTuple

from ...text.readable import readable
from ..bylines import BY, is_place, people, squeezed, stated_people
from .authors import STOP, authors_of, is_sentence, printed_authors, used_words
from .first_page import LONGEST, FirstPage, Row, first_page, in_margin
from .imprint import find_arxiv_id, find_doi, find_venue, find_year, stated_facts
from .lettering import UNSPACED

if TYPE_CHECKING:
    from .glyphs import PageLines

_NOISE = re.compile(
    r"""^\W*(?:(?:original|short|brief|invited|regular|full|systematic|mini|peer-reviewed)\s)*
        (?:(?:research|review|data|software|methods?|technical|case|working|conference|news|resource|rapid)\s)?
        (?:(?:article|paper|report|letter|communication|review|note|editorial|commentary|perspective|tutorial)s?
           |open\saccess|openaccess|research|check\sfor\supdates|draft|preprint|accepted\smanuscript|author\smanuscript
           |confidential|(?:ph\.?\s?d\.?|doctoral|master'?s?|bachelor'?s?|diploma)\s(?:thesis|dissertation)|thesis
           |dissertation|table\sof\scontents|contents|in\sbrief|ar\s?ticles?\sinfo|article\shistory)\W*$
     |^\W*(?:abstract|summary|keywords?|highlights|references)\s*[:.—–]
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
_NAMED = re.compile(r"(?P<who>.+?) - (?P<year>(?:19|20)\d\d) - (?P<title>.+)")  # as Zotero names files
_INSTITUTION = re.compile(r"\b(?:univer\w+|institut\w*|department|faculty|college|school of|academy)\b", re.I)
_WIDEST_GAP = 2.4  # of the type's size, between the lines of a double-spaced title
_UNFINISHED = re.compile(
    r"(?:[:,–—-]|\b(?:a|an|the|of|on|in|for|to|and|or|with|by|from|at|as|via|using|under|over|between|into|about"
    r"|across|through|among|within|without|during|towards?|against|is|are|der|die|das|und"
    r"|von|de|la|le|les|du|des|et|en|el|los|y))$", re.I
)  # fmt: skip
_LITTLE = 800  # characters on a title page; a page with text has more
_LABELLED = re.compile(
    r"^\W*(?:published|accepted|received|submitted|(?:https?://)?(?:dx\.)?doi|digital object identifier"
    r"|available online|citation|copyright|©|to cite)",
    re.I,
)
_VISITED = re.compile(r"\W*(?:download|access|view|deposit|archived)", re.I)  # no date of the paper's
_OPEN_END = re.compile(r"\b(?:of|on|in|for|the|and|Open|Computational)$|Journal$")
_DAMAGED = re.compile(r"[\ufffd\ue000-\uf8ff\x00-\x1f]|\(cid:|(?:\b\w ){5}")


@dataclass(frozen=True, slots=True)
class Metadata:
    """A paper's metadata. `certainty` gives 0 to 1 for every field that was found.

    `title_lines` are the indices of the title's lines on `pages[title_page]`, which is the first page behind the
    covers; empty where the title stands on no page. `author_lines` are those of the authors under it,
    with their institutions and addresses; empty where it is not sure how far they go.
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


class _Title(NamedTuple):
    """A title, its certainty, and the rows it stands in."""

    text: str
    certainty: float
    rows: tuple[Row, ...] = ()


def guess_metadata(
    pages: Sequence[PageLines], facts: Mapping[str, str], xmp: str | None, file_name: str, cover: int = 0
) -> Metadata:
    """The metadata of the paper on `pages`; `facts` is the file's Info dictionary, `xmp` its packet as text.

    `cover` is how many pages come before the paper's first: they only say where and when it appeared.

    The title is never empty unless the file's name is: where nothing else names the paper, that does.
    """
    stated = stated_facts(facts, xmp)
    stem = re.sub(r"\.pdf$", "", file_name, flags=re.I)
    page = first_page(pages, cover)
    named = _NAMED.match(stem)
    title = _title(page, pages, stated.get("title", []), stem)
    rows = _edges(page, title)
    overleaf = [row.text for row in first_page(pages, cover + 1).rows if in_margin(row, page.height)]
    sheets = [text for at in range(cover) for text in _texts(first_page(pages, at).rows) if not _VISITED.match(text)]
    edges = [*_texts(rows), *overleaf, *sheets]
    byline = printed_authors(page, title.rows, used_words(pages))
    authors, sure = authors_of(page, byline, stated_people(stated), named["who"] if named else "")
    cited = [row for row in rows if _may_cite(row, page, title)]
    doi = find_doi([*_texts([row for row in rows if row not in cited]), *sheets], _texts(cited), overleaf, stated, stem)
    lines = [(line.text, bool(line.turned)) for first in pages[cover : cover + 1] for line in first.lines]
    arxiv = find_arxiv_id(lines, stated, stem)
    year = find_year(edges, stated, arxiv, named["year"] if named else "")
    venue = find_venue(edges, stated, doi, arxiv)
    sureness = (
        ("title", title.certainty), ("authors", sure), ("year", year.certainty), ("venue", venue.certainty),
        ("doi", doi.certainty), ("arxiv_id", arxiv.certainty),
    )  # fmt: skip
    return Metadata(
        title.text,
        authors,
        int(year.value) if year.value else None,
        venue.value or None,
        doi.value or None,
        arxiv.value or None,
        tuple((name, round(certainty, 2)) for name, certainty in sureness if certainty),
        tuple(sorted(row.at for row in title.rows)),
        cover,
        tuple(sorted(row.at for row in byline.rows)),
    )


def _edges(page: FirstPage, title: _Title) -> list[Row]:
    """The lines around the paper's own text: margins, what stands before the abstract, labelled lines, small type."""
    stop = _stop(page, title)
    return [
        row
        for row in page.rows
        if row not in title.rows
        and (
            in_margin(row, page.height)
            or row.top < stop
            or _LABELLED.match(row.text)
            or (row.size < 0.88 * page.body and not is_sentence(row.text))
        )
    ]


def _stop(page: FirstPage, title: _Title) -> float:
    """How far down the page everything stands before the paper's own text."""
    if sum(len(row.text) for row in page.rows) < _LITTLE:
        return page.height
    stops = [row.top for row in page.rows if STOP.match(row.text)]
    return min(stops) if stops else max((row.bottom for row in title.rows), default=0.0)


def _may_cite(row: Row, page: FirstPage, title: _Title) -> bool:
    """Whether a line at the edge may be of the text, of a note or of a list of references: what it names is cited."""
    if row.top < _stop(page, title) or _LABELLED.match(row.text):
        return False
    as_text = abs(row.size - page.body) < 0.05 * page.body and len(row.text.split()) > 6
    return as_text or not in_margin(row, page.height)


def _texts(rows: Sequence[Row]) -> list[str]:
    """The rows' texts, before them what goes on in the next row put together."""
    texts = [row.text for row in rows]
    cut = [f"{a}{b}" for a, b in pairwise(texts) if a.endswith((":", "/"))]
    return cut + [f"{a} {b}" for a, b in pairwise(texts) if _OPEN_END.search(a)] + texts


# The title


def _title(page: FirstPage, pages: Sequence[PageLines], stated: Sequence[str], stem: str) -> _Title:
    named = _NAMED.match(stem)
    hints = [title for title in map(_plain, stated) if not _is_junk(title)]
    hints += [named["title"]] if named else []
    block = _best_block(page, hints)
    for hint in hints:
        rows = _rows_saying(page, hint)
        if rows:
            rows = block if set(rows) < set(block) and block[0].size > 1.2 * page.body else rows
            return _Title(_spelled(rows, hint, pages), 0.97, tuple(rows))
    if block:
        text = _joined(block, pages)
        hint = next((hint for hint in hints if _agree(hint, text) > 0.85), "")
        strong = block[0].size > 1.15 * page.body
        sure = 0.93 if hint else 0.7 if hints and not named else 0.8
        if hint or strong or not hints:
            text = hint if hint and (_DAMAGED.search(text) or _lacks_letters(text, hint)) else text
            return _Title(text, sure if hint or strong else 0.6, tuple(block))
    if hints:
        return _Title(hints[0], 0.35 if named and len(hints) == 1 else 0.6)
    return _Title(" ".join(re.sub(r"[_+]|(?<=[^\W\d])-(?=[^\W\d])", " ", stem).split()), 0.3)


def _best_block(page: FirstPage, hints: Sequence[str]) -> list[Row]:
    """The rows that look most like the title; empty where none do."""
    blocks = _blocks(page)
    scores = [_score(block, page, hints) for block in blocks]
    if not scores or max(scores) < 1.6:
        return []
    return blocks[scores.index(max(scores))]


def _blocks(page: FirstPage) -> list[list[Row]]:
    """Runs of rows in one type, one under another, in the upper part of a page."""
    blocks: list[list[Row]] = []
    for at, row in enumerate(page.rows):
        if row.top > 0.7 * page.height or _is_noise(row.text) or not re.search(r"[^\W\d_]{2}", row.text):
            continue
        following = page.rows[at + 1 : at + 4]
        near = next((block for block in reversed(blocks) if _continues(block, row, following, page)), None)
        if near is None:
            blocks.append([row])
        else:
            near.append(row)
    return blocks


def _continues(block: Sequence[Row], row: Row, following: Sequence[Row], page: FirstPage) -> bool:
    last = block[-1]
    level = abs(row.top - last.top) < 0.3 * row.size
    capitals = row.text.isupper() and last.text.isupper()
    alike = abs(row.size - last.size) < (0.35 if capitals else 0.06) * last.size and row.bold == last.bold
    gap = (row.top - last.bottom) / row.size
    beneath = -0.6 < gap < _WIDEST_GAP and row.left < last.right and last.left < row.right
    if not alike or not (level or beneath) or (gap > 1.1 and not _reads_on(block, row, following)):
        return False
    # In type as small as the text's, the authors may stand right under the title.
    return row.size >= 1.2 * page.body or not people(row.parts)


def _reads_on(block: Sequence[Row], row: Row, following: Sequence[Row]) -> bool:
    """Whether a line well below a title's goes on with it, as in double-spaced type: by its words, or as the last
    line before the authors."""
    if people(row.parts) or is_place(row.text) or is_sentence(row.text) or abs(row.size - block[-1].size) > 0.3:
        return False
    open_end = bool(_UNFINISHED.search(block[-1].text)) or row.text[0].islower()
    others = list(dropwhile(lambda near: abs(near.size - row.size) < 0.3 and not people(near.parts), following))
    return open_end or any(people(near.parts) or BY.match(near.parts) for near in others[:1])


def _score(block: Sequence[Row], page: FirstPage, hints: Sequence[str]) -> float:
    first, text = block[0], " ".join(row.text for row in block)
    words = len(text.split())
    large = min(first.size / page.body, 2.6)
    apart = first.bold or text.isupper() or large > 1.1
    score = 2.0 * large + 0.5 * first.bold - first.top / page.height
    score -= 0.0 if apart or _has_abstract_below(block, page) else 1.5
    score -= 0.25 * (block[0].size < 1.1 * page.body)
    score -= {1: 1.2, 2: 0.5}.get(words, 0.0) + max(0, words - 35) * 0.1
    score -= 1.6 * bool(words < 10 and _VENUE_WORD.search(text)) + 1.2 * bool(words < 8 and _INSTITUTION.search(text))
    score -= 1.0 * bool(in_margin(block[-1], page.height)) + 1.5 * bool(re.search(r"[a-z]{2}\.$", text) and words > 14)
    score -= 1.6 * bool(first.size < 1.4 * page.body and all(people(row.parts) for row in block))
    score += 0.6 * any(people(row.parts) for row in _below(block, page)[:3])
    return score + 2.0 * any(_agree(hint, text) > 0.85 for hint in hints)


def _below(block: Sequence[Row], page: FirstPage) -> list[Row]:
    return [row for row in page.rows if row.top > block[-1].top + 0.5 * block[-1].size and row not in block]


def _has_abstract_below(block: Sequence[Row], page: FirstPage) -> bool:
    return any(STOP.match(row.text) for row in _below(block, page)) and block[0].top < 0.4 * page.height


def _is_noise(text: str) -> bool:
    return bool(_NOISE.search(text)) or bool(STOP.fullmatch(text))


def _is_junk(title: str) -> bool:
    """Whether a stated title is a file's name, a printer's job, a template's or a journal's."""
    few = len(title.split()) < 8
    return (
        not 8 <= len(title) < LONGEST
        or bool(_JUNK.search(title))
        or " " not in title
        or (few and bool(_VENUE_WORD.search(title)))
    )


def _rows_saying(page: FirstPage, hint: str) -> list[Row]:
    """The rows in the upper part of the page whose text is `hint`, in type no smaller than the paper's; or none."""
    wanted = squeezed(hint)
    rows = [row for row in page.rows if row.size >= 0.95 * page.body and row.top < 0.75 * page.height]
    for start in range(len(rows)):
        said = ""
        for end in range(start, min(start + 8, len(rows))):
            said += squeezed(rows[end].text)
            if said == wanted:
                return rows[start : end + 1]
            if not wanted.startswith(said):
                break
    return []


def _spelled(rows: Sequence[Row], hint: str, pages: Sequence[PageLines]) -> str:
    """The title as the page spells it; as the file's metadata does where the page cuts, shouts or damages a word."""
    text = _joined(rows, pages)
    if squeezed(text) != squeezed(hint):
        return text
    cut = any(row.text.endswith(("-", "\xad")) for row in rows[:-1])
    return hint if cut or _DAMAGED.search(text) or (text.isupper() and not hint.isupper()) else text


def _joined(rows: Sequence[Row], pages: Sequence[PageLines]) -> str:
    """Lines as one; a hyphen at a line's end goes where the paper has the word without it."""
    text = rows[0].text
    for row in rows[1:]:
        cut = re.search(r"(\w+)-$", text)
        follows = re.match(r"\w+", row.text)
        if not cut or not follows:
            unspaced = UNSPACED.match(text[-1:]) and UNSPACED.match(row.text)
            text = f"{text}{'' if unspaced else ' '}{row.text}"
            continue
        whole = re.compile(rf"\b{cut[1]}{follows[0]}\b", re.I)
        broken = follows[0].islower() and any(whole.search(line.text) for page in pages for line in page.lines)
        text = (text[:-1] if broken or text.endswith("\xad") else text) + row.text
    text = unicodedata.normalize("NFC", text)
    return re.sub(r"(?<=[a-z\d)])\.$", "", text.strip())


def _lacks_letters(text: str, hint: str) -> bool:
    """Whether `text` is `hint` without some letters, as where a font says nothing of its ligatures."""
    letters = iter(squeezed(hint))
    return squeezed(text) != squeezed(hint) and all(letter in letters for letter in squeezed(text))


def _agree(one: str, other: str) -> float:
    """How far two titles are the same, from 0 to 1; a title cut off agrees with the whole."""
    one, other = sorted((squeezed(one), squeezed(other)), key=len)
    if len(one) > 20 and other.startswith(one):
        return 0.95
    return SequenceMatcher(None, one, other, autojunk=False).ratio() if one else 0.0


def _plain(title: str) -> str:
    return " ".join(readable(html.unescape(re.sub(r"</?\w{1,6}>", "", title))).split())
