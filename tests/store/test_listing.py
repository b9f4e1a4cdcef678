"""Lists of papers are searched, filtered, sorted and counted in the record."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.records import record_of

from rag import Assistant, cite_keys
from rag.errors import QuestionError, UnknownPaper
from rag.filters import Filters
from rag.store.papers import Records
from rag.types import Paper

PAPERS = (
    Paper("Otters \\& Kites", "", authors=("Zoe Ames", "Ada Brook"), year=2019, tags=("Water", "fur")),
    Paper("kelp", "", year=2020, tags=("water",), collections=("Sea / Plants",)),
    Paper("Birds", "", authors=("ada brook",), year=2021, collections=("Sea",)),
    Paper("Émile's Fog", "", authors=("Émile Roux",)),
)


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Records]:
    made = record_of(tmp_path_factory.mktemp("record"), PAPERS)
    with made.transaction() as db:
        made.link(db, made.put_source(db, "/papers/Kelp_É.pdf", "Kelp_É.pdf"), 2)
    yield made
    made.close()


@pytest.fixture(scope="module")
def assistant(records: Records) -> Iterator[Assistant]:
    with Assistant.open(library=records.path.parent, mode="quote") as opened:
        yield opened


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("otters & kites", [1]),
        ("BROOK water", [1]),
        (" ada  birds", [3]),
        ("kelp_é.PDF", [2]),
        ("ÉMILE", [4]),
        ("otters birds", []),
        ("%", []),
        ("", [1, 2, 3, 4]),
    ],
)
def test_papers_are_found_by_all_words_in_any_field(records: Records, words: str, expected: list[int]) -> None:
    assert records.listed(words, Filters(), "added", 0, 9) == expected
    assert records.count_listed(words, Filters()) == len(expected)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(years=(2019, 2021)), [1, 3]),
        (Filters(tags=("WATER",)), [1, 2]),
        (Filters(collections=("sea",)), [2, 3]),
        (Filters(authors=("brook",)), [1, 3]),
        (Filters(sources=("kelp",), years=(2020,)), [2]),
        (Filters(papers=("Birds", "kelp"), without=("kelp",)), [3]),
        (Filters(tags=("nowhere",)), []),
    ],
)
def test_lists_are_filtered_as_questions_are(records: Records, filters: Filters, expected: list[int]) -> None:
    assert records.listed("", filters, "added", 0, 9) == expected
    if expected:
        assert records.papers_matching(filters) == expected


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("added", [1, 2, 3, 4]),
        ("newest", [4, 3, 2, 1]),
        ("title", [3, 2, 1, 4]),
        ("author", [3, 1, 4, 2]),
        ("year", [3, 2, 1, 4]),
    ],
)
def test_lists_are_sorted_and_given_a_page_at_a_time(records: Records, order: str, expected: list[int]) -> None:
    pages = [records.listed("", Filters(), order, first, 2) for first in (0, 2, 4)]
    assert pages == [expected[:2], expected[2:], []]


def test_the_counts_of_a_facet_ignore_what_is_chosen_in_it(assistant: Assistant) -> None:
    facets = assistant.facets(years=2020, tags="water")
    assert facets["years"] == [("2019", 1), ("2020", 1)]
    assert facets["tags"] == [("water", 1)]
    assert facets["collections"] == [("Sea / Plants", 1)]
    assert assistant.facets("brook")["tags"] == [("Water", 1), ("fur", 1)]
    assert assistant.facets(most=1)["tags"] == [("Water", 2)]


def test_a_page_tells_how_many_papers_are_found_of_how_many(assistant: Assistant) -> None:
    page = assistant.papers_page("brook", sort="title", limit=1)
    assert ([paper.title for paper in page.papers], page.found, page.total) == (["Birds"], 2, 4)
    assert assistant.papers_page(tags="nowhere") == ((), 0, 4)


def test_a_wrong_argument_of_a_list_is_an_error(assistant: Assistant, tmp_path: Path) -> None:
    with pytest.raises(QuestionError, match="sort is 'size'; expected added, newest"):
        assistant.papers_page(sort="size")
    with pytest.raises(QuestionError, match="limit is 0"):
        assistant.papers_page(limit=0)
    with pytest.raises(QuestionError, match="words is 5; expected a string"):
        assistant.papers_page(5)  # type: ignore[arg-type]
    with pytest.raises(QuestionError, match="1,500 search words; the limit is 100"):
        assistant.facets(" ".join(map(str, range(1500))))
    with pytest.raises(UnknownPaper):
        assistant.papers_page(papers="Nobody's Paper")
    with Assistant.open(library=tmp_path / "none") as empty:
        assert empty.papers_page() == ((), 0, 0)
        assert empty.facets() == {"years": [], "tags": [], "collections": []}


def test_a_correction_changes_the_list(tmp_path: Path) -> None:
    record_of(tmp_path, PAPERS).close()
    with Assistant.open(library=tmp_path, mode="quote") as assistant:
        assistant.edit("kelp", tags=["Plants"], year=1999)
        assert assistant.facets()["tags"] == [("Plants", 1), ("Water", 1), ("fur", 1)]
        assert [paper.title for paper in assistant.papers_page("plants", sort="year").papers] == ["kelp"]
        assistant.remove("kelp")
        assert assistant.papers_page("plants").found == 0


def test_a_key_of_few_papers_is_the_one_that_the_whole_library_gives(tmp_path: Path) -> None:
    same = [
        Paper(f"Otters {at}", "", authors=(name,), year=2019) for at, name in enumerate(("Zoë Oz", "A. Oz", "B Oz"))
    ]
    named = [Paper("Kelp", "", citekey="OZ2019otters"), Paper("Fog", "", citekey="oz2019ottersb"), Paper("Fog 2", "")]
    other = [Paper("Otters 4", "", authors=("Oz",), year=2020), Paper("Fog 3", ""), Paper("Fog 4", "", year=2019)]
    record_of(tmp_path, [*same, *named, *other]).close()
    with Assistant.open(library=tmp_path, mode="quote") as assistant:
        papers = assistant.papers()
        expected = cite_keys(papers)
        assert len(set(map(str.casefold, expected.values()))) == len(papers)
        for paper in papers:
            few = assistant.papers_for_keys([paper.id, "removed"])
            assert cite_keys(few)[paper.id] == expected[paper.id]
        assert len(assistant.papers_for_keys([papers[-3].id])) == 1
        assert assistant.papers_for_keys([]) == []
