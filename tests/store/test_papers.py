"""Queries of the record scale with its size, and filters mean what they say."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from rag.assistant import Assistant
from rag.errors import QuestionError
from rag.store.papers import Records, StoredChunk
from rag.types import Cell, Chunk, Paper, Span, Table


def put(records: Records, *papers: Paper) -> list[int]:
    """Store papers of one chunk each with made-up vectors; return their keys."""
    vector = np.ones(4, np.float32)
    keys = []
    with records.transaction() as db:
        for paper in papers:
            spans = (Span(len(paper.title) + 2, len(paper.text)),)
            chunk = StoredChunk(Chunk(*spans[0], spans), vector, vector[None])
            reading = (paper.title.casefold(), paper.text)
            keys.append(records.put_paper(db, paper, vector, [chunk], reading=reading, corrections={}))
    return keys


def made(number: int, **more: object) -> Paper:
    title = f"Paper {number}"
    return Paper(title, f"{title}\n\nThe otter number {number} swims in the river.", **more)  # type: ignore[arg-type]


def test_a_filter_that_many_papers_match_does_not_run_one_search_for_each(tmp_path: Path) -> None:
    records = Records(tmp_path / "footnote.sqlite")
    keys = put(records, *map(made, range(2500)))
    for scores in (records.word_scores, records.paper_word_scores):
        began = time.process_time()
        unfiltered = scores(["otter"], 5000, None)
        between = time.process_time()
        filtered = scores(["otter"], 5000, keys)
        assert time.process_time() - between < 10 * (between - began) + 0.1  # a match for each paper takes 0.7 s
        assert filtered == unfiltered
        assert len(scores(["otter"], 5000, keys[:3])) == 3
        assert scores(["otter"], 5000, []) == {}
    records.close()


@pytest.mark.parametrize("most", [0, 5000])
def test_a_filter_gives_the_best_rows_of_its_papers(tmp_path: Path, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.store.search._MANY_PAPERS", most)
    records = Records(tmp_path / "footnote.sqlite")
    keys = put(records, *map(made, range(60)))
    for papers in (keys[::2], keys[:1], keys):
        for scores in (records.word_scores, records.paper_word_scores):
            of_all, owners = scores(["otter", "7", "11"], 1000, None), records.owners(list(records.chunk_keys()))
            owner = owners.get if scores == records.word_scores else int
            expected = {row: score for row, score in of_all.items() if owner(row) in papers}
            for limit in (1, 5, 100):
                assert list(scores(["otter", "7", "11"], limit, papers).items()) == list(expected.items())[:limit]
    records.close()


def test_common_words_rank_what_holds_rarer_ones_as_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    records = Records(tmp_path / "footnote.sqlite")
    put(records, *map(made, range(40)))
    for terms, best in ((["river", "otter", "7"], 1), (["river", "otter"], 40), (["river", "number", "otter"], 40)):
        exact = records.word_scores(terms, 50, None)
        monkeypatch.setattr("rag.store.search._COMMON", 10)
        pruned = records.word_scores(terms, 50, None)
        assert list(pruned.items())[:best] == list(exact.items())[:best]
        monkeypatch.undo()
    records.close()


@pytest.mark.parametrize("name", ["papers", "years", "authors", "sources", "tags", "collections"])
def test_an_empty_filter_is_refused_by_name_and_does_not_mean_all_papers(assistant: Assistant, name: str) -> None:
    for call in (assistant.ask, assistant.search):
        with pytest.raises(QuestionError, match=f"^{name} is empty: name at least one, or leave it out"):
            call("How many otters?", **{name: []})  # type: ignore[operator]
    assert assistant.search("otters", papers=None, without=[])


def test_tables_come_back_as_they_were_stored(tmp_path: Path) -> None:
    records = Records(tmp_path / "footnote.sqlite")
    text = "Kites\n\nTable 1. Counts\nOtters |  | 5\nNote."
    rows = ((Cell(23, 29, 0), Cell(32, 32, 1), Cell(35, 36, 2, 3)),)
    tables = (Table("Table 1", 7, len(text), Span(7, 22), 1, rows, Span(37, 42)), Table(None, 23, 36, None, 0, rows))
    with_tables, without = put(records, Paper("Kites", text, tables=tables), made(1))
    found, other = records.at(with_tables), records.at(without)
    assert found is not None
    assert other is not None
    assert found.tables == tables
    assert other.tables == ()
    assert [paper.tables for paper in records.papers()] == [(), ()]
    records.close()
