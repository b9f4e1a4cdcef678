"""The lines of a document as one text in reading order, in sections, with the place of every character."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ...types import Page, Section
from .blocks import Block, Measure, blocks, measured
from .frames import by_turn, mostly_turned, turned_back
from .furniture import without_furniture
from .glyphs import Line, PageLines
from .joining import Piece, joined, table_rows, table_text, together, words_of

_KNOWN = {
    "abstract": r"abstract|summary|zusammenfassung|r[ée]sum[ée]|resumen|resumo|"
    r"摘\s?要|要\s?旨|概\s?要|초\s?록|תקציר|ملخص",
    "references": r"references?( and notes| cited)?|bibliography|literature( cited)?|works cited|literaturverzeichnis|"
    r"参考文献|참고문헌",
    "acknowledgements": r"acknowledge?ments?|funding( (information|statement|sources))?|financial support|"
    r"author(s’|s'|’s|'s)? contributions?|credit authorship.*|"
    r"(declaration of )?(conflicts?|competing|declarations?) (of )?interests?( statement)?|disclosures?",
    "appendix": r"(appendix|appendices|supplementary|supplemental|supporting)\b.*",
    "body": r"introduction|background|related works?|methods?|materials and methods|results?( and discussion)?|"
    r"discussions?|conclusions?|limitations?|ethic(s|al)( statement| considerations)?|"
    r"(data|code).* availability.*|key ?words",
}
_KINDS = {kind: re.compile(pattern, re.I) for kind, pattern in _KNOWN.items()}
_NUMBERED = re.compile(r"(?:\d{1,2}(?:\.\d{1,2})*\.?|[A-Z](?:\.\d{1,2})*\.?|[IVX]{1,5}\.)\s+(?=\S*[A-Za-z])")
_RUN_IN = re.compile(r"(abstract|summary)\s*[.:—–-]+\s*(?=\S)", re.I)
_LETTERED = re.compile(r"(?:[A-Z]\.?|[A-Z]\.\d+(\.\d+)*\.?)\s+\S")
_ENDED = re.compile(r"""[.!?…:;。！？．؟۔।]["'”’」』）)\]*†‡]*\d{0,2}$|[a-z)][.!?]\d{1,2}$""")
_ITEM = re.compile(r"[•▪◦‣·–—*-]\s|\(?(?:\d{1,2}|[a-z]|[ivx]{1,4})[.)]\s")
_COUNT = re.compile(r"(\d{1,4})[.)]\s")
_BEFORE_NUMBER = re.compile(
    r"(?:\b(?:of|to|is|are|was|were|by|than|and|or|with|in|at|from|for|the|an?|as|over|under|about|around|table|figure"
    r"|section|equation|chapter|step|epoch|version)|[=≈<>≤≥])$", re.I
)  # fmt: skip
_LABELLED = re.compile(
    r"(?:RQ|Research question|Hypothesis|Question|H|Q)\s?\d{1,2}[a-z]?\b(?!\s+(?:and|or|to|is|are|was|were)\b)", re.I
)
_ENTRY = re.compile(r"\[\w{1,12}\]|\d{1,3}\.\s")
_REFERENCE = re.compile(r"\b(1[89]|20)\d\d[a-z]?\b")
_CITED_AS = re.compile(r"\b[A-Z]\.|\bet al|\bdoi|https?:|\bIn Proc|\bpp?\.|\d+\(\d+\)")


@dataclass(slots=True, eq=False)
class _Part:
    """A paragraph, heading, caption, table or footnote as it is put together."""

    kind: str
    lines: list[Line]
    label: str | None = None
    opens: bool = True  # whether it is the first of its block


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """The text with its sections, the pages' spans, and the boxes and pages of its characters."""

    piece: Piece
    sections: tuple[Section, ...]
    pages: tuple[Page, ...]


def arrange(pages: Sequence[PageLines], title: Iterable[Line] = ()) -> Layout:
    """The text of the pages in reading order, without the lines of the title, running heads and figures' lettering."""
    words = words_of(pages)
    own = {id(line) for line in title}
    frames = _frames(pages, own)
    upright = [frame for _, frame in frames]
    measure = measured(upright)
    parts: list[_Part] = []
    for page in without_furniture(upright):
        for block in blocks(page, measure):
            block.lines = [line for line in block.lines if id(line) not in own]
            if block.lines:
                parts += _parts(block, measure)
    whole, sections = _written(_sectioned(_continued(parts)), words)
    whole = _on_sheets(whole, frames)
    return Layout(whole, sections, page_spans(whole.pages, {page.number: page.label for page in pages}))


