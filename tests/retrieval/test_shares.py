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
KITES, MILLS = "Kites: Seen from Afar by Night", "Mills: An Overview"
END = "Ropes of hemp hold them on the ground when the wind is strong, and they last for ten years or more at least."
SMALL = {"chunking": {"max_tokens": 48}, "cross_encoder": {"model": "none"}}


def shared(scope: Scope, count: int) -> list[int]:
    return scope.shared(range(len(OF_PAPER)), OF_PAPER, count)


def test_one_paper_gives_any_number_of_passages() -> None:
    assert shared(Scope((1,), 2), 6) == [0, 1, 2, 3, 4, 5]


def test_a_few_papers_give_the_same_number_each() -> None:
    assert shared(Scope((1, 2), 2), 4) == [0, 1, 4, 6]


def test_the_share_that_a_paper_has_not_goes_to_the_others_by_rank() -> None:
    assert shared(Scope((1, 2, 3), 2), 6) == [0, 1, 2, 4, 6, 7]


def test_rows_that_are_kept_come_before_better_ones() -> None:
    assert Scope((1,), 2).shared(range(len(OF_PAPER)), OF_PAPER, 3, kept={8}) == [0, 1, 8]


def test_in_a_library_no_paper_gives_more_than_the_setting_says() -> None:
    assert shared(Scope((), 2), 9) == [0, 1, 4, 6, 7]


@pytest.fixture(scope="module")
def long_papers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    """Six papers of many small chunks each; only the first is about fog."""
    root = tmp_path_factory.mktemp("shares")
    rows = []
    for name in NAMES:
        sentences = [f"{name} of kind {n} are seen in the {'fog' if name == 'Kites' else 'sun'}." for n in range(12)]
        title = KITES if name == "Kites" else f"{name}: An Overview"
        rows.append({"title": title, "authors": [name], "text": " ".join([*sentences, END])})
    (root / "papers.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with Assistant.open(library=root / "library", mode="quote", overrides=SMALL, embedder=fake_embedder()) as opened:
        opened.add(root / "papers.jsonl")
        yield opened


def test_more_passages_of_the_best_paper_of_a_library_are_read_than_shown(long_papers: Assistant) -> None:
    found = search(long_papers.library, "What is seen from afar in the fog?")
    best = found.candidates.paper_keys[found.order[0]]
    of_read, of_shown = (
        Counter(found.candidates.paper_keys[row] for row in rows)
        for rows in (found.rows_to_read(12), found.best_rows(12))
    )
    assert of_shown[best] == 3
    assert of_read[best] > 3
    assert len(of_read) > 1
    assert of_read.total() == 12


def test_the_opening_of_the_best_paper_is_always_read(long_papers: Assistant) -> None:
    found = search(long_papers.library, "Do ropes of hemp hold the kites in fog for ten years?")
    (opening,) = found.rows_to_read(1)
    of_best = [row for row in found.order if found.candidates.paper_keys[row] == found.candidates.paper_keys[opening]]
    assert opening == min(of_best, key=lambda row: found.candidates.chunk(row).start) != found.order[0]
    assert found.order[0] in found.rows_to_read(2)


def test_a_word_that_one_paper_is_named_after_is_told_by_its_summary(long_papers: Assistant) -> None:
    assert search(long_papers.library, "What is Kites?").wanted.kind == "summary"
    assert search(long_papers.library, "What is fog?").wanted.kind == "definition"


def test_all_passages_of_a_named_paper_are_candidates(long_papers: Assistant) -> None:
    found = search(long_papers.library, "fog?", filters=Filters(papers=(KITES,)))
    assert len(found.candidates) == len(found.best_rows(100)) > 3
    assert len(found.scope.papers) == 1


def test_passages_and_quotes_come_from_each_of_two_named_papers(long_papers: Assistant) -> None:
    count = Counter(passage.title for passage in long_papers.search("fog", 6, papers=[KITES, MILLS]))
    assert count == {KITES: 3, MILLS: 3}


def test_more_papers_than_a_few_are_a_library(long_papers: Assistant) -> None:
    for filters in ({}, {"authors": list(NAMES)}):
        passages = long_papers.search("fog", 6, **filters)
        assert Counter(passage.title for passage in passages)[KITES] == 3


def test_a_question_that_names_two_papers_is_put_to_these(long_papers: Assistant) -> None:
    passages = long_papers.search("Compare Kites with Mills in the fog", 6)
    assert Counter(passage.title for passage in passages) == {KITES: 3, MILLS: 3}


def test_a_question_for_papers_is_put_to_all_of_them(long_papers: Assistant) -> None:
    assert not search(long_papers.library, "Which papers compare Kites with Mills?").scope.papers


def test_a_paper_that_the_question_names_may_give_more_passages_than_others(long_papers: Assistant) -> None:
    count = Counter(passage.title for passage in long_papers.search("How are they seen in Kites?", 30))
    assert count[KITES] > 3
    assert max(count[title] for title in count if title != KITES) <= 3


def test_the_best_passages_speak_of_each_part_of_a_question(long_papers: Assistant) -> None:
    found = search(long_papers.library, "What do they say on fog and ropes?", filters=Filters(papers=(KITES,)))
    assert found.coverage.parts == ("fog", "ropes")
    assert found.coverage.missing == ()
    assert all(set(rows).intersection(found.best_rows(4)) for rows in found.coverage.rows)
    assert len(found.coverage.rows) == 2


def test_a_part_that_nothing_speaks_of_is_missing(long_papers: Assistant) -> None:
    found = search(long_papers.library, "What do they say on anchors and ropes?", filters=Filters(papers=(KITES,)))
    assert found.coverage.missing == ("anchors",)


def test_a_paper_without_a_word_of_the_question_is_silent(long_papers: Assistant) -> None:
    def silent(question: str) -> list[str]:
        found = search(long_papers.library, question, filters=Filters(papers=(KITES, MILLS)))
        papers = [each.scope.papers[0] for each in found.of_papers if each.coverage.is_silent]
        return [paper.title for paper in map(long_papers.library.records.at, papers) if paper]

    assert silent("Is it seen in fog or mist?") == []  # both hold "seen"
    assert silent("Is there fog or mist?") == [MILLS]


def test_a_question_on_two_papers_is_put_to_each_without_the_name_of_the_other(long_papers: Assistant) -> None:
    found = search(long_papers.library, "In what weather are Kites and Mills seen?")
    asked = {each.scope.papers: each.question for each in found.of_papers}
    assert sorted(asked.values()) == ["In what weather are Kites seen?", "In what weather are Mills seen?"]
    for each in found.of_papers:
        assert {each.candidates.paper_keys[row] for row in each.order} == set(each.scope.papers)
    assert set(found.order) == {row for each in found.of_papers for row in each.order}


def test_papers_that_are_left_by_other_filters_are_asked_together(long_papers: Assistant) -> None:
    assert not search(long_papers.library, "Is there fog?", filters=Filters(authors=NAMES[:2])).of_papers


def test_a_question_with_a_whole_title_is_put_to_that_paper_without_the_title(long_papers: Assistant) -> None:
    found = search(long_papers.library, f"In “{KITES}”, are ropes of hemp used?")
    assert (len(found.scope.papers), found.question) == (1, "In , are ropes of hemp used?")
    found = search(long_papers.library, f"{KITES}: which ropes are used?", filters=Filters(papers=(KITES,)))
    assert found.question == "which ropes are used?"
