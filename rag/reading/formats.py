"""Files to papers: one function a format, each with a well-kept parser; failures are named by line."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import SourceError, reason
from ..types import Failure, Paper
from .bibliography.bibtex import read_bibtex
from .bibliography.names import stated_names, western
from .bibliography.ris import read_ris
from .bibliography.tags import untagged
from .encodings import encoding_of
from .markup.docx import read_docx
from .markup.epub import is_book, read_epub
from .markup.html import read_html
from .markup.jats import read_jats
from .sources import Reading, decode, decoded, details, keep, make_paper

_SURE_YEAR = 0.5  # the date of the file alone is no year of publication
READER = 4  # raise it when the same file would be read otherwise than before: then all are read again


def read_file(path: Path, name: str, most_pages: int | None = None, *, outside: bool = True) -> Reading:
    """The papers in a file; `name` stands in failures. Of a PDF no more than its first `most_pages` are read.

    Without `outside` a bibliography's entry cannot name a file but those in its own folder.

    Raises:
        SourceError: nothing of the file can be read, and why.
    """
    reader = read_epub if path.is_dir() and is_book(path) else _READERS.get(path.suffix.lower())
    if reader is None:
        raise SourceError(
            f"files of the kind {path.suffix or '(no suffix)'!r} are not read; known are {', '.join(_READERS)}"
        )
    try:
        if not path.stat().st_size:
            raise SourceError("the file is empty")
        if reader is _read_pdf:
            reading = _read_pdf(path, name, most_pages)
        elif reader in (read_bibtex, read_ris):
            reading = (read_bibtex if reader is read_bibtex else read_ris)(path, name, outside=outside)
        else:
            reading = reader(path, name)
    except OSError as error:
        raise SourceError(f"the file cannot be read: {reason(error)}") from error
    if not reading.papers and not reading.failures and reader not in (read_bibtex, read_ris):
        raise SourceError("there is no paper in it")
    return reading


def is_readable(path: Path) -> bool:
    """Whether the file's suffix is one of a format that is read."""
    return path.suffix.lower() in _READERS


# Plain text, and pages of titles and abstracts


def _read_text(path: Path, name: str) -> Reading:
    text = decoded(path)
    page = _read_page(text, name)
    if page is not None:
        return page
    blocks = list(_blocks(text))
    if not blocks:
        raise SourceError("the file holds white space only")
    first = blocks[0][1]
    title, _, rest = first.partition("\n")
    body = "\n\n".join([rest, *(block for _, block in blocks[1:])]).strip()
    if not body and _is_title(first):
        raise SourceError(f"the title {first!r} has no text")
    if not body:  # one paragraph: a text without a title of its own
        title, body = path.stem.replace("_", " "), first
    return Reading([make_paper(title, body)])


_PAGE_START = ("new", "Get trending papers in your email inbox!", "Subscribe")
_LONGEST_ADDRESS = 2000  # characters
_DATE = re.compile(r"(?:[A-Z][a-z]{2,8}\.? \d{1,2}|\d{1,2} [A-Z][a-z]{2,8})(?:, ?\d{4})?$")


def _read_page(text: str, name: str) -> Reading | None:
    """A page of titles and abstracts in turn; None where the text is no such page."""
    blocks = list(_blocks(text))
    header = 0
    if [block for _, block in blocks[:1]] == ["new"] and len(blocks) > 4 and _DATE.match(blocks[4][1]):
        header = 5
    else:
        # Part of the header may be gone; the entries can still be told by their form.
        while header < min(5, len(blocks)) and _is_header_block(blocks[header][1]):
            header += 1
    entries = blocks[header:]
    # Cut off at its front, a page may begin in an abstract.
    if header < 5 and not any(_alternates([block for _, block in entries[first:]]) for first in (0, 1)):
        return None
    reading = Reading()
    if header < 5:
        reading.failures.append(
            Failure(
                name, 1, "the page's header of five blocks is not whole; its titles and abstracts are read all the same"
            )
        )
    at = 0
    while at < len(entries):
        (line, title), following = entries[at], entries[at + 1 : at + 3]
        texts = [block for _, block in following]
        at += 1
        if not texts:
            problem = f"the page ends after the title {title[:80]!r}, before its abstract"
        elif _is_title(texts[0]) and not _is_title(title):
            problem = f"the text {title[:80]!r} has no title"
        elif _is_title(texts[0]) and not _is_title(texts[-1]):
            problem = f"the title {title[:80]!r} has no text"
        else:
            at += 1
            if at < len(entries) or not _is_cut_off(texts[0]):
                keep(reading, name, line, title, texts[0], {})
                continue
            line, problem = following[0][0], f"the page ends in the middle of the abstract of {title[:80]!r}"
        reading.failures.append(Failure(name, line, problem))
    return reading


