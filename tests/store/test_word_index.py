"""The word index keeps no texts: it is given the words that it removes, as they were when they were indexed."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from rag.assistant import Assistant
from rag.store import word_index
from rag.store.integrity import faults_of
from rag.store.papers import Records
from rag.text.readable import readable

SHOWN = (
    r"\ours improves na\"ive search by 34.0\% in ``quotes''",
    r"Let $x_i \in \mathbb{R}^d$ and $\alpha \leq \frac{1}{2}$; see~\cite{otter} and \emph{kites}",
    "soft\u00adhyphen, li\ufb01e, \u201equotes\u201c, a\u0301 and \u2212 1\u00a0000",
    "<i>Lutra lutra</i> &amp; H<sub>2</sub>O -- 10^{-3} {Nested {braces}}",
)


def terms_left(records: Records) -> list[str]:
    """Return the stems that the word index of chunks holds."""
    with records.transaction(of_papers=False) as db:
        db.execute("CREATE VIRTUAL TABLE temp.left USING fts5vocab(main, chunk_words, row)")
        found = [row[0] for row in db.execute("SELECT term FROM temp.left")]
        db.execute("DROP TABLE temp.left")
    return found


def test_nothing_of_removed_and_changed_papers_stays_in_the_index(assistant: Assistant) -> None:
    records = assistant.library.records
    assistant.edit(assistant.papers()[0].id, title="Zebras in the \\emph{Fog}")
    assert not faults_of(records)
    assert "zebra" in terms_left(records)
    for paper in assistant.papers():
        assistant.remove(paper.id)
    assert terms_left(records) == []
    assert not faults_of(records)


def test_a_record_whose_words_were_made_by_another_version_is_indexed_again(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, scores = assistant.library.records.path, assistant.library.records.word_scores(["otters"], 9, None)
    assert scores
    assistant.close()
    monkeypatch.setattr(word_index, "FORM", "another")
    indexed: list[int] = []
    really = word_index.add_paper

    def add(db: object, key: int) -> None:
        indexed.append(key)
        really(db, key)  # type: ignore[arg-type]

    monkeypatch.setattr(word_index, "add_paper", add)
    for expected in (True, False):
        records = Records(path)
        assert bool(indexed) == expected
        assert records.word_scores(["otters"], 9, None) == scores
        records.close()
        indexed.clear()


def test_what_is_made_of_texts_has_not_changed_without_its_number() -> None:
    """Change `word_index.FORM` with this digest."""
    made = json.dumps([word_index.FORM, *map(readable, SHOWN)])
    assert hashlib.sha256(made.encode()).hexdigest()[:16] == "2448b965966557c3"


def test_words_are_found_as_they_are_written(assistant: Assistant, folder: Path) -> None:
    assert assistant.library.records.written_form("otter") in ("otters", "Otters")
    assert assistant.library.records.written_form("unheard") is None
