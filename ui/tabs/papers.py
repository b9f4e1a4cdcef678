"""What happens on the page with the papers themselves: the table, uploads, corrections, removal."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rag import Assistant, Paper, Progress, failure_lines, readable
from rag.errors import SourceError

from ..paper_list import Shelves

HEADERS = ["Title", "Authors", "Year", "Source", "Passages", "Added", "Tags", "Id"]
MOST_FILES = 200  # of one upload
MOST_ROWS = 500  # papers that the table shows at once
MOST_CHOICES = 1000  # papers that a question can be limited to by choosing; others by typing their title


class Fields(NamedTuple):
    """A paper's metadata as a person edits it, in the order of the page's fields; lists are parted by semicolons."""

    title: str = ""
    authors: str = ""
    year: str = ""
    venue: str = ""
    doi: str = ""
    arxiv_id: str = ""
    citekey: str = ""
    tags: str = ""


class Listed(NamedTuple):
    """Papers as the page lists them: rows of the table with columns as `HEADERS`, (label, id) each, what is missing."""

    rows: list[list[Any]]
    choices: list[tuple[str, str]]
    note: str


class Papers:
    """The library as the page shows it."""

    def __init__(self, assistant: Assistant, shelves: Shelves) -> None:
        self._assistant = assistant
        self._shelves = shelves

    def listed(self, words: str = "") -> Listed:
        """Return the papers that hold some words, as the table and the choices show them; of many the first."""
        shelf = self._shelves.now()
        found = shelf.holding(words)
        shown = found[:MOST_ROWS]
        stored = self._assistant.stored([paper.id for paper in shown])
        rows = [
            [
                readable(paper.title),
                "; ".join(paper.authors),
                paper.year,
                ", ".join(paper.sources),
                stored[paper.id].chunks,
                stored[paper.id].added[:10],
                ", ".join(paper.tags),
                paper.id,
            ]
            for paper in shown
            if paper.id in stored
        ]
        many = f"The first {MOST_ROWS:,} of {len(found):,} papers are shown. Search to find others."
        return Listed(rows, [_choice(paper) for paper in shown], many if len(found) > MOST_ROWS else "")

    def has(self, name: str | None) -> bool:
        """Whether a paper has this id."""
        return name in self._shelves.now().papers

    def choices(self) -> list[tuple[str, str]]:
        """The papers as (label, id), of many the first; the year tells papers of one title apart."""
        papers = self._shelves.now().papers.values()
        return [_choice(paper) for paper in itertools.islice(papers, MOST_CHOICES)]

    def years(self) -> Sequence[int]:
        """The years of the papers, the latest first."""
        return self._shelves.now().years

    def tags(self) -> Sequence[str]:
        """The tags of the papers."""
        return self._shelves.now().tags

    def unread(self) -> list[str]:
        """The files that could not be read, each with the reason; of many the first, and how many more."""
        lines = [str(failure) for failure in self._assistant.failures()]
        more = len(lines) - MOST_ROWS
        return [*lines[:MOST_ROWS], *([f"{more:,} more files"] if more > 0 else [])]

    def upload(self, files: Sequence[str], on_progress: Callable[[Progress], None]) -> tuple[str, list[str]]:
        """Adds uploaded files: what was done, and a line for each file that failed."""
        if len(files) > MOST_FILES:
            return "Nothing was added.", [f"{len(files)} files at once are too many: at most {MOST_FILES} are taken."]
        report = self._assistant.add_uploads([(Path(file).name, Path(file)) for file in files], on_progress)
        return f"{report}.", failure_lines(report.failed)

    def fields(self, name: str) -> Fields:
        """The metadata of a paper."""
        paper = self._assistant.paper(name)
        return Fields(
            paper.title,
            "; ".join(paper.authors),
            str(paper.year or ""),
            paper.venue or "",
            paper.doi or "",
            paper.arxiv_id or "",
            paper.citekey or "",
            "; ".join(paper.tags),
        )

    def correct(self, name: str, fields: Fields) -> str:
        """Stores what a person changed of a paper's metadata, leaves the rest to its source, and says so.

        Raises:
            SourceError: a field cannot have this value.
        """
        before = self.fields(name)
        changed = {k: v for k, v in fields._asdict().items() if v.strip() != getattr(before, k)}
        changes = {field: _value(field, text) for field, text in changed.items()}
        if not changes:
            return "Nothing was changed."
        return f"Saved: {readable(self._assistant.edit(name, **changes).title)}"

    def remove(self, name: str) -> str:
        """Removes a paper, and says so."""
        return f"Removed: {readable(self._assistant.remove(name).title)}"

    def what_goes(self, name: str) -> str:
        """What is removed along with a paper, for a person to think of before."""
        title = readable(self._assistant.paper(name).title)
        return (
            f"“{title}” goes from the library, with its uploaded copy if there is one. Kept answers lose the words "
            "that they quote from it. Its folder does not bring it back; adding its file by name does. The files that "
            "it was added from stay where they are."
        )


def _choice(paper: Paper) -> tuple[str, str]:
    return readable(paper.title) + (f" ({paper.year})" if paper.year else ""), paper.id


def _value(field: str, text: str) -> Any:
    """A field's text as it is stored."""
    if field in ("authors", "tags"):
        return [item for part in re.split(r"[;\n]", text) if (item := " ".join(part.split()))]
    if field == "year":
        if text.strip() and not re.fullmatch(r"\d{4}", text.strip()):
            raise SourceError(f"The year {text!r} is no whole number from 1000 to 2100.")
        return int(text) if text.strip() else None
    return " ".join(text.split()) or None
