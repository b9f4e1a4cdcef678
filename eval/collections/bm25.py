"""Rank paragraphs by BM25 as a baseline: SQLite's FTS5 with the Porter stemmer, without stop words."""

import re
import sqlite3
from collections.abc import Iterable


class WordSearch:
    """Paragraphs of papers, each with an id and a text."""

    def __init__(self, paragraphs: Iterable[tuple[str, str, str]]) -> None:
        """Index the paragraphs, each (paper, id, text)."""
        self._db = sqlite3.connect(":memory:")
        self._db.execute(
            "CREATE VIRTUAL TABLE words USING fts5(paper UNINDEXED, id UNINDEXED, text, tokenize = 'porter')"
        )
        self._db.executemany("INSERT INTO words VALUES (?, ?, ?)", paragraphs)

    def ranking(self, question: str, most: int, paper: str | None = None) -> list[str]:
        """Return the ids of up to `most` paragraphs that share a word with the question, best first.

        `paper` limits the search to one paper.
        """
        words = " OR ".join(f'"{word}"' for word in dict.fromkeys(re.findall(r"\w+", question)))
        if not words:
            return []
        rows = self._db.execute(
            "SELECT id FROM words WHERE words MATCH ? AND paper = coalesce(?, paper) ORDER BY rank LIMIT ?",
            (words, paper, most),
        )
        return [str(id_) for (id_,) in rows]
