"""Compare quotes with the words that pdfplumber finds in their marked boxes, in pdfplumber's own order.

The quotes come from answers to keywords drawn at random from the papers.
"""

import random
import re
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rag.assistant import Assistant
from rag.page_images import boxes_of
from rag.retrieval.terms import search_terms
from rag.types import Box, Citation

SEED = 0
_KEYWORDS = 6  # in a question
_MOST_MISREAD = 0.1  # of a quote's words; pdfplumber reads ligatures, accents and symbols differently
_REFERENCE = re.compile(r"\b(?:19|20)\d\d[a-z]?\b.*\b(?:In Proceedings|arXiv preprint|Journal of|pages? \d+|\d+:\d+)")


def measure_places(assistant: Assistant, files: dict[str, Path], count: int) -> dict[str, Any]:
    """Count how many of `count` quotes pdfplumber finds in their boxes."""
    drawn: dict[tuple[str, int, int], Citation] = {}
    references = asked = 0
    for question in _questions(assistant, count * 5):
        if len(drawn) >= count:
            break
        asked += 1
        references += sum(bool(_REFERENCE.search(p.text)) for p in assistant.search(question, top_k=10))
        for citation in assistant.ask(question).citations:
            if citation.page is not None and citation.quote != citation.title and len(drawn) < count:
                drawn[citation.paper_id, citation.start, citation.end] = citation
    misread = []
    shares = []
    for citation in drawn.values():
        boxes = boxes_of(assistant.library.records, citation.paper_id, citation.start, citation.end)
        shown = _read_boxes(files[citation.source], boxes)
        shares.append(share_in_order(citation.quote, shown))
        if shares[-1] < 1 - _MOST_MISREAD:
            misread.append(
                {"source": citation.source, "page": citation.page, "quote": citation.quote, "page says": shown}
            )
    return {
        "questions": asked,
        "quotes": len(drawn),
        "on their page": len(drawn) - len(misread),
        "share of words in order": round(sum(shares) / max(len(shares), 1), 4),
        "passages that look like references": references,
        "away": misread,
    }


def _questions(assistant: Assistant, count: int) -> Iterator[str]:
    """Yield keyword questions from random positions in random papers."""
    rng = random.Random(SEED)
    texts = [assistant.paper(paper.id).text for paper in assistant.papers()]
    for _ in range(count):
        text = rng.choice(texts)
        start = rng.randrange(len(text))
        terms = search_terms(text[start : start + 300])[1:-1]
        if len(terms) >= _KEYWORDS:
            yield " ".join(rng.sample(terms, _KEYWORDS))


def _read_boxes(path: Path, boxes: Sequence[Box]) -> str:
    """Return the words that pdfplumber finds in the boxes, column by column, in its own order."""
    import pdfplumber

    parts = []
    with pdfplumber.open(path) as pdf:
        for column in columns(boxes):
            page = pdf.pages[column[0].page - 1]
            left, top = page.cropbox[0] - page.mediabox[0], page.cropbox[1] - page.mediabox[1]
            inside = page.filter(lambda item, at=(left, top), own=column: _is_inside(item, at, own))
            parts += [word["text"] for word in inside.extract_words(x_tolerance_ratio=0.15)]
    return " ".join(parts)


def columns(boxes: Sequence[Box]) -> list[list[Box]]:
    """Group boxes by page and column, from left to right; boxes above one another are in one column."""
    out: list[list[Box]] = []
    for box in sorted(boxes, key=lambda box: (box.page, box.left)):
        same = [column for column in out if column[0].page == box.page]
        near = next((column for column in same if any(o.left < box.right and box.left < o.right for o in column)), None)
        if near is None and len(same) == 1 and sum(o.page == box.page for o in boxes) == 2 and _follow(same[0][0], box):
            near = same[0]
        if near is None:
            out.append([box])
        else:
            near.append(box)
    return out


def _follow(one: Box, other: Box) -> bool:
    """Return whether two boxes are the end of one line and the beginning of the next."""
    return abs(one.top - other.top) < 2 * (one.bottom - one.top)


def _is_inside(item: dict[str, Any], origin: tuple[float, float], boxes: Sequence[Box]) -> bool:
    """Return whether the middle of a character is in one of the boxes."""
    x, y = (item["x0"] + item["x1"]) / 2 - origin[0], (item["top"] + item["bottom"]) / 2 - origin[1]
    return item["object_type"] == "char" and any(
        box.left - 0.6 <= x <= box.right + 0.6 and box.top - 0.6 <= y <= box.bottom + 0.6 for box in boxes
    )


def share_in_order(quote: str, shown: str) -> float:
    """Return the share of the quote's words that `shown` contains in the same order, from 0 to 1."""
    wanted = _words(quote)
    found = _whole(_words(shown), set(wanted))
    longest = [0] * (len(found) + 1)  # longest common subsequence up to each word found
    for word in wanted:
        last = longest
        longest = [0]
        for at, other in enumerate(found):
            longest.append(last[at] + 1 if word == other else max(last[at + 1], longest[-1]))
    return longest[-1] / max(len(wanted), 1)


def _whole(found: Sequence[str], wanted: set[str]) -> list[str]:
    """Join two words that are halves of a wanted word, whose hyphen is not in the quote's boxes."""
    out: list[str] = []
    for word in found:
        if out and out[-1] + word in wanted and out[-1] not in wanted:
            out[-1] += word
        else:
            out.append(word)
    return out


def _words(text: str) -> list[str]:
    """Return a text's words, letters and digits only, with words hyphenated at line ends joined."""
    whole = re.sub(r"(?<=\w)[-\xad\u2010]\s+(?=\w)", "", unicodedata.normalize("NFKD", text))
    return [word for word in (re.sub(r"[\W_]+", "", part).casefold() for part in whole.split()) if word]
