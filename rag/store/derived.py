"""Write the rows that are derived from papers and answers, so that lists need not read these."""

import sqlite3
from typing import Any

from ..text.readable import readable


def put_listing(db: sqlite3.Connection, key: int, title: str, year: int | None, fields: dict[str, Any]) -> None:
    """Replace what lists show a paper by; `fields` has the paper's authors and tags."""
    authors = [author.casefold() for author in fields.get("authors", ())]
    shown = readable(title).casefold()
    words = "\n".join([shown, *authors, *(tag.casefold() for tag in fields.get("tags", ()))])
    values = (key, shown, authors[0] if authors else "", year, words)
    db.execute("INSERT OR REPLACE INTO listing VALUES (?, ?, ?, ?, ?)", values)


def put_cited(db: sqlite3.Connection, key: int, answer: dict[str, Any]) -> None:
    """Store which papers a saved answer quotes, in what is shown of it or in its quotes."""
    texts = (answer, answer.get("quotes") or {})
    papers = {citation["paper_id"] for text in texts for citation in text.get("citations", ())}
    db.executemany("INSERT OR IGNORE INTO cited VALUES (?, ?)", [(paper, key) for paper in sorted(papers)])
