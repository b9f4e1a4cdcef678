"""Arguments of any type and value: an error names the argument and the value, and nothing is searched or stored."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from helpers.papers import PAPERS

from rag.assistant import Assistant
from rag.cli.parser import main
from rag.errors import FootnoteError, QuestionError, UnknownAnswer, UnknownConversation, UnknownPaper

QUESTION = "What share of the otters does the kite count?"
OTTERS = next(iter(PAPERS))
FILTERS = ("papers", "years", "authors", "sources", "tags", "collections", "without")
HUGE = 2**80


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize("value", [1.5, float("nan"), b"x", [b"x"], {"otters": 1}, [None], [True], object()])
def test_a_filter_of_another_type_is_an_error_that_names_it(assistant: Assistant, name: str, value: Any) -> None:
    with pytest.raises(QuestionError, match=name):
        assistant.search(QUESTION, **{name: value})


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize("value", ["", " ", [""], "\u200b"])
def test_an_empty_text_never_stands_for_all_papers(assistant: Assistant, name: str, value: Any) -> None:
    with pytest.raises(FootnoteError, match=name):
        assistant.search(QUESTION, **{name: value})


@pytest.mark.parametrize("name", [name for name in FILTERS if name != "years"])
def test_half_of_a_surrogate_pair_is_a_name_that_no_paper_has(assistant: Assistant, name: str) -> None:
    with pytest.raises((UnknownPaper, QuestionError)):
        assistant.search(QUESTION, **{name: "zq\udcff"})


@pytest.mark.parametrize("option", ["--tag", "--author", "--source", "--collection", "--paper"])
def test_undecodable_bytes_of_a_command_line_are_no_unexpected_error(
    assistant: Assistant, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    assert main(["search", QUESTION, option, "zq\udcff", "--library", str(assistant.library.folder)]) == 1
    assert "Unexpected" not in capsys.readouterr().err


@pytest.mark.parametrize("value", [1.5, "3", float("nan"), HUGE, -1])
def test_a_count_that_is_none_is_named(assistant: Assistant, value: Any) -> None:
    with pytest.raises(QuestionError, match="top_k"):
        assistant.search(QUESTION, value)
    with pytest.raises(QuestionError, match="most"):
        assistant.history(value)


@pytest.mark.parametrize("value", ["1", 1.0, True, None, HUGE, 0, float("nan")])
def test_only_whole_numbers_are_numbers_of_answers_and_conversations(assistant: Assistant, value: Any) -> None:
    first = assistant.ask(QUESTION, conversation=0)
    assert (first.number, first.conversation) == (1, 1)
    calls: list[Callable[[Any], Any]] = [assistant.saved_answer, assistant.delete_answer, assistant.again]
    for call in calls:
        with pytest.raises(UnknownAnswer):
            call(value)
    for call in (assistant.conversation, assistant.delete_conversation):
        with pytest.raises(UnknownConversation):
            call(value)
    assert [kept.key for kept in assistant.history()] == [1]


@pytest.mark.parametrize("history", [5, {"a": "b"}, "ab", [1], [("a", None)], 1.5])
def test_a_history_of_another_shape_is_an_error(assistant: Assistant, history: Any) -> None:
    with pytest.raises(QuestionError, match="history"):
        assistant.ask(QUESTION, history=history)


@pytest.mark.parametrize("name", [None, 5, b"x"])
def test_a_paper_is_named_by_a_text(assistant: Assistant, name: Any) -> None:
    with pytest.raises(QuestionError, match="paper"):
        assistant.paper(name)


@pytest.mark.parametrize(
    ("field", "value"),
    [("title", 5), ("authors", 5), ("authors", [5]), ("tags", [None]), ("doi", 5), ("venue", ["x"]), ("citekey", {})],
)
def test_a_field_is_not_set_to_a_value_of_another_type(assistant: Assistant, field: str, value: Any) -> None:
    before = assistant.paper(OTTERS)
    with pytest.raises(QuestionError, match=field):
        assistant.edit(OTTERS, **{field: value})
    assert assistant.paper(OTTERS) == before


def test_what_a_person_sets_is_stored_as_it_can_be_printed(assistant: Assistant) -> None:
    evil = "\x1b]0;evil\x07Otters\u202e of\ud800the\n north"
    paper = assistant.edit(OTTERS, title=evil, authors=[evil, "\u200b"], tags=evil, venue=evil)
    said = "Otters of the north"
    assert (paper.title, paper.authors, paper.tags, paper.venue) == (said, (said,), (said,), said)
    assert paper.text.startswith(said)


def test_what_is_asked_and_said_is_kept_as_it_can_be_printed(assistant: Assistant) -> None:
    answer = assistant.ask("\x1b[31m" + QUESTION + "\u202e", conversation=0)
    assert answer.question == QUESTION
    assert answer.conversation
    assert answer.number
    assistant.rename_conversation(answer.conversation, "A\x1b[2J\u202eB")
    assert assistant.conversations()[0].name == "AB"
    assistant.rate(answer.number, True, "so\x1b[2J\nit is")
    said = assistant.saved_answer(answer.number).feedback
    assert said
    assert said.comment == "so\nit is"
