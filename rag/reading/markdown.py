"""Read Markdown."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..text.html_tags import untagged
from .encodings import read_text
from .metadata import metadata_fields, with_authors
from .sources import Part, Reading, make_paper
from .tables import CellText, TableText

_CAPTION = re.compile(r"(?:Table)?:\s+(?=\S)|(?=Table\s+[\w.]{1,12}[.:]\s)", re.IGNORECASE)  # Pandoc's; common


def read_markdown(path: Path, name: str) -> Reading:
    """Return the paper in a Markdown file; title, authors and other metadata may be in its front matter.

    Raise SourceError if the front matter is not valid YAML, or its aliases expand too far.
    """
    from markdown_it import MarkdownIt

    from .front_matter import front_matter

    fields, content = front_matter(read_text(path))
    stated = fields.get("title")
    title = untagged(str(stated)).strip() if stated and isinstance(stated, (str, int, float)) else None
    found, parts = _parts(MarkdownIt("commonmark").enable("table").parse(content), title)
    metadata = metadata_fields(with_authors(fields))
    return Reading([make_paper(str(found or path.stem.replace("_", " ")), "", sections=parts, **metadata)])


def _parts(tokens: Sequence[Any], title: str | None) -> tuple[str | None, list[Part]]:
    """Return the title and the sections; an unknown title is taken from the first heading."""
    parts: list[Part] = []
    heading: str | None = None
    paragraphs: list[str] = []  # since the section's heading or last table
    in_heading = False
    row: list[CellText] | None = None
    table = TableText()

    def end_part() -> None:
        parts.append(Part(heading, "\n\n".join(paragraphs)))
        paragraphs.clear()

    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            in_heading = token.type == "heading_open"
        elif token.type == "table_open":
            table = TableText()
            if paragraphs and _CAPTION.match(paragraphs[-1]):
                table.add_caption(_CAPTION.sub("", paragraphs.pop(), count=1))
            end_part()
        elif token.type == "table_close":
            parts.append(Part(heading, "", table=table))
        elif token.type == "tr_open":
            row = []
        elif token.type == "tr_close" and row is not None:
            table.add_row(row)
            row = None
        elif token.type == "inline" and in_heading and title is None:
            title = _inline_text(token)
        elif token.type == "inline" and in_heading:
            end_part()
            heading = _inline_text(token)
        elif token.type in ("th_open", "td_open") and row is not None:
            row.append(CellText("", is_header=token.type == "th_open"))
        elif token.type == "inline" and row:
            row[-1] = row[-1]._replace(text=" ".join(_inline_text(token).split()))
        elif token.type in ("inline", "fence", "code_block"):
            text = (_inline_text(token) if token.type == "inline" else token.content).strip()
            follows_table = bool(parts and parts[-1].table and not paragraphs)
            if follows_table and not table.caption and _CAPTION.match(text):
                table.add_caption(_CAPTION.sub("", text, count=1))
            else:
                paragraphs += [text] if text else []
    end_part()
    return title, [part._replace(heading=part.table.title(part.heading)) if part.table else part for part in parts]


def _inline_text(token: Any) -> str:
    texts = {"softbreak": " ", "hardbreak": "\n"}
    return "".join(
        child.content if child.type in ("text", "code_inline", "image") else texts.get(child.type, "")
        for child in token.children or []
    )
