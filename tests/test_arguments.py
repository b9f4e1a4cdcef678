"""An argument of a wrong type or value is an error that names both, and nothing is searched or stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from helpers.papers import PAPERS

from rag.assistant import Assistant
from rag.cli.parser import main
from rag.errors import FootnoteError, QuestionError, UnknownAnswer, UnknownConversation, UnknownPaper
from rag.filters import Filters

QUESTION = "What share of the otters does the kite count?"
OTTERS = next(iter(PAPERS))
FILTERS = ("papers", "years", "authors", "sources", "tags", "collections", "without")
HUGE = 2**80


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    """Open one library of the invented papers for all tests here."""
    folder = tmp_path_factory.mktemp("papers")
    for number, (title, text) in enumerate(PAPERS.items()):
        (folder / f"{number}.txt").write_text(f"{title}\n\n{text}\n")
    with Assistant.open(library=folder / "library", mode="quote") as opened:
        opened.add([folder])
        yield opened


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_of_a_wrong_type_is_an_error_that_names_it(assistant: Assistant, name: str) -> None:
    for value in (1.5, float("nan"), b"x", [b"x"], {"otters": 1}, [None], [True], object()):
        with pytest.raises(QuestionError, match=name):
            assistant.search(QUESTION, **{name: value})


@pytest.mark.parametrize("name", FILTERS)
def test_an_empty_filter_does_not_mean_all_papers(assistant: Assistant, name: str) -> None:
    for value in ("", " ", [""], "\u200b"):
        with pytest.raises(FootnoteError, match=name):
            assistant.search(QUESTION, **{name: value})


def test_filters_as_one_value_are_checked_like_keyword_arguments(assistant: Assistant) -> None:
    one_value = assistant.search(QUESTION, filters=Filters(papers=(OTTERS,)))
    assert one_value == assistant.search(QUESTION, papers=OTTERS)
    assert {passage.title for passage in one_value} == {OTTERS}
    assert assistant.search(QUESTION, filters=Filters()) == assistant.search(QUESTION)
    for wrong in (Filters(years=("x",)), Filters(papers=({},)), {"years": 2020}):  # type: ignore[arg-type]
        with pytest.raises(QuestionError, match=r"years|papers|Filters"):
            assistant.search(QUESTION, filters=wrong)  # type: ignore[arg-type]
    with pytest.raises(QuestionError, match="not both"):
        assistant.ask(QUESTION, filters=Filters(papers=(OTTERS,)), years=2020)
    with pytest.raises(TypeError, match="year"):
        assistant.ask(QUESTION, year=2020)  # type: ignore[call-arg]


def test_a_lone_surrogate_is_a_name_that_no_paper_has(assistant: Assistant) -> None:
    for name in FILTERS:
        with pytest.raises((UnknownPaper, QuestionError)):
            assistant.search(QUESTION, **{name: "zq\udcff"})


def test_undecodable_bytes_on_a_command_line_are_not_an_unexpected_error(
    assistant: Assistant, capsys: pytest.CaptureFixture[str]
) -> None:
    for option in ("--tag", "--author", "--source", "--collection", "--paper"):
        assert main(["search", QUESTION, option, "zq\udcff", "--library", str(assistant.library.folder)]) == 1
        assert "Unexpected" not in capsys.readouterr().err


@pytest.mark.parametrize("value", [1.5, "3", float("nan"), HUGE, -1])
def test_an_invalid_count_is_an_error_that_names_it(assistant: Assistant, value: Any) -> None:
    with pytest.raises(QuestionError, match="top_k"):
        assistant.search(QUESTION, value)
    with pytest.raises(QuestionError, match="most"):
        assistant.history(value)


def test_only_integers_are_numbers_of_answers_and_conversations(assistant: Assistant) -> None:
    first = assistant.ask(QUESTION, conversation=0)
    saved = [each.key for each in assistant.history()]
    assert first.number in saved
    calls: list[Callable[[Any], Any]] = [assistant.saved_answer, assistant.delete_answer, assistant.again]
    for value in (str(first.number), float(first.number or 0), True, None, HUGE, 0, float("nan")):
        for call in calls:
            with pytest.raises(UnknownAnswer):
                call(value)
        for call in (assistant.conversation, assistant.delete_conversation):
            with pytest.raises(UnknownConversation):
                call(value)
    assert [each.key for each in assistant.history()] == saved


@pytest.mark.parametrize("history", [5, {"a": "b"}, "ab", [1], [("a", None)], 1.5])
def test_a_history_of_another_shape_is_an_error(assistant: Assistant, history: Any) -> None:
    with pytest.raises(QuestionError, match="history"):
        assistant.ask(QUESTION, history=history)


@pytest.mark.parametrize("name", [None, 5, b"x"])
def test_a_paper_s_name_is_a_string(assistant: Assistant, name: Any) -> None:
    with pytest.raises(QuestionError, match="paper"):
        assistant.paper(name)


@pytest.mark.parametrize(
    ("field", "value"),
    [("title", 5), ("authors", 5), ("authors", [5]), ("tags", [None]), ("doi", 5), ("venue", ["x"]), ("citekey", {})],
)
def test_a_field_cannot_be_set_to_a_value_of_another_type(assistant: Assistant, field: str, value: Any) -> None:
    before = assistant.paper(OTTERS)
    with pytest.raises(QuestionError, match=field):
        assistant.edit(OTTERS, **{field: value})
    assert assistant.paper(OTTERS) == before


def test_edited_fields_are_stored_clean(assistant: Assistant) -> None:
    evil = "\x1b]0;evil\x07Otters\u202e of\ud800the\n north"
    title = next(title for title in PAPERS if title != OTTERS)
    paper = assistant.edit(title, title=evil, authors=[evil, "\u200b"], tags=evil, venue=evil)
    clean = "Otters of the north"
    assert (paper.title, paper.authors, paper.tags, paper.venue) == (clean, (clean,), (clean,), clean)
    assert paper.text.startswith(clean)


def test_questions_names_and_comments_are_stored_clean(assistant: Assistant) -> None:
    answer = assistant.ask("\x1b[31m" + QUESTION + "\u202e", conversation=0)
    assert answer.question == QUESTION
    assert answer.conversation
    assert answer.number
    assistant.rename_conversation(answer.conversation, "A\x1b[2J\u202eB")
    assert "AB" in [each.name for each in assistant.conversations()]
    assistant.rate(answer.number, True, "so\x1b[2J\nit is")
    feedback = assistant.saved_answer(answer.number).feedback
    assert feedback
    assert feedback.comment == "so\nit is"
