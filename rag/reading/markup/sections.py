"""Extract a paper's sections from HTML, without the surrounding site. Tables, captions and footnotes get their kind."""

from __future__ import annotations

from typing import Any

from ..sources import Part, section_kind
from .blocks import Block, read_blocks


def hidden_text_note(count: int) -> tuple[str, ...]:
    """Return a note about characters left out because styles hide them, if there are any."""
    return (f"{count} invisible characters were left out",) if count else ()


def sections(root: Any, title: str = "") -> list[Part]:
    """Return the contents of a tag as sections in order, without the heading that repeats the paper's title."""
    parts = [Part(None, "", "body")]
    heading, kind, level = None, "body", 9  # of the section that resumes after a region, a table or a note
    inner = None  # the heading inside a region: an abstract, an appendix, ...
    for block in _joined(read_blocks(root)):
        if block.level and block.kind:
            inner = block.text or (heading if block.kind == "body" else None)
        elif block.level and block.text != title:
            inherits = kind != "body" and block.level > level
            new_kind = section_kind(block.text, kind if block.level >= level else "body")
            if not (inherits and new_kind == "body"):
                kind, level = new_kind, block.level
            heading = inner = block.text
            parts.append(Part(heading, "", kind))
        elif block.table:
            parts.append(Part(block.table.title(inner if block.kind else heading), "", "table", block.table))
        elif not block.level:
            part = Part(block.title or (inner if block.kind else heading), block.text, block.kind or kind)
            last = parts[-1]
            if (last.heading, last.kind, last.table) == (part.heading, part.kind, None):
                parts[-1] = last._replace(text=f"{last.text}\n\n{part.text}" if last.text else part.text)
            else:
                parts.append(part)
    return parts


def _joined(blocks: list[Block]) -> list[Block]:
    """Return the blocks, with each equation joined to the sentence around it; its footnotes follow."""
    joined: list[Block] = []
    notes: list[Block] = []
    for block in blocks:
        last = joined[-1] if joined else block
        if block.kind == "footnote":
            notes.append(block)
        elif (block.joins or last.joins) and _continues(last, block):
            joined[-1] = last._replace(text=f"{last.text} {block.text}", joins=True)
        else:
            joined += [*notes, block]
            notes.clear()
    return joined + notes


def _continues(last: Block, block: Block) -> bool:
    """Return whether a sentence continues from one block to the next, one of which is an equation."""
    alike = (last.kind, last.title, 0, 0) == (block.kind, block.title, last.level, block.level)
    return alike and not last.text.endswith((".", "!", "?")) and (block.joins or block.text[:1].islower())
