"""Papers that a question names are found, and papers that it only shares words with are not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from helpers.records import record_of

from rag.retrieval.names import named_papers
from rag.store.papers import Records


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Records]:
    opened = record_of(tmp_path_factory.mktemp("record"))
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("question", "named"),
    [
        ("How many rivers does OtterNet see?", [(1, "OtterNet")]),
        ("does otternet work in fog", [(1, "otternet")]),
        ("Compare otter-net with Tidal Clocks for Sensor Networks", [(1, "otter-net"), (2, "Tidal Clocks")]),
        ("What did Hill and Öztürk (2021) sense?", [(2, "Hill and Öztürk (2021")]),
        ("What does van Brook et al. 2019 say on fog?", [(1, "Brook et al. 2019")]),
        ("What does @hill2021 measure?", [(2, "@hill2021")]),
        ("What is the grammar of bird alarm calls?", [(3, "grammar of bird alarm calls")]),
        ("How do owls pay Attention?", [(5, "Attention")]),
    ],
)
def test_a_paper_is_named_by_its_short_name_its_title_its_author_and_year_and_its_citekey(
    records: Records, question: str, named: list[tuple[int, str]]
) -> None:
    found = named_papers(records, question)
    assert [(paper.key, paper.words[: len(words)]) for paper, (_, words) in zip(found, named, strict=True)] == named


@pytest.mark.parametrize(
    "question",
    ["Which clocks do sensor makers sell?", "How many birds are on roofs?", "Who calls an alarm in 2021?", "hill 1998"],
)
def test_shared_words_name_no_paper(records: Records, question: str) -> None:
    assert named_papers(records, question) == []


def test_only_the_papers_of_the_scope_are_named(records: Records) -> None:
    assert named_papers(records, "OtterNet or @hill2021?", papers=[2]) == [(2, "@hill2021")]
