"""What a question was limited to is said with its answer: in Python, on the command line, in exports and later on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from helpers.papers import PAPERS

from rag import markdown
from rag.assistant import Assistant
from rag.cli.parser import main
from rag.store.history import SavedAnswer
from rag.text.searched import filters_text, papers_text, searched_text
from rag.types import REFUSAL

QUESTION = "What share of the otters does the kite count?"
OTTERS, TIDES, BIRDS = PAPERS
NOTE = "Searched: 1 of 3 papers, tag: statics."


@pytest.fixture
def tagged(assistant: Assistant) -> Assistant:
    """An assistant of which one of three papers has the tag `statics`."""
    assistant.edit(TIDES, tags=["statics"])
    return assistant


def test_an_answer_tells_how_many_of_how_many_papers_were_searched_and_why(tagged: Assistant) -> None:
    answer = tagged.ask("By how much do the clocks differ after 30 days?", tags="statics")
    assert (
        answer.searched.items()
        >= {"papers": 1, "of": 3, "brief": 0, "failed": 0, "filters": {"tags": ["statics"]}}.items()
    )
    assert NOTE in str(answer).splitlines()
    assert f"\n\n{NOTE}\n\n" in markdown([answer])
    assert NOTE not in answer.text


def test_without_filters_an_answer_counts_the_library_and_has_no_note(tagged: Assistant) -> None:
    answer = tagged.ask(QUESTION)
    assert answer.searched.items() >= {"papers": 3, "brief": 0, "failed": 0}.items()
    assert answer.scope_note() == ""
    assert "Searched:" not in str(answer)


def test_a_refusal_says_how_many_papers_were_searched(tagged: Assistant) -> None:
    limited = tagged.ask("What is the boiling point of ethanol?", tags="statics")
    assert limited.text == REFUSAL
    assert NOTE in str(limited).splitlines()
    everywhere = tagged.ask("What is the boiling point of ethanol?")
    assert "Searched: 3 papers." in str(everywhere).splitlines()


def test_papers_in_scope_are_told_by_title_however_they_were_named(tagged: Assistant) -> None:
    chosen = tagged.paper(OTTERS).id
    assert tagged.ask(QUESTION, papers=[chosen, OTTERS]).searched["filters"] == {"papers": [OTTERS]}
    rest = tagged.ask(QUESTION, without=chosen)
    assert searched_text(rest.searched) == f"2 of 3 papers, without: {OTTERS}"


def test_the_scope_stands_in_history_and_again(tagged: Assistant, capsys: pytest.CaptureFixture[str]) -> None:
    answer = tagged.ask(QUESTION, tags="statics")
    library = ["--library", str(tagged.library.folder)]
    assert main(["history", *library]) == 0
    assert capsys.readouterr().out.rstrip().endswith("; 1 of 3 papers, tag: statics]")
    assert main(["again", str(answer.number), "--mode", "quote", *library]) == 0
    assert NOTE in capsys.readouterr().out.splitlines()
    assert tagged.saved_answer(answer.number or 0).as_answer().searched == answer.searched


def test_of_an_answer_kept_by_an_older_version_the_filters_are_told(tagged: Assistant) -> None:
    answer = replace(tagged.ask(QUESTION), searched={"papers": 3, "brief": 0, "failed": 0})
    request = {"history": [], "scope": {"papers": [], "tags": ["statics"], "years": [2019]}}
    kept = SavedAnswer(1, "2026-11-21", QUESTION, request, {}, answer.to_dict()).as_answer()
    assert searched_text(kept.searched) == "tag: statics; year: 2019"


@pytest.mark.parametrize(
    ("filters", "text"),
    [
        ({"years": (2019, 2015, 2016, 2017)}, "years: 2015-2017, 2019"),
        ({"tags": ["a"], "authors": ["B", "C"]}, "tag: a; authors: B, C"),
        ({"papers": list("abcdefgh")}, "papers: a, b, c, d, e, 3 more"),
        ({"papers": list("abcdef")}, "papers: a, b, c, d, e, f"),
        ({"papers": [], "without": ["\\textbf{A}\n b"]}, "without: A b"),
        ({}, ""),
    ],
)
def test_filters_are_told_in_few_words(filters: dict[str, list[str]], text: str) -> None:
    assert filters_text(filters) == text


@pytest.mark.parametrize(
    ("searched", "text"),
    [
        ({"papers": 1, "failed": 2}, "1 paper (2 files could not be read)"),
        ({"papers": 0, "of": 1, "failed": 2}, "0 of 1 paper"),
        ({}, ""),
    ],
)
def test_papers_are_counted(searched: dict[str, int], text: str) -> None:
    assert papers_text(searched) == text


def test_a_terminal_shows_the_scope(
    tagged: Assistant, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    folder: Path = tagged.library.folder
    assert main(["ask", QUESTION, "--mode", "quote", "--tag", "statics", "--library", str(folder)]) == 0
    assert NOTE in capsys.readouterr().out
