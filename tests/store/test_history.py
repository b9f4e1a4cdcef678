"""Saved answers: conversations, feedback, and what happens to them when papers or conversations are deleted."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from helpers.papers import PAPERS

from eval.questions import load_questions
from rag.assistant import Assistant
from rag.errors import TooLong, UnknownAnswer, UnknownConversation
from rag.export.question_set import question_set
from rag.store.history import MAX_COMMENT, MAX_NAME, NEW_CONVERSATION, AnswerHistory, SavedAnswer
from rag.store.migrations import MIGRATIONS
from rag.store.papers import Records
from rag.types import Answer

QUESTION = "What share of the otters does the kite count?"
TIDE = "How large a tide does the method need?"
NOWHERE = "What is the boiling point of ethanol?"
OTTERS, CLOCKS, BIRDS = PAPERS


def ask(assistant: Assistant, question: str, conversation: int | None = NEW_CONVERSATION, **more: Any) -> Answer:
    return assistant.ask(question, conversation=conversation, **more)


def number_of(answer: Answer) -> int:
    assert answer.number
    return answer.number


# Conversations


def test_a_conversation_starts_with_its_first_question_and_continues(assistant: Assistant) -> None:
    *growing, first = assistant.stream(QUESTION, conversation=NEW_CONVERSATION)
    assert {each.conversation for each in growing} == {None}
    assert first.conversation
    second = ask(assistant, "And in fog?", first.conversation, history=[(QUESTION, first.text)])
    other = ask(assistant, TIDE)
    alone = assistant.ask(TIDE)
    assert (second.conversation, alone.conversation) == (first.conversation, None)
    found = assistant.conversations()
    seen = [(each.key, each.name, each.answers) for each in found]
    assert seen == [(other.conversation, TIDE, 1), (first.conversation, QUESTION, 2)]
    assert found[1].started == first.asked <= found[1].last_asked == second.asked
    assert [kept.as_answer() for kept in assistant.conversation(first.conversation)] == [first, second]
    ask(assistant, "And in rain?", first.conversation)
    assert assistant.conversations()[0].key == first.conversation
    assert len(assistant.history()) == 5


def test_an_answer_is_saved_with_how_many_passages_were_read_and_in_which_precision(assistant: Assistant) -> None:
    reader = assistant.saved_answer(number_of(assistant.ask(QUESTION))).made_with["cross_encoder"]
    assert reader["passages"] == assistant.settings.cross_encoder.passages
    assert reader["precision"] in ("float32", "bfloat16", "int8")


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ('  How do\n\n na\\"ive   kites work? ', "How do naïve kites work?"),
        ("kite " * 30, "kite " * 12 + "..."),
        ("K" * 100, "K" * 60 + " ..."),
    ],
)
def test_a_conversation_is_named_readably_by_its_question(assistant: Assistant, question: str, name: str) -> None:
    ask(assistant, question)
    assert [each.name for each in assistant.conversations()] == [name]


def test_a_question_without_an_answer_starts_no_conversation(assistant: Assistant) -> None:
    with pytest.raises(UnknownConversation, match="No conversation has the number 7"):
        ask(assistant, QUESTION, 7)
    next(assistant.stream(QUESTION, conversation=NEW_CONVERSATION))  # and nobody reads on
    assert assistant.conversations() == []
    assert assistant.history() == []


def test_a_conversation_is_renamed(assistant: Assistant) -> None:
    key = ask(assistant, QUESTION).conversation or 0
    for given, name in ((" Otters \n again", "Otters again"), ("half \ud83d", "half"), (" ", QUESTION)):
        assistant.rename_conversation(key, given)
        assert assistant.conversations()[0].name == name
    with pytest.raises(TooLong, match=r"201 characters; the limit is 200"):
        assistant.rename_conversation(key, "x" * (MAX_NAME + 1))
    with pytest.raises(UnknownConversation):
        assistant.rename_conversation(key + 1, "Otters")


def test_a_deleted_conversation_leaves_nothing_behind(assistant: Assistant) -> None:
    answer = ask(assistant, QUESTION)
    key = answer.conversation or 0
    assistant.rate(number_of(answer), False, "a zebra's remark")
    kept = ask(assistant, TIDE)
    assistant.delete_conversation(key)
    assert [each.name for each in assistant.conversations()] == [TIDE]
    assert [each.key for each in assistant.history()] == [kept.number]
    assert assistant.feedback() == []
    for call in (assistant.conversation, assistant.delete_conversation):
        with pytest.raises(UnknownConversation):
            call(key)
    assistant.close()
    stored = b"".join(path.read_bytes() for path in assistant.library.folder.glob("footnote.sqlite*"))
    assert TIDE.encode() in stored
    assert QUESTION.encode() not in stored
    assert b"a zebra's remark" not in stored


def test_numbers_are_never_reused(assistant: Assistant) -> None:
    old = ask(assistant, QUESTION)
    assistant.delete_conversation(old.conversation or 0)
    new = ask(assistant, QUESTION)
    assert new.number != old.number
    assert new.conversation != old.conversation
    with pytest.raises(UnknownAnswer):  # a page that is still open
        assistant.rate(number_of(old), True)


def test_an_answer_is_not_saved_if_its_conversation_was_deleted_meanwhile(assistant: Assistant) -> None:
    key = ask(assistant, QUESTION).conversation or 0
    stream = assistant.stream(TIDE, conversation=key)
    next(stream)
    assistant.delete_conversation(key)
    *_, answer = stream
    assert "40 cm" in answer.text
    assert (answer.number, answer.conversation, assistant.history()) == (None, None, [])


def test_a_conversation_ends_with_its_last_answer(assistant: Assistant) -> None:
    first = ask(assistant, QUESTION)
    second = ask(assistant, TIDE, first.conversation)
    assistant.delete_answer(number_of(first))
    assert [kept.key for kept in assistant.conversation(first.conversation or 0)] == [second.number]
    assistant.delete_answer(number_of(second))
    assert assistant.conversations() == []
    with pytest.raises(UnknownAnswer):
        assistant.delete_answer(number_of(second))


def test_without_keep_nothing_is_saved_and_saved_answers_can_be_read_and_deleted(assistant: Assistant) -> None:
    key = ask(assistant, QUESTION).conversation or 0
    folder = assistant.library.folder
    with Assistant.open(library=folder, mode="quote", overrides={"answer": {"keep": False}}) as silent:
        for conversation in (None, NEW_CONVERSATION, key):
            answer = ask(silent, TIDE, conversation)
            assert (answer.number, answer.conversation) == (None, None)
        assert len(silent.conversation(key)) == 1
        silent.delete_conversation(key)
        assert silent.conversations() == silent.history() == []


def test_a_missing_library_has_no_conversations(tmp_path: Path) -> None:
    with Assistant.open(library=tmp_path / "none") as assistant:
        assert assistant.conversations() == assistant.feedback() == []
    assert list(tmp_path.iterdir()) == []


# Feedback


def test_feedback_replaces_earlier_feedback(assistant: Assistant) -> None:
    answer = number_of(assistant.ask(QUESTION))
    said = []
    for good, comment in ((True, ""), (False, " 94.5 % is\nright \ud83d"), (None, "hm"), (None, " ")):
        assistant.rate(answer, good, comment)
        said.append([(kept.key, *(kept.feedback or ())[:2]) for kept in assistant.feedback()])
    assert said == [[(answer, True, "")], [(answer, False, "94.5 % is\nright")], [(answer, None, "hm")], []]
    assert assistant.saved_answer(answer).feedback is None


def test_feedback_on_an_unknown_answer_or_too_long_is_refused(assistant: Assistant) -> None:
    answer = number_of(assistant.ask(QUESTION))
    with pytest.raises(UnknownAnswer, match="No answer has the number 99"):
        assistant.rate(99, True)
    with pytest.raises(TooLong, match=r"The comment has 4,001 characters; the limit is 4,000"):
        assistant.rate(answer, True, "x" * (MAX_COMMENT + 1))
    assert assistant.feedback() == []


# As a question set


def exported(assistant: Assistant, path: Path) -> tuple[list[dict[str, Any]], list[tuple[int, str]]]:
    """The rows, which the evaluation has to take with the library's titles, and what was left out."""
    papers = assistant.papers()
    rows, left_out = question_set(assistant.feedback(), papers)
    if rows:
        path.write_text("\n".join(map(json.dumps, rows)))
        assert len(load_questions(path, [paper.title for paper in papers])) == len(rows)
    return rows, [(kept.key, reason) for kept, reason in left_out]