def _blocks(text: str) -> Iterator[tuple[int, str]]:
    """Blocks parted by blank lines, each with the number of its first line."""
    line = 1
    for block in re.split(r"(\n[ \t]*\n\s*)", text):
        if block.strip():
            yield line + block[: len(block) - len(block.lstrip())].count("\n"), block.strip()
        line += block.count("\n")


def _is_header_block(block: str) -> bool:
    return block in _PAGE_START or bool(_DATE.match(block)) or (block.startswith("by") and len(block) < 80)


def _is_title(block: str) -> bool:
    """Whether a block has the form of a title: one short line that is no sentence."""
    return len(block) < 250 and "\n" not in block and not block.rstrip("\"'”’)]}").endswith((".", "。"))


def _alternates(blocks: list[str]) -> bool:
    """Whether the blocks are titles and abstracts in turn: at least three of each, in lengths no prose has."""
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
    """Whether a text breaks off: it ends neither with a stop nor in an address."""
    if abstract.rstrip("\"'”’)]}*").endswith((".", "!", "?", "…", "。")):
        return False
    word = abstract[-_LONGEST_ADDRESS:].rsplit(None, 1)[-1] if abstract and not abstract[-1].isspace() else ""
    scheme = re.search(r"https?://\S", word)
    dot = word.find(".", 1)  # example.org/papers
    return not (scheme or 0 < dot < word.rfind("/") - 1)


# Markdown


def _read_markdown(path: Path, name: str) -> Reading:
    from markdown_it import MarkdownIt

    from .front_matter import front_matter

    matter, content = front_matter(decoded(path))
    said = matter.get("title")
    title = untagged(str(said)).strip() if said and isinstance(said, (str, int, float)) else None
    sections: list[tuple[str | None, str]] = [(None, "")]
    heading = False
    row: list[str] | None = None

    def add(text: str) -> None:
        if text.strip():
            section, body = sections[-1]
            sections[-1] = (section, f"{body}\n\n{text.strip()}" if body else text.strip())

    for token in MarkdownIt("commonmark").enable("table").parse(content):
        if token.type in ("heading_open", "heading_close"):
            heading = token.type == "heading_open"
        elif token.type == "tr_open":
            row = []
        elif token.type == "tr_close" and row is not None:
            add(" | ".join(row))
            row = None
        elif token.type == "inline" and heading and title is None:
            title = _inline_text(token)
        elif token.type == "inline" and heading:
            sections.append((_inline_text(token), ""))
        elif token.type == "inline" and row is not None:
            row.append(_inline_text(token))
        elif token.type in ("inline", "fence", "code_block"):
            add(_inline_text(token) if token.type == "inline" else token.content)
    known = details(_with_people(matter))
    return Reading([make_paper(str(title or path.stem.replace("_", " ")), "", sections=sections, **known)])


def _inline_text(token: Any) -> str:
    parts = []
    for child in token.children or []:
        if child.type in ("text", "code_inline"):
            parts.append(child.content)
        elif child.type in ("softbreak", "hardbreak"):
            parts.append(" " if child.type == "softbreak" else "\n")
        elif child.type == "image":
            parts.append(child.content)
    return "".join(parts)