def _frames(pages: Sequence[PageLines], own: set[int]) -> list[tuple[int, PageLines]]:
    """The pages with their numbers; one mostly turned stood upright under a number of its own, without title lines."""
    out: list[tuple[int, PageLines]] = []
    following = max((page.number for page in pages), default=0) + 1
    for page in pages:
        if not mostly_turned(page):
            out.append((page.number, page))
            continue
        for frame in by_turn(replace(page, lines=tuple(line for line in page.lines if id(line) not in own)), following):
            out.append((page.number, frame))
            following += 1
    return out


def _on_sheets(piece: Piece, frames: Sequence[tuple[int, PageLines]]) -> Piece:
    """The piece with the boxes and pages of what was stood upright as they are on its sheet."""
    boxes, pages = piece.boxes.copy(), piece.pages.copy()
    for number, frame in frames:
        if frame.number != number:
            at = piece.pages == frame.number
            boxes[at], pages[at] = turned_back(piece.boxes[at], frame), number
    return Piece(piece.text, boxes, pages)


# Paragraphs and headings


def _parts(block: Block, measure: Measure) -> Iterator[_Part]:
    if block.kind in ("table", "caption"):
        yield _Part(block.kind, block.lines, block.label)
    elif block.kind == "footnote":
        for lines in _split(block.lines, lambda last, line: _is_raised(line)):
            yield _Part("footnote", lines)
    else:
        heads = _heads(block, measure)
        for same in _split(block.lines, lambda last, line: (id(last) in heads) != (id(line) in heads)):
            if id(same[0]) in heads and _is_heading(same, measure):
                yield _Part("heading", same)
            else:
                for at, lines in enumerate(_paragraphs(same, measure)):
                    yield _Part("text", lines, opens=not at)


def _heads(block: Block, measure: Measure) -> set[int]:
    """The lines of a block that are headings, by identity, without those in which a paragraph begins in bold type."""
    heads: set[int] = set()
    below: Line | None = None
    for line in reversed(block.lines):
        full = line.right > block.right - 0.1 * (block.right - block.left)
        set_off = below is None or not full or id(below) in heads or line.size > 1.05 * measure.size
        if (set_off or _NUMBERED.match(line.text)) and _is_heading([line], measure):
            heads.add(id(line))
        below = line
    for line, following in pairwise(block.lines):
        if id(line) in heads and _NUMBERED.match(line.text) and line.bold and _same_type(line, following):
            heads.add(id(following))
    return heads


def _same_type(line: Line, other: Line) -> bool:
    return (line.font, line.size, line.bold) == (other.font, other.size, other.bold)


def _split(lines: Sequence[Line], cut: Callable[[Line, Line], bool]) -> Iterator[list[Line]]:
    part: list[Line] = []
    for line in lines:
        if part and cut(part[-1], line):
            yield part
            part = []
        part.append(line)
    if part:
        yield part


def _is_raised(line: Line) -> bool:
    """Whether a line begins with the raised mark of a note."""
    tall = float(np.median(line.boxes[:, 3] - line.boxes[:, 1]))
    first = line.boxes[0]
    mark = re.match(r"\d|[*∗†‡§¶]", line.text)
    return bool(mark) and (bool(re.match(r"[∗†‡§¶]", line.text)) or float(first[3] - first[1]) < 0.85 * tall)


def _is_heading(lines: Sequence[Line], measure: Measure) -> bool:
    text = " ".join(line.text for line in lines).strip()
    if len(lines) > 3 or len(text) > 160 or not any(c.isalpha() for c in text):
        return False
    plain = _NUMBERED.sub("", text).rstrip(".: ")
    known = any(pattern.fullmatch(plain) for pattern in _KINDS.values())
    large = all(line.size > 1.08 * measure.size for line in lines)
    bold = all(line.bold for line in lines)
    if known and (bold or large or (len(lines) == 1 and len(text.split()) < 4 and plain[:1].isupper())):
        return True
    if re.search(r"[,;@-]$|[a-z]{3}\.$", text) or len(text.split()) > 16 or len(re.sub(r"\W|\d", "", plain)) < 3:
        return False
    numbered = bool(_NUMBERED.match(text)) and plain[:1].isupper()
    capitals = plain.isupper() and len(plain) > 5
    return large or (bold and (numbered or lines[0].size > measure.size - 0.3)) or (numbered and capitals)


