"""How passages are shared among the papers of a scope."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator

import pytest
from helpers.fake_embedder import fake_embedder

from rag.assistant import Assistant
from rag.filters import Filters
from rag.retrieval.scope import Scope
from rag.retrieval.search import search

OF_PAPER = [1, 1, 1, 1, 2, 1, 2, 3, 1]  # the papers of rows that are in rank order
NAMES = ("Kites", "Clocks", "Mills", "Ferries", "Bridges", "Canals")
SMALL = {"chunking": {"max_tokens": 48}, "cross_encoder": {"model": "none"}}


def shared(scope: Scope, count: int) -> list[int]:
    return scope.shared(range(len(OF_PAPER)), OF_PAPER, count)


def test_one_paper_gives_any_number_of_passages() -> None:
    assert shared(Scope((1,), 2), 6) == [0, 1, 2, 3, 4, 5]


def test_a_few_papers_give_the_same_number_each() -> None:
    assert shared(Scope((1, 2), 2), 4) == [0, 1, 4, 6]


def test_the_share_that_a_paper_has_not_goes_to_the_others_by_rank() -> None:
    assert shared(Scope((1, 2, 3), 2), 6) == [0, 1, 2, 4, 6, 7]


def test_in_a_library_no_paper_gives_more_than_the_setting_says() -> None:
    assert shared(Scope((), 2), 9) == [0, 1, 4, 6, 7]


@pytest.fixture(scope="module")
def long_papers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    """Six papers of many small chunks each; only the first is about fog."""
    root = tmp_path_factory.mktemp("shares")
    rows = []
    for name in NAMES:
        sentences = [f"{name} of kind {n} are seen in the {'fog' if name == 'Kites' else 'sun'}." for n in range(12)]
        rows.append({"title": f"On {name}", "authors": [name], "text": " ".join(sentences)})
    (root / "papers.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with Assistant.open(library=root / "library", mode="quote", overrides=SMALL, embedder=fake_embedder()) as opened:
        opened.add(root / "papers.jsonl")
        yield opened


def test_all_passages_of_a_named_paper_are_candidates(long_papers: Assistant) -> None:
    found = search(long_papers.library, "fog?", filters=Filters(papers=("On Kites",)))
    assert len(found.candidates) == len(found.best_rows(100)) > 3
    assert len(found.scope.papers) == 1


def test_passages_and_quotes_come_from_each_of_two_named_papers(long_papers: Assistant) -> None:
    count = Counter(passage.title for passage in long_papers.search("fog", 6, papers=["On Kites", "On Mills"]))
    assert count == {"On Kites": 3, "On Mills": 3}


def test_more_papers_than_a_few_are_a_library(long_papers: Assistant) -> None:
    for filters in ({}, {"authors": list(NAMES)}):
        passages = long_papers.search("fog", 6, **filters)
        assert Counter(passage.title for passage in passages)["On Kites"] == 3