def _read_json_lines(path: Path, name: str) -> Reading:
    reading = Reading()
    whole = path.read_bytes()
    if "16" in (codec := encoding_of(whole)) or "32" in codec:  # there a line's end is no single byte
        whole, codec = decode(whole).encode(), "utf-8"
    for number, raw in enumerate(whole.split(b"\n"), 1):
        if not raw.strip():
            continue
        try:
            row = json.loads(decode(raw, codec))
        except json.JSONDecodeError as error:
            reading.failures.append(
                Failure(name, number, f"the line is not valid JSON ({error.msg}, column {error.colno})")
            )
            continue
        except (SourceError, ValueError, RecursionError) as error:
            reading.failures.append(Failure(name, number, f"the line cannot be read ({error})"))
            continue
        if not isinstance(row, dict):
            reading.failures.append(Failure(name, number, "the line is not a JSON object with `title` and `text`"))
            continue
        title, body = row.get("title"), row.get("text") or row.get("abstract") or ""
        if not isinstance(title, str) or not isinstance(body, str):
            reading.failures.append(Failure(name, number, "`title` and `text` (or `abstract`) have to be strings"))
            continue
        keep(reading, name, number, untagged(title), untagged(body), details(_with_people(row)))
    if not reading.papers and len(reading.failures) > 1:
        first = reading.failures[0]
        raise SourceError(f"none of its lines is a paper (line {first.line}: {first.reason})")
    return reading


def _with_people(row: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a record, its authors as a list of names in their western order."""
    said = row.get("authors") or row.get("author") or []
    if isinstance(said, str):
        return {**row, "authors": stated_names(said)}
    people = [said] if isinstance(said, dict) else said
    if not isinstance(people, list):
        return row
    return {**row, "authors": [western(name) for person in people if (name := _person(person))]}


def _person(said: Any) -> str | None:
    """Return the name in a form that records have: a text, `{"name": ...}`, `{"given": ..., "family": ...}`."""
    if not isinstance(said, dict):
        return str(said) if isinstance(said, (str, int, float)) else None
    for given, family in (
        ("given", "family"),
        ("first", "last"),
        ("firstName", "lastName"),
        ("given_name", "family_name"),
    ):
        if isinstance(said.get(family), str):
            return f"{said[given]} {said[family]}" if isinstance(said.get(given), str) else str(said[family])
    name = said.get("name") or said.get("literal")
    return _person(name) if isinstance(name, (str, dict)) else None


def _read_pdf(path: Path, name: str, most_pages: int | None = None) -> Reading:
    from .pdf.reader import read_pdf

    document = read_pdf(path, most_pages)
    shift = len(document.title) + 2
    paper = Paper(
        title=document.title,
        text=f"{document.title}\n\n{document.body}",
        authors=document.authors,
        year=document.year if dict(document.certainty).get("year", 0.0) >= _SURE_YEAR else None,
        venue=document.venue,
        doi=document.doi,
        arxiv_id=document.arxiv_id,
        pages=(
            *([document.title_page] if document.title_page else []),
            *(replace(page, start=page.start + shift, end=page.end + shift) for page in document.pages),
        ),
        sections=tuple(replace(s, start=s.start + shift, end=s.end + shift) for s in document.sections),
        certainty=document.certainty,
        notes=document.notes,
        boxes=document.boxes_after_title(),
    )
    return Reading([paper])


_READERS: dict[str, Callable[[Path, str], Reading]] = {
    ".txt": _read_text,
    ".text": _read_text,
    ".md": _read_markdown,
    ".markdown": _read_markdown,
    ".html": read_html,
    ".htm": read_html,
    ".xhtml": read_html,
    ".xml": read_jats,
    ".nxml": read_jats,
    ".docx": read_docx,
    ".epub": read_epub,
    ".pdf": _read_pdf,
    ".bib": read_bibtex,
    ".ris": read_ris,
    ".jsonl": _read_json_lines,
    ".ndjson": _read_json_lines,
}

SUFFIXES = frozenset(_READERS)
"""How the names of the files end that are read, in small letters with the dot."""