def test_answers_rated_good_become_a_question_set(assistant: Assistant, tmp_path: Path) -> None:
    first = ask(assistant, QUESTION)
    history = [(QUESTION, first.text)]
    second = ask(assistant, "Does it fail in fog?", first.conversation, history=history)
    refused = assistant.ask(NOWHERE)
    for answer, comment in ((first, ""), (second, "good one"), (refused, "")):
        assistant.rate(number_of(answer), True, comment)
    assistant.edit(OTTERS, title="Otters from Kites")
    rows, left_out = exported(assistant, tmp_path / "set.jsonl")
    assert left_out == []
    assert [row["id"] for row in rows] == ["asked-c1-1", "asked-c1-2", "asked-3"]
    assert "Otters from Kites" in rows[0]["gold_titles"]
    assert "94.5%" in rows[0]["answer"]
    assert "[1]" not in rows[0]["answer"]
    assert (rows[1]["history"], rows[1]["comment"]) == ([list(turn) for turn in history], "good one")
    assert (rows[2]["type"], rows[2]["gold_titles"], rows[2]["answer"]) == ("unanswerable", [], "")


def test_other_answers_are_left_out_of_the_question_set_with_the_reason(assistant: Assistant, tmp_path: Path) -> None:
    bad, remarked = assistant.ask(QUESTION), assistant.ask(TIDE)
    scoped = assistant.ask(NOWHERE, papers=[OTTERS, CLOCKS], without=BIRDS)
    for answer, good in ((bad, False), (remarked, None), (scoped, True)):
        assistant.rate(number_of(answer), good, "a remark")
    rows, left_out = exported(assistant, tmp_path / "set.jsonl")
    assert rows == []
    assert [key for key, _ in left_out] == [bad.number, remarked.number, scoped.number]
    assert ["answer by hand" in reason for _, reason in left_out] == [True, True, False]
    assert "selected papers" in left_out[2][1]


