"""Files to papers: one function a format, each with a well-kept parser; failures are named by line."""

from __future__ import annotations

import codecs
import json
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from .errors import SourceError
from .readable import readable
from .types import Failure, Paper, Section

MAX_TEXT_BYTES = 20_000_000  # a long book is 5 MB; what is larger is a log or a dump
_MAX_TITLE = 500


@dataclass(slots=True)
class Reading:
    """What a file gave: its papers in order, and what could not be read."""

    papers: list[Paper] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)


def read_file(path: Path, name: str) -> Reading:
    """The papers in a file; `name` stands in failures.

    Raises:
        SourceError: nothing of the file can be read, and why.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise SourceError(
            f"files of the kind {path.suffix or '(no suffix)'!r} are not read; known are {', '.join(_READERS)}"
        )
    try:
        if not path.stat().st_size:
            raise SourceError("the file is empty")
        reading = reader(path, name)
    except OSError as error:
        raise SourceError(f"the file cannot be read: {error.strerror or error}") from error
    if not reading.papers and not reading.failures:
        raise SourceError("there is no paper in it")
    return reading


def is_readable(path: Path) -> bool:
    """Whether the file's suffix is one of a format that is read."""
    return path.suffix.lower() in _READERS


def make_paper(title: str, body: str, *, sections: list[tuple[str | None, str]] | None = None, **details: Any) -> Paper:
    """A paper whose text is the title, a blank line, and the body or the sections one after another.

    Raises:
        SourceError: there is no title or no text.
    """
    title = " ".join(title.split())[:_MAX_TITLE].strip()
    parts = [(heading, part.strip()) for heading, part in (sections or [(None, body)])]
    parts = [(heading, part) for heading, part in parts if part]
    if not title:
        raise SourceError("it has a text but no title")
    if not any(character.isalnum() for _, part in parts for character in part):
        raise SourceError(f"the title {title!r} has no text")
    text = title
    spans = []
    for heading, part in parts:
        text += "\n\n"
        spans.append(Section(heading, len(text), len(text) + len(part)))
        text += part
    titled = any(heading for heading, _ in parts)
    return Paper(title=title, text=text, sections=tuple(spans) if titled else (), **details)


# Plain text, and pages of titles and abstracts


def _read_text(path: Path, name: str) -> Reading:
    text = _decoded(path)
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
                _keep(reading, name, line, title, texts[0], {})
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
    return len(block) < 250 and "\n" not in block and not re.search(r"""[.。]["'”’)\]}]*$""", block)


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
    return not re.search(r"""[.!?…。]["'”’)\]}*]*$|https?://\S+$|\S+\.\S+/\S*$""", abstract)


def _decoded(path: Path) -> str:
    """The text of a file in UTF-8, UTF-16 with its mark, or Latin-1 (as Windows writes it), with \\n line ends."""
    size = path.stat().st_size
    if size > MAX_TEXT_BYTES:
        raise SourceError(
            f"it has {size / 1e6:.0f} MB; texts above {MAX_TEXT_BYTES / 1e6:.0f} MB are not read as papers"
        )
    return _decode(path.read_bytes())


