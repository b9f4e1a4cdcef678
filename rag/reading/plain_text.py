"""Read plain text: a title and paragraphs, or a page of titles and abstracts."""

import re
from collections.abc import Iterator
from pathlib import Path

from ..errors import SourceError
from ..types import Failure
from .encodings import read_text
from .sources import Reading, make_paper

_HEADER_BLOCKS = 5
_HEADER_TEXTS = ("new", "Get trending papers in your email inbox!", "Subscribe")
_DATE = re.compile(r"(?:[A-Z][a-z]{2,8}\.? \d{1,2}|\d{1,2} [A-Z][a-z]{2,8})(?:, ?\d{4})?$")
_LONGEST_ADDRESS = 2000  # characters

Block = tuple[int, str]
"""The number of a block's first line, and its text."""


def read_plain_text(path: Path, name: str) -> Reading:
    """Return the paper in a text file, or all papers of a page of titles and abstracts. Raise SourceError if empty."""
    text = read_text(path)
    blocks = list(_blocks(text))
    page = _read_abstracts_page(blocks, name)
    if page is not None:
        return page
    if not blocks:
        raise SourceError("the file has only white space")
    first = blocks[0][1]
    title, _, rest = first.partition("\n")
    body = "\n\n".join([rest, *(block for _, block in blocks[1:])]).strip()
    if not body and _is_title(first):
        raise SourceError(f"the title {first!r} has no text")
    if not body:  # a single paragraph without a title
        title, body = path.stem.replace("_", " "), first
    return Reading([make_paper(title, body)])


def _read_abstracts_page(blocks: list[Block], name: str) -> Reading | None:
    """Return the papers of a page of alternating titles and abstracts; None if the text is not such a page."""
    header = 0
    texts = [text for _, text in blocks]
    if texts[:1] == ["new"] and len(texts) > 4 and _DATE.match(texts[4]):
        header = _HEADER_BLOCKS
    else:
        # Part of the header may be missing; the entries are still recognisable.
        while header < min(_HEADER_BLOCKS, len(texts)) and _is_header_block(texts[header]):
            header += 1
    # A page that was cut off at the start may begin within an abstract.
    if header < _HEADER_BLOCKS and not any(_alternates(texts[header + first :]) for first in (0, 1)):
        return None
    reading = Reading()
    if header < _HEADER_BLOCKS:
        problem = "the page's header of five blocks is incomplete; its titles and abstracts were read anyway"
        reading.failures.append(Failure(name, 1, problem))
    _add_entries(reading, blocks[header:], name)
    return reading


def _add_entries(reading: Reading, entries: list[Block], name: str) -> None:
    at = 0
    while at < len(entries):
        line, title = entries[at]
        texts = [text for _, text in entries[at + 1 : at + 3]]
        at += 1
        if not texts:
            problem = f"the page ends after the title {title[:80]!r}, before its abstract"
        elif _is_title(texts[0]) and not _is_title(title):
            problem = f"the text {title[:80]!r} has no title"
        elif _is_title(texts[0]) and not _is_title(texts[-1]):
            problem = f"the title {title[:80]!r} has no text"
        elif at + 1 == len(entries) and _is_cut_off(texts[0]):
            line, problem = entries[at][0], f"the page ends in the middle of the abstract of {title[:80]!r}"
            at += 1
        else:
            reading.add(name, line, title, texts[0], {"extent": "abstract"})
            at += 1
            continue
        reading.failures.append(Failure(name, line, problem))


def _blocks(text: str) -> Iterator[Block]:
    line = 1
    for block in re.split(r"(\n[ \t]*\n\s*)", text):
        if block.strip():
            yield line + block[: len(block) - len(block.lstrip())].count("\n"), block.strip()
        line += block.count("\n")


def _is_header_block(block: str) -> bool:
    return block in _HEADER_TEXTS or bool(_DATE.match(block)) or (block.startswith("by") and len(block) < 80)


def _is_title(block: str) -> bool:
    """Return whether a block looks like a title: one short line that is not a sentence."""
    return len(block) < 250 and "\n" not in block and not block.rstrip("\"'”’)]}").endswith((".", "。"))


def _alternates(blocks: list[str]) -> bool:
    """Return whether blocks alternate between titles and abstracts: at least three of each, with typical lengths."""
    if len(blocks) % 2 == 0 and blocks and _is_cut_off(blocks[-1]):
        blocks = blocks[:-1]
    titles, texts = blocks[::2], blocks[1::2]
    if len(texts) < 3 or any("\n" in block for block in blocks):
        return False
    long = sum(len(text) > 400 for text in texts) / len(texts)
    short = sum(len(title) > 15 and _is_title(title) for title in titles) / len(titles)
    many_words = sum(len(title.split()) for title in titles) / len(titles) >= 5
    return long > 0.9 and short > 0.9 and many_words


def _is_cut_off(abstract: str) -> bool:
    """Return whether a text ends neither with a full stop nor with a URL."""
    if abstract.rstrip("\"'”’)]}*").endswith((".", "!", "?", "…", "。")):
        return False
    word = abstract[-_LONGEST_ADDRESS:].rsplit(None, 1)[-1] if abstract and not abstract[-1].isspace() else ""
    scheme = re.search(r"https?://\S", word)
    dot = word.find(".", 1)  # example.org/papers
    return not (scheme or 0 < dot < word.rfind("/") - 1)
