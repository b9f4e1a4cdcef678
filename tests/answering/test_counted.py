"""Questions about metadata are answered by counting, and questions about the content of papers are not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from helpers.records import READ, record_of

from rag.answering.counted import counted_answer
from rag.answering.metadata_answers import fact_sentence
from rag.filters import Filters
from rag.store.papers import Records
from rag.types import Answer, Page

OTTERS, CLOCKS, BIRDS, MOSS, OWLS = (paper.title for paper in READ)


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Records]:
    opened = record_of(tmp_path_factory.mktemp("record"))
    yield opened
    opened.close()


def counted(records: Records, question: str, history: Any = (), **filters: Any) -> Answer | None:
    def read(described: str) -> Any:
        raise AssertionError(f"a search for {described!r}")

    corpus: Any = SimpleNamespace(records=records)
    return counted_answer(corpus, question, history, Filters.parse(filters), read)


@pytest.mark.parametrize(
    ("question", "titles"),
    [
        ("How many papers are there?", [BIRDS, CLOCKS, OTTERS, OWLS, MOSS]),
        ("how many papers do I have in my library", [BIRDS, CLOCKS, OTTERS, OWLS, MOSS]),
        ("List all my papers", [BIRDS, CLOCKS, OTTERS, OWLS, MOSS]),
        ("How many papers are by Tom Hill?", [CLOCKS, OTTERS]),
        ("How many papers did Hill write?", [BIRDS, CLOCKS, OTTERS]),
        ("how many articles has T. Hill published in this library?", [BIRDS, CLOCKS, OTTERS]),
        ("Which papers are by Ozturk?", [CLOCKS]),
        ("papers by Öztürk, J.", [CLOCKS]),
        ("Papers with Eva van Brook as first author", [OTTERS, MOSS]),
        ("Can you show me the papers by Brook et al.?", [OTTERS, MOSS]),
        ("What did van Brook write?", [OTTERS, MOSS]),
        ("Maria Ruiz's papers", [OWLS]),
        ("studies by Hill and Öztürk", [CLOCKS]),
        ("papers by Ruiz or Brook", [OTTERS, OWLS, MOSS]),
        ("How many papers are from 2021?", [BIRDS, CLOCKS]),
        ("which papers were published between 2019 and 2021", [BIRDS, CLOCKS, OTTERS]),
        ("number of publications since 2020", [BIRDS, CLOCKS]),
        ("papers before 2000", [OWLS]),
        ("papers from the 1990s", [OWLS]),
        ("papers from 1998 or 2019", [OTTERS, OWLS]),
        ("Which papers are in the Journal of River Studies?", [BIRDS, OTTERS]),
        ("how many papers were published in TIDE", [CLOCKS]),
        ("papers by Hill from 2021 in the journal of river studies", [BIRDS]),
        ("How many papers are tagged rivers?", [OTTERS, MOSS]),
        ("Which papers are in the collection Night?", [OWLS]),
        ("papers with 'alarm calls' in the title", [BIRDS]),
        ("How many papers have bird in their title?", [BIRDS]),
        ("Do I have papers by Ruiz?", [OWLS]),
        ("which papers have no year", [MOSS]),
        ("What is the newest paper?", [BIRDS, CLOCKS]),
        ("oldest paper", [OWLS]),
        ("What is the most recent paper by Brook?", [OTTERS]),
        ("Which of these papers is the oldest?", [OWLS]),
        ("which one of them is the newest one?", [BIRDS, CLOCKS]),
        ("In which year did the bird alarm paper come out?", [BIRDS]),
        ("In which journal did the alarm calls study appear?", [BIRDS]),
        ("Who wrote the most papers?", [CLOCKS, OTTERS, MOSS]),
        ("most common venue", [BIRDS, OTTERS]),
        ("Which year has the most papers?", [BIRDS, CLOCKS]),
        ("Which years do my papers cover?", [OWLS, CLOCKS]),
        ("Who wrote OtterNet?", [OTTERS]),
        ("who are the authors of the tidal clocks paper", [CLOCKS]),
        ("Who is the first author of “A Grammar of Bird Alarm Calls”?", [BIRDS]),
        ("When was Tidal Clocks for Sensor Networks published?", [CLOCKS]),
        ("what year is brook2019otter from", [OTTERS]),
        ("Where was the OtterNet paper published?", [OTTERS]),
        ("Which journal published OtterNet?", [OTTERS]),
        ("What is the DOI of OtterNet?", [OTTERS]),
        ("How many authors does OtterNet have?", [OTTERS]),
        ("when was the paper by Ruiz published", [OWLS]),
        ("Do I have Moss on Roofs?", [MOSS]),
        ("Is OtterNet in my library?", [OTTERS]),
    ],
)  # fmt: skip
def test_a_question_about_metadata_cites_each_paper_that_it_counts_by_its_title(
    records: Records, question: str, titles: list[str]
) -> None:
    answer = counted(records, question)
    assert answer is not None
    assert [citation.quote for citation in answer.citations] == titles
    assert {sentence.support for sentence in answer.sentences} == {"counted"}
    assert answer.sentences[0].citations == tuple(range(1, len(titles) + 1))
    assert all((citation.start, citation.end) == (0, len(citation.title)) for citation in answer.citations)


@pytest.mark.parametrize(
    "question",
    [
        "How many papers did the survey cover?",
        "How many papers were screened?",
        "how many papers on otters are there",
        "How many studies are there?",
        "How many studies were included in 2021?",
        "How many papers from PubMed were read in full?",
        "How many otters are there?",
        "How many authors agreed on the labels?",
        "How many articles does the corpus hold?",
        "Who annotated the data?",
        "Who wrote the test questions?",
        "who wrote the calls",
        "Who are the annotators?",
        "Who is the author of the grammar rules?",
        "When does training stop?",
        "When was the data published?",
        "When did the clocks drift apart?",
        "Which year's data was used?",
        "What year was the detector built?",
        "Which papers use a kite?",
        "Which papers are about roofs?",
        "papers on attention",
        "Which papers in this library compare clocks by drift?",
        "Where were the otters found?",
        "Where was the corpus published?",
        "Which venue hosted the experiment?",
        "What is the most common error?",
        "What is the most frequent year of failure?",
        "What is the latest paper on clocks?",
        "When was the sparrow paper published?",
        "Which of these methods is the oldest?",
        "How many pages does the corpus have?",
        "Do I have a tide?",
        "Is fog in the data?",
        "What is the title of the second figure?",
        "Which papers from the survey are by hand?",
        "List all rules of the grammar",
        "What did the authors publish?",
        "How old is the youngest bird?",
        "authors' contributions",
        "What is the number of papers per class?",
        "Who wrote it?",
        "When was this paper published?",
        "Who are the authors?",
    ],
)
def test_a_question_about_the_content_is_not_counted(records: Records, question: str) -> None:
    assert counted(records, question) is None


def test_a_mistyped_author_is_counted_with_a_note(records: Records) -> None:
    answer = counted(records, "How many papers are by Eva van Broook?")
    assert answer is not None
    assert answer.text.startswith("This library has 2 papers by Eva van Brook, of 5 in all.")
    assert answer.notes == ("Counted for Eva van Brook (you wrote Eva van Broook).",)


def test_an_unknown_author_has_no_papers_and_nothing_is_cited(records: Records) -> None:
    answer = counted(records, "How many papers are by Zora Quill?")
    assert answer is not None
    assert (answer.text, answer.citations) == ("This library has no paper by Zora Quill, of 5 in all.", ())


def test_papers_without_a_year_are_said(records: Records) -> None:
    answer = counted(records, "papers since 2020")
    assert answer is not None
    assert answer.notes == ("1 paper has no year in the record.",)


def test_a_field_that_is_not_known_is_searched_for(records: Records) -> None:
    assert counted(records, "When was Moss on Roofs published?") is None


@pytest.mark.parametrize(
    ("question", "text"),
    [
        (
            "Who wrote OtterNet and when was it published?",
            f"“{OTTERS}” is by Eva van Brook and Tom Hill. [1]\n“{OTTERS}” was published in 2019. [1]",
        ),
        (
            "Who wrote Moss on Roofs, and in which year was it published?",
            f"“{MOSS}” is by Eva van Brook. [1]\nThe record has no year of “{MOSS}”. [1]",
        ),
    ],
)
def test_two_questions_on_the_metadata_of_a_paper_are_both_answered(records: Records, question: str, text: str) -> None:
    answer = counted(records, question)
    assert answer is not None
    assert answer.text == text


def test_a_question_with_a_part_that_is_not_about_metadata_is_searched_for(records: Records) -> None:
    assert counted(records, "When was OtterNet published and how does it work?") is None


def test_the_paper_of_the_scope_is_meant_and_its_title_not_repeated(records: Records) -> None:
    answer = counted(records, "Who are the authors?", papers=OTTERS)
    assert answer is not None
    assert answer.text == "The authors are Eva van Brook and Tom Hill. [1]"
    year = counted(records, "And when was this study published?", papers=OTTERS)
    assert year is not None
    assert year.text == "It was published in 2019. [1]"


def test_a_question_put_to_a_paper_is_not_about_the_library(records: Records) -> None:
    assert counted(records, "How many papers are from 2021?", papers=CLOCKS) is None


def test_filters_limit_what_is_counted(records: Records) -> None:
    answer = counted(records, "How many papers are by Hill?", years=2021)
    assert answer is not None
    assert answer.text.startswith("This library has 2 papers by Hill, of 2 that the filters leave.\n")


def test_a_follow_up_is_about_the_paper_named_before(records: Records) -> None:
    answer = counted(records, "And who wrote it?", history=[("How well does OtterNet count in fog?", "It fails. [1]")])
    assert answer is not None
    assert [citation.quote for citation in answer.citations] == [OTTERS]


def test_ten_papers_get_a_line_and_the_rest_a_number(tmp_path: Any) -> None:
    from rag.types import Paper

    records = record_of(tmp_path, [Paper(f"On Fog {number}", "", authors=("Ida Frost",)) for number in range(12)])
    answer = counted(records, "Which papers are by Ida Frost?")
    records.close()
    assert answer is not None
    lines = answer.text.split("\n")
    assert (len(lines), lines[0], lines[-1]) == (
        12,
        "This library has 12 papers by Ida Frost, of 12 in all.",
        "and 2 more",
    )
    assert len(answer.citations) == len(answer.sentences[0].citations) == 12


def test_a_page_with_several_spans_is_counted_once() -> None:
    pages = (Page(1, "7", 0, 9), Page(2, "8", 9, 20), Page(1, "7", 20, 30))
    assert fact_sentence("page count", replace(READ[0], pages=pages), is_given=True) == "It has 2 pages."
    assert not fact_sentence("page count", READ[0], is_given=True)