def _decode(raw: bytes) -> str:
    utf16 = _utf16(raw)
    broken = 0
    try:
        text = raw.decode(utf16 or "utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode(utf16 or "utf-8-sig", errors="replace")
        broken = text.count("\ufffd")
        if not utf16 and broken > sum(c > "\x7f" for c in text) / 2:  # else a few bytes of a UTF-8 file are broken
            broken = 0
            try:
                text = raw.decode("cp1252")
            except UnicodeDecodeError:
                text = raw.decode("latin-1")
    head = text[:100_000]
    odd = sum(unicodedata.category(c) in ("Cc", "Cn") and not c.isspace() for c in head)
    # One broken character is no sign of anything: there a file was cut off.
    if odd > len(head) / 100 or broken > max(1, len(text) / 100):
        raise SourceError("its bytes are no text (neither UTF-8, UTF-16 nor Latin-1)")
    # Half of a surrogate pair cannot be stored; other control characters are only noise.
    text = re.sub(r"[\x00-\x08\x0b\x0e-\x1f\x7f\ud800-\udfff]", " ", text)
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n\n")


def _utf16(raw: bytes) -> str | None:
    """The kind of UTF-16 that bytes are in, by their mark or the zeros of western text; None for other encodings."""
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if raw[1:200:2].count(0) > 40:
        return "utf-16-le"
    return "utf-16-be" if raw[0:200:2].count(0) > 40 else None


# Markdown and HTML


def _read_markdown(path: Path, name: str) -> Reading:
    import frontmatter
    import yaml
    from markdown_it import MarkdownIt

    source = _decoded(path)
    try:
        post = frontmatter.loads(source)
        matter, content = dict(post.metadata), post.content
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        raise SourceError(f"its front matter{f' (line {mark.line + 1})' if mark else ''} is not valid YAML") from error
    title = matter.get("title") or None
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
    details = _details(matter)
    return Reading([make_paper(str(title or path.stem.replace("_", " ")), "", sections=sections, **details)])


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


_HEADINGS = ["h1", "h2", "h3", "h4", "h5", "h6"]
_SKIPPED_TAGS = (
    "script style noscript template nav header footer aside select button svg iframe annotation annotation-xml".split()
)
_BLOCK_TAGS = (
    "p ul ol li dl dd dt pre blockquote table caption tr td th figure figcaption div section article main center "
    "address details summary hr"
).split()
_CUT, _HEADING = "\x1e", "\x1d"  # never in a text that was decoded: between blocks, and before a heading


def _read_html(path: Path, name: str) -> Reading:
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(_decoded(path), "lxml")
    meta: dict[str, list[str]] = {}
    for tag in soup.find_all("meta"):
        key, value = tag.get("name") or tag.get("property"), tag.get("content")
        if key and value:
            meta.setdefault(str(key).lower(), []).append(str(value))
    heading = soup.find("h1")
    titles = [
        *meta.get("citation_title", []),
        *([_html_text(heading)] if heading else []),
        *([_html_text(soup.title)] if soup.title else []),
    ]
    title = next((t for t in titles if t), path.stem.replace("_", " "))
    sections: list[tuple[str | None, str]] = [(None, "")]
    for block in _marked_text(soup.body or soup).split(_CUT):
        text = " ".join(block.split())
        if block.startswith(_HEADING):
            if text != title:
                sections.append((text, ""))
        elif text:
            section, body = sections[-1]
            sections[-1] = (section, f"{body}\n\n{text}" if body else text)
    year = re.search(
        r"\b(1[89]|20)\d\d\b", " ".join(meta.get("citation_publication_date", []) + meta.get("citation_date", []))
    )
    details = _details(
        {
            "authors": meta.get("citation_author", meta.get("author", [])),
            "year": year[0] if year else None,
            "venue": next(iter(meta.get("citation_journal_title", meta.get("citation_conference_title", []))), None),
            "doi": next(iter(meta.get("citation_doi", [])), None),
            "arxiv_id": next(iter(meta.get("citation_arxiv_id", [])), None),
        }
    )
    return Reading([make_paper(title, "", sections=sections, **details)])


def _marked_text(root: Any) -> str:
    """The text in a tag, cut before and after each block; a table's row is one block, its cells parted by bars."""
    from bs4.element import CData, NavigableString, Tag

    parts: list[str] = []
    left: list[Any] = [*reversed(root.contents)]  # no recursion: some pages close no tag
    while left:
        node = left.pop()
        if not isinstance(node, Tag):
            parts += [node] if type(node) in (str, NavigableString, CData) else []
        elif node.name in _HEADINGS:
            parts += [_CUT, _HEADING, _html_text(node), _CUT]
        elif node.name == "tr" and not node.find(["table", "ul", "ol", *_HEADINGS]):  # with those it is for looks
            parts += [_CUT, " | ".join(map(_html_text, node.find_all(["td", "th"]))), _CUT]
        elif node.name == "br":
            parts.append("\n")
        elif not _is_hidden(node):
            edge = [_CUT] if node.name in _BLOCK_TAGS else []
            parts += edge
            left += [*edge, *reversed(node.contents)]
    return "".join(parts)


def _is_hidden(tag: Any) -> bool:
    """Whether a tag holds what belongs to the site; a header with the title belongs to the paper."""
    return tag.has_attr("hidden") or (tag.name in _SKIPPED_TAGS and not (tag.name == "header" and tag.find("h1")))


def _html_text(tag: Any) -> str:
    return " ".join(_marked_text(tag).split())  # the marks are white space


# Bibliographies


def _read_bibtex(path: Path, name: str) -> Reading:
    import logging

    import bibtexparser

    logging.getLogger("bibtexparser").setLevel(logging.CRITICAL)  # what it warns of is reported below
    library = bibtexparser.parse_string(_decoded(path), append_middleware=[])
    reading = Reading()
    for block in library.failed_blocks:
        reason = getattr(block.error, "abort_reason", str(block.error)).partition(". Note:")[0].strip()
        if type(block).__name__ == "DuplicateBlockKeyBlock":
            reason = f"the key {getattr(block, 'key', '')!r} was used before"
        reading.failures.append(Failure(name, (block.start_line or 0) + 1, f"a broken entry: {reason}"))
    for entry in library.entries:
        # Braces group and protect capitals here, whatever stands in them.
        fields = {f.key.lower(): re.sub("[{}]", "", readable(" ".join(str(f.value).split()))) for f in entry.fields}
        line = (entry.start_line or 0) + 1
        if not fields.get("abstract"):
            reading.failures.append(
                Failure(name, line, f"the entry {entry.key!r} has no abstract, so there is nothing to search")
            )
            continue
        details = _details(
            {
                "authors": _bibtex_names(fields.get("author", "")),
                "year": fields.get("year") or fields.get("date"),
                "venue": fields.get("journal") or fields.get("journaltitle") or fields.get("booktitle"),
                "doi": fields.get("doi"),
                "arxiv_id": fields.get("eprint")
                if "arxiv" in fields.get("archiveprefix", fields.get("eprinttype", "")).lower()
                else None,
                "url": fields.get("url"),
                "citekey": entry.key,
                "tags": [k.strip() for k in re.split(r"[,;]", fields.get("keywords", ""))],
            }
        )
        _keep(reading, name, line, fields.get("title", ""), fields["abstract"], details)
    return reading


def _bibtex_names(names: str) -> list[str]:
    """`Doe, Jane and John Roe` as readers write names."""
    people = [name.strip() for name in re.split(r"\s+and\s+", names) if name.strip()]
    return [" ".join(reversed([part.strip() for part in p.split(",", 1)])) if "," in p else p for p in people]


def _read_ris(path: Path, name: str) -> Reading:
    import rispy

    reading = Reading()
    text = _decoded(path)
    line, before = 1, 0
    # Each record by itself: a broken one, or one without its end, must not take the others with it.
    for match in re.finditer(r"(?ms)(\S.*?)(?:^ER  -[^\n]*|(?=^TY  -)|\Z)", text):
        line, before = line + text.count("\n", before, match.start()), match.start()
        if not re.search(r"(?m)^[A-Z][A-Z0-9]  -", match[1]):
            continue  # a line or two of the database that wrote the file
        try:
            entries = rispy.loads(match[1].rstrip() + "\nER  - \n")
        except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
            reading.failures.append(
                Failure(name, line, f"a broken record: {str(error).splitlines()[0] if str(error) else error!r}")
            )
            continue
        if not entries:
            reading.failures.append(Failure(name, line, "no RIS record: a record begins with a line `TY  - `"))
        for entry in entries:
            abstract = entry.get("abstract") or entry.get("notes_abstract") or ""
            title = entry.get("primary_title") or entry.get("title") or ""
            if not abstract:
                reading.failures.append(
                    Failure(name, line, f"the record {title!r} has no abstract, so there is nothing to search")
                )
                continue
            people = [*entry.get("first_authors", []), *entry.get("authors", [])]
            details = _details(
                {
                    "authors": _bibtex_names(" and ".join(people)),
                    "year": entry.get("year") or entry.get("publication_year") or entry.get("date"),
                    "venue": entry.get("journal_name") or entry.get("secondary_title") or entry.get("alternate_title3"),
                    "doi": entry.get("doi"),
                    "url": next(iter(entry.get("urls", [])), None),
                    "citekey": entry.get("id"),
                    "tags": entry.get("keywords", []),
                }
            )
            _keep(reading, name, line, title, abstract, details)
    return reading


def _read_json_lines(path: Path, name: str) -> Reading:
    reading = Reading()
    whole = path.read_bytes()
    if _utf16(whole):
        whole = _decode(whole).encode()
    for number, raw in enumerate(whole.split(b"\n"), 1):
        if not raw.strip():
            continue
        try:
            row = json.loads(_decode(raw))
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
        clean = re.compile(r"[\x00-\x08\x0b-\x0c\x0e-\x1f\ud800-\udfff]")
        _keep(reading, name, number, clean.sub(" ", title), clean.sub(" ", body), _details(row))
    return reading


def _keep(reading: Reading, name: str, line: int, title: str, body: str, details: dict[str, Any]) -> None:
    try:
        reading.papers.append(make_paper(title, body, **details))
    except SourceError as error:
        reading.failures.append(Failure(name, line, str(error)))


def _details(raw: dict[str, Any]) -> dict[str, Any]:
    """A paper's metadata from loosely written fields; what makes no sense is left out."""

    def text(key: str) -> str | None:
        value = raw.get(key)
        return readable(" ".join(str(value).split()))[:500] or None if isinstance(value, (str, int)) else None

    def texts(key: str) -> tuple[str, ...]:
        value = raw.get(key) or []
        items = re.split(r"\s*;\s*|\s+and\s+", value) if isinstance(value, str) else value
        if not isinstance(items, (list, tuple)):
            return ()
        named = [item.get("name", "") if isinstance(item, dict) else item for item in items]
        return tuple(dict.fromkeys(readable(" ".join(str(n).split())) for n in named if str(n).strip()))

    year = re.search(r"\b(?:1[5-9]|20)\d\d\b", str(raw.get("year") or raw.get("date") or ""))
    doi = text("doi")
    arxiv = text("arxiv_id")
    return {
        "authors": texts("authors") or texts("author"),
        "year": int(year[0]) if year else None,
        "venue": text("venue") or text("journal"),
        "doi": re.sub(r"^(?:https?://(?:dx\.)?doi\.org/|doi:\s*)", "", doi, flags=re.I) if doi else None,
        "arxiv_id": re.sub(r"^(?:https?://arxiv\.org/abs/|arxiv:\s*)", "", arxiv, flags=re.I) if arxiv else None,
        "url": text("url"),
        "citekey": text("citekey"),
        "tags": texts("tags"),
    }


def _read_pdf(path: Path, name: str) -> Reading:
    from .pdf import read_pdf

    document = read_pdf(path)
    title = document.title or path.stem.replace("_", " ")
    paper = make_paper(title, "\n\n".join(page.text for page in document.pages))
    return Reading(
        [replace(paper, pages=document.page_spans(len(paper.text)), year=document.year, authors=document.authors)]
    )


_READERS: dict[str, Callable[[Path, str], Reading]] = {
    ".txt": _read_text,
    ".text": _read_text,
    ".md": _read_markdown,
    ".markdown": _read_markdown,
    ".html": _read_html,
    ".htm": _read_html,
    ".pdf": _read_pdf,
    ".bib": _read_bibtex,
    ".ris": _read_ris,
    ".jsonl": _read_json_lines,
    ".ndjson": _read_json_lines,
}