def _paragraphs(lines: Sequence[Line], measure: Measure) -> Iterator[list[Line]]:
    """The lines of a block parted where a first line is set in, or, in a list, where the others are."""
    left = min(line.left for line in lines)
    right = max(line.right for line in lines)
    inset = [line.left > left + 0.6 * line.size for line in lines]
    hanging = len(lines) > 1 and sum(inset) >= len(lines) / 2 and not inset[0]
    part = [lines[0]]
    for last, line in pairwise(lines):
        indented, last_indented = line.left > left + 0.6 * line.size, last.left > left + 0.6 * last.size
        short = last.right < right - 0.25 * (right - left) and bool(_ENDED.search(last.text))
        begins = not indented if hanging else indented and not last_indented and line.left < left + 5 * line.size
        spread = line.bottom - last.bottom > 1.18 * measure.pitch * max(1.0, line.size / measure.size)
        ended = _ENDED.search(last.text) or short
        if (
            (begins and (ended or hanging))
            or (short and not hanging and line.text[:1].isupper())
            or (_starts_item(line) and not _reads_into(part, line, right - 0.25 * (right - left)))
            or (spread and ended)
        ):
            yield part
            part = []
        part.append(line)
    yield part


def _reads_into(part: Sequence[Line], line: Line, full: float) -> bool:
    """Whether a number at the start of a line ends the sentence of the lines before: "a batch size of / 32. Each"."""
    number, first = _COUNT.match(line.text), _COUNT.match(part[0].text)
    if not number or (first and int(number[1]) == int(first[1]) + 1):  # the next item of a list
        return False
    text = part[-1].text.rstrip()
    unfinished = not _ENDED.search(text) and (part[-1].right > full or bool(_BEFORE_NUMBER.search(text)))
    return unfinished and abs(line.left - part[-1].left) < line.size


def _starts_item(line: Line) -> bool:
    return (
        bool(_LABELLED.match(line.text))
        or bool(_ITEM.match(line.text) and not re.match(r"[–—-]", line.text))
        or bool(re.match(r"\[\d{1,3}\]\s", line.text))
    )


def _continued(parts: Iterable[_Part]) -> list[_Part]:
    """The parts, a paragraph that goes on after captions, notes or a page's end put together before those."""
    out: list[_Part] = []
    waiting: list[_Part] = []
    open_part: _Part | None = None
    begun = listing = False
    for part in parts:
        if part.kind in ("table", "caption", "footnote"):
            (waiting if open_part and not _ENDED.search(open_part.lines[-1].text.rstrip()) else out).append(part)
            continue
        if open_part and _is_remark(part, open_part):
            part.kind = "footnote"
            waiting.append(part)
            continue
        if part.kind == "text" and open_part and _goes_on(open_part, part, listing):
            open_part.lines.extend(part.lines)
        else:
            out += waiting
            waiting = []
            out.append(part)
            open_part = part if part.kind == "text" else None
        if part.kind == "heading":
            begun, listing = True, _kind_of(part.lines[0].text, False) == "references"
        begun |= part.kind == "text" and _is_prose(part)
        if not begun:  # the lines of a title page go on in none
            out += waiting
            waiting, open_part = [], None
    return [*out, *waiting]


def _is_formula(part: _Part) -> bool:
    return not re.search(r"[a-z]{3,} [a-z]{2,} [a-z]{2,}", part.lines[0].text)


def _is_prose(part: _Part) -> bool:
    words = " ".join(line.text for line in part.lines).split()
    return len(words) > 12 and sum(word[0].islower() for word in words) > 0.6 * len(words)


def _is_remark(part: _Part, open_part: _Part) -> bool:
    """Whether a text in smaller type comes between the halves of a paragraph: a note under a table."""
    first = part.lines[0]
    smaller = first.size < open_part.lines[0].size - 0.6 and len(first.text.split()) > 3
    return part.kind == "text" and smaller and not _ENDED.search(open_part.lines[-1].text.rstrip())


def _full(part: _Part) -> float:
    """How far to the right the last line of a paragraph reaches where it is no shorter than the others."""
    return max(line.right for line in part.lines) - 3 * part.lines[-1].size if len(part.lines) > 1 else float("inf")


def _goes_on(part: _Part, following: _Part, listing: bool) -> bool:
    """Whether the paragraph goes on; in a list of references one does so in another column only."""
    last, first = part.lines[-1], following.lines[0]
    end, start = last.text.rstrip(), first.text.lstrip()
    below = last.page == first.page and last.bottom < first.bottom and last.left < first.right
    reads_on = not listing and not below and _reads_into(part.lines, replace(first, left=last.left), _full(part))
    item = (_starts_item(first) or bool(_ENTRY.match(start))) and not reads_on
    if not following.opens or item or (listing and below):
        return False
    if reads_on:
        return True
    if end.endswith("-") or (not _ENDED.search(end) and _is_formula(following)):
        return True
    if below and last.right <= _full(part) and start[:1].isupper():
        return False
    return not _ENDED.search(end) or (start[:1].islower() and abs(last.size - first.size) < 0.6)


