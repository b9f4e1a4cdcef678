"""Read Markdown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..text.html_tags import untagged
from .encodings import read_text
from .metadata import metadata_fields, with_authors
from .sources import Reading, make_paper


def read_markdown(path: Path, name: str) -> Reading:
    """Return the paper in a Markdown file; title, authors and the rest may be in its front matter.

    Raise SourceError if the front matter is not valid YAML, or its aliases expand to far more than is written.
    """
    from markdown_it import MarkdownIt

    from .front_matter import front_matter

    fields, content = front_matter(read_text(path))
    stated = fields.get("title")
    title = untagged(str(stated)).strip() if stated and isinstance(stated, (str, int, float)) else None
    sections: list[tuple[str | None, str]] = [(None, "")]
    in_heading = False
    row: list[str] | None = None

    def add(text: str) -> None:
        if text.strip():
            section, body = sections[-1]
            sections[-1] = (section, f"{body}\n\n{text.strip()}" if body else text.strip())

    for token in MarkdownIt("commonmark").enable("table").parse(content):
        if token.type in ("heading_open", "heading_close"):
            in_heading = token.type == "heading_open"
        elif token.type == "tr_open":
            row = []
        elif token.type == "tr_close" and row is not None:
            add(" | ".join(row))
            row = None
        elif token.type == "inline" and in_heading and title is None:
            title = _inline_text(token)
        elif token.type == "inline" and in_heading:
            sections.append((_inline_text(token), ""))
        elif token.type == "inline" and row is not None:
            row.append(_inline_text(token))
        elif token.type in ("inline", "fence", "code_block"):
            add(_inline_text(token) if token.type == "inline" else token.content)
    metadata = metadata_fields(with_authors(fields))
    return Reading([make_paper(str(title or path.stem.replace("_", " ")), "", sections=sections, **metadata)])


def _inline_text(token: Any) -> str:
    texts = {"softbreak": " ", "hardbreak": "\n"}
    return "".join(
        child.content if child.type in ("text", "code_inline", "image") else texts.get(child.type, "")
        for child in token.children or []
    )
