"""The assistant: answers whose every sentence is a span, refusals, follow-ups, streams, and several readers at once."""

from __future__ import annotations

import itertools
import threading
from pathlib import Path
from typing import Any

import pytest
from helpers.papers import PAPERS

import rag
from rag.assistant import Assistant
from rag.errors import QuestionError
from rag.text.readable import readable
from rag.types import REFUSAL, Answer

OTTERS = "Counting Otters from Kites"


def assert_cited(assistant: Assistant, answer: Answer) -> None:
    for citation in answer.citations:
        text = assistant.paper(citation.paper_id).text
        assert citation.quote == text[citation.start : citation.end]
    for passage in answer.passages:
        assert passage.text == assistant.paper(passage.paper_id).text[passage.start : passage.end]
    for sentence in answer.sentences:
        assert [readable(answer.citations[n - 1].quote) for n in sentence.citations] == [sentence.text]


def test_an_answer_is_made_of_verbatim_cited_sentences(assistant: Assistant) -> None:
    answer = assistant.ask("What share of the otters does the kite count?")
    assert "94.5%" in answer.text
    assert answer.citations[0].title == OTTERS
    assert_cited(assistant, answer)


def test_a_question_for_a_paper_is_answered_with_its_title_first(assistant: Assistant) -> None:
    answer = assistant.ask("Which paper counts animals from the air with a camera on a kite?")
    assert answer.text.startswith(f"{OTTERS} [1]\n")
    assert answer.citations[0].quote == OTTERS


def test_another_topic_is_refused_with_the_nearest_papers(assistant: Assistant) -> None:
    answer = assistant.ask("What is the boiling point of ethanol?")
    assert answer.refused
    assert answer.text == REFUSAL
    assert answer.citations == answer.sentences == ()
    assert answer.passages[0].title in str(answer)


@pytest.mark.parametrize(
    "question",
    ["What are its limitations?", "What data was used?", "How does the method work?", "Summarise this paper"],
)
@pytest.mark.parametrize("title", PAPERS)
def test_a_question_put_to_one_paper_is_answered_from_it(assistant: Assistant, question: str, title: str) -> None:
    answer = assistant.ask(question, papers=title)
    assert not answer.refused
    assert {citation.title for citation in answer.citations} == {title}


def test_the_stream_grows_and_ends_with_the_answer(assistant: Assistant) -> None:
    question = "How accurate are the kite, the tidal clocks and the grammar of bird calls?"
    partial = list(assistant.stream(question))
    assert [p.complete for p in partial] == [False] * (len(partial) - 1) + [True]
    assert all(later.text.startswith(earlier.text) for earlier, later in itertools.pairwise(partial))
    assert partial[-1].text == assistant.ask(question).text


@pytest.mark.parametrize(
    ("question", "more"),
    [
        ("", {}),
        ("?!", {}),
        ("a" * 10_000, {}),
        (None, {}),
        ("Why?", {"history": [("only a question",)]}),
        ("Why?", {"history": "text"}),
        ("Why?", {"papers": [5]}),
        ("Why?", {"years": ["2020"]}),
    ],
)
def test_a_question_that_cannot_be_put_is_an_error_for_people(assistant: Assistant, question: Any, more: Any) -> None:
    with pytest.raises(QuestionError):
        assistant.ask(question, **more)


def test_twelve_first_questions_at_once_load_one_embedder(
    assistant: Assistant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import rag.library

    loaded: list[int] = []
    load = rag.library.load_embedder
    monkeypatch.setattr(rag.library, "load_embedder", lambda settings: (loaded.append(1), load(settings))[1])
    texts: list[str] = []
    with Assistant.open(library=assistant.library.folder, mode="quote") as fresh:
        threads = [
            threading.Thread(target=lambda: texts.append(fresh.ask("How far do kites count?").text)) for _ in range(12)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(texts) == 12
    assert len(set(texts)) == 1
    assert len(loaded) == 1


def test_threads_that_end_leave_no_connection_open(assistant: Assistant) -> None:
    def search() -> None:
        assistant.search("otters")

    for _ in range(20):
        thread = threading.Thread(target=search)
        thread.start()
        thread.join()
    assert len(assistant.library.records._connections) <= 1


def test_a_damaged_index_is_made_anew(assistant: Assistant) -> None:
    before = [p.paper_id for p in assistant.search("otters")]
    assistant.close()
    for file in assistant.library.folder.glob("index/*/chroma.sqlite3"):
        file.write_bytes(b"noise" * 10_000)
    assert [p.paper_id for p in assistant.search("otters")] == before


def test_an_empty_path_is_not_the_working_directory(assistant: Assistant) -> None:
    assert [failure.reason for failure in assistant.add("").failed] == ["the path is empty"]


def test_ask_takes_up_changed_settings(assistant: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = assistant.library.folder
    question = "How accurate are the kite, the tidal clocks and the grammar of bird calls?"
    assert len(rag.ask(question, library=folder, mode="quote").citations) > 1
    monkeypatch.setenv("FOOTNOTE_ANSWER__MAX_SENTENCES", "1")
    assert len(rag.ask(question, library=folder, mode="quote").citations) == 1


def test_a_question_whose_case_folding_joins_words_is_answered(assistant: Assistant) -> None:
    answer = assistant.ask(
        "Which share of otters does the a\u0345B1 kite or a\u0345GPT4 count?"
    )  # U+0345 folds to a letter
    assert answer.complete