def test_unsupported_answers_and_removed_papers_are_left_out_of_the_question_set(assistant: Assistant) -> None:
    assistant.rate(number_of(assistant.ask(QUESTION)), True)
    (kept,) = assistant.feedback()
    loose = [replace(sentence, support="unsupported") for sentence in kept.as_answer().sentences]
    unsupported = kept._replace(answer=replace(kept.as_answer(), sentences=tuple(loose)).to_dict())
    others = [paper for paper in assistant.papers() if paper.title != OTTERS]
    for rated, papers, reason in ((unsupported, assistant.papers(), "supported"), (kept, others, "no longer")):
        rows, left_out = question_set([rated], papers)
        assert rows == []
        assert reason in left_out[0][1]


def test_the_last_rating_of_a_question_counts(assistant: Assistant, tmp_path: Path) -> None:
    for good in (True, True, False):
        assistant.rate(number_of(assistant.ask(QUESTION)), good)
    rows, left_out = exported(assistant, tmp_path / "set.jsonl")
    assert [row["id"] for row in rows] == ["asked-2"]
    assert [key for key, _ in left_out] == [3]


# Records


def test_a_record_of_the_third_version_keeps_its_answers(tmp_path: Path) -> None:
    path = tmp_path / "footnote.sqlite"
    db = sqlite3.connect(path)
    for migration in MIGRATIONS[:3]:
        migration(db)
    request = '{"history": [], "scope": {}}'
    row = ("2026-01-02T03:04:05+00:00", QUESTION, request, '{"model": null}', '{"text": "Most."}')
    db.execute("INSERT INTO answers VALUES (41, ?, ?, ?, ?, ?)", row)
    db.execute("PRAGMA user_version = 3")
    db.commit()
    db.close()
    for _ in range(2):
        opened = Records(path)
        (kept,) = AnswerHistory(opened).last(5)
        assert kept == SavedAnswer(
            41, row[0], QUESTION, {"history": [], "scope": {}}, {"model": None}, {"text": "Most."}
        )
        opened.close()
    asked = AnswerHistory(Records(path))
    asked.rate(41, True)
    after = asked.save(kept._replace(conversation=NEW_CONVERSATION))
    assert after.key == 42
    assert [each.name for each in asked.conversations()] == [QUESTION]
    asked._records.close()


@pytest.mark.parametrize("question", [QUESTION, NOWHERE])
def test_an_answer_survives_conversion_to_a_dict_and_back(assistant: Assistant, question: str) -> None:
    answer = assistant.ask(question)
    values = json.loads(json.dumps(answer.to_dict()))
    assert Answer.from_dict(values) == answer
    newer = values | {"mood": "good", "passages": [each | {"colour": "blue"} for each in values["passages"]]}
    assert Answer.from_dict(newer) == answer
    older = {name: value for name, value in values.items() if name not in ("asked", "conversation", "number")}
    assert Answer.from_dict(older) == replace(answer, asked="", number=None)


def test_a_clock_that_jumps_back_changes_no_order_and_loses_nothing(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Answers, conversations and ratings have numbers in their order; what the clock says is only shown."""
    times = ["2026-11-29T12:00:00+00:00", "1970-01-01T00:00:00+00:00", "2106-02-07T06:28:16+00:00"]
    asked = []
    for number, time in enumerate(times):
        monkeypatch.setattr("rag.pipeline.now", lambda time=time: time)
        monkeypatch.setattr("rag.store.history.now", lambda time=time: time)
        answer = assistant.ask(f"How many otters does kite {number} count?", conversation=NEW_CONVERSATION)
        assert answer.number
        assistant.rate(answer.number, True)
        asked.append(answer.number)
    assert asked == sorted(asked)
    assert [saved.key for saved in assistant.history()] == asked[::-1]
    assert [saved.asked for saved in assistant.history()] == times[::-1]
    assert [each.last_asked for each in assistant.conversations()] == times[::-1]
    assert {saved.key for saved in assistant.feedback()} == set(asked)