# Sections


def _sectioned(parts: Sequence[_Part]) -> list[tuple[str | None, str, _Part]]:
    """Each part with its section's title and kind; headings themselves are gone."""
    out: list[tuple[str | None, str, _Part]] = []
    title, kind, listed = None, "body", False
    first = next((at for at, part in enumerate(parts) if _is_sure(part)), 0)
    for at, part in enumerate(parts):
        if part.kind == "heading" and at < first:
            part.kind = "text"  # names and places in large type
        if part.kind == "heading":
            title = " ".join(joined(part.lines, Counter()).text.split())
            kind = _kind_of(title, listed)
            listed |= kind == "references"
            continue
        if part.kind != "text":
            out.append((part.label, part.kind, part))
            continue
        if not listed and kind == "body" and at > len(parts) * 0.4 and _is_list(parts[at:]):
            kind, listed = "references", True
        run_in = (
            _RUN_IN.match(part.lines[0].text)
            if kind == "body" and not any(k == "abstract" for _, k, _ in out)
            else None
        )
        if run_in:
            title, kind = run_in[1], "abstract"
        out.append((title, kind, part))
    return out


def _is_sure(part: _Part) -> bool:
    """Whether a part is a heading by its words, not by its type alone."""
    plain = _NUMBERED.sub("", part.lines[0].text).rstrip(".: ")
    return part.kind == "heading" and any(pattern.fullmatch(plain) for pattern in _KINDS.values())


def _kind_of(title: str, listed: bool) -> str:
    plain = _NUMBERED.sub("", title).rstrip(".: ")
    kind = next((k for k, pattern in _KINDS.items() if pattern.fullmatch(plain)), "body")
    if listed and kind in ("body", "abstract"):
        return "appendix"
    return kind


def _is_list(parts: Sequence[_Part]) -> bool:
    """Whether the paragraphs that come next are entries of a reference list."""
    texts = [" ".join(line.text for line in part.lines) for part in parts if part.kind == "text"][:6]
    like = [len(t) < 700 and bool(_REFERENCE.search(t)) and len(_CITED_AS.findall(t)) > 1 for t in texts]
    return len(texts) >= 4 and like[0] and sum(like) >= 0.8 * len(like)


# Text


def _written(parts: Sequence[tuple[str | None, str, _Part]], words: Counter[str]) -> tuple[Piece, tuple[Section, ...]]:
    pieces: list[Piece] = []
    sections: list[Section] = []
    captions = _caption_titles(parts, words)
    at = 0
    for title, kind, part in parts:
        if kind == "table":
            caption, title = captions.get(id(part), (None, title))
            piece = table_text(part.lines, caption.lines if caption else [], words)
        elif id(part) in captions:
            continue
        else:
            piece = joined(part.lines, words)
        if not piece.text:
            continue
        if pieces:
            gap = Piece("\n\n", np.zeros((2, 4), np.float32), np.zeros(2, np.int32))
            pieces.append(gap)
            at += 2
        end = at + len(piece.text)
        last = sections[-1] if sections else None
        if last and (last.title, last.kind) == (title, kind) and kind not in ("table", "caption", "footnote"):
            sections[-1] = Section(title, last.start, end, kind)
        else:
            sections.append(Section(title, at, end, kind))
        pieces.append(piece)
        at = end
    return together(pieces), tuple(sections)


def page_spans(pages: NDArray[np.int32], labels: dict[int, str | None]) -> tuple[Page, ...]:
    """The spans of each page in a text, given the page of every character; white space goes with what precedes it."""
    spans: list[Page] = []
    for at, number in enumerate(pages.tolist()):
        if not number:
            continue
        if spans and spans[-1].number == number:
            spans[-1] = Page(number, labels.get(number), spans[-1].start, at + 1)
        else:
            spans.append(Page(number, labels.get(number), at, at + 1))
    return tuple(spans)


def _caption_titles(
    parts: Sequence[tuple[str | None, str, _Part]], words: Counter[str]
) -> dict[int, tuple[_Part, str]]:
    """For a table and for its caption, by identity: the caption, and the section's title."""
    out: dict[int, tuple[_Part, str]] = {}
    for _, kind, part in parts:
        if kind != "table":
            continue
        same = [c for _, k, c in parts if k == "caption" and c.label == part.label and id(c) not in out]
        if same:
            caption = min(same, key=lambda c: abs(c.lines[0].page - part.lines[0].page))
            text = joined(caption.lines, words).text
            header = " | ".join(cell.text for cell in table_rows(part.lines)[0])
            out[id(part)] = out[id(caption)] = caption, f"{text[:200]} [{header}]"
    return out
