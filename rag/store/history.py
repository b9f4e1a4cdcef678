"""What was asked of a library: answers, the conversations they were given in, and what a person thought of them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

from .. import arguments
from ..errors import TooLong, UnknownAnswer, UnknownConversation
from ..text.cleaning import clean
from ..text.readable import readable
from ..types import Answer, PaperRef
from .papers import Records
from .redaction import blanked, blanked_request, with_own_question
from .rows import undamaged

NEW_CONVERSATION = 0
"""In place of a conversation's number: begin one with this question."""

MAX_NAME = 200
MAX_COMMENT = 4000
_LARGEST_KEY = 2**63 - 1
_MOST = 1_000_000_000  # answers that are read at once
_NAMED_BY = 60  # characters of its first question that a conversation is named by

_KEPT = (
    "SELECT a.key, asked, question, request, made_with, a.answer, conversation, good, comment, given "
    "FROM answers a LEFT JOIN feedback f ON f.answer = a.key "
)


class Feedback(NamedTuple):
    """What a person thought of an answer, and when; `good` is None where there is a comment alone."""

    good: bool | None
    comment: str
    given: str


class SavedAnswer(NamedTuple):
    """A question as it was put, and its answer: `request` holds history and scope, `made_with` model and options."""

    key: int
    asked: str
    question: str
    request: dict[str, Any]
    made_with: dict[str, Any]
    answer: dict[str, Any]
    conversation: int | None = None
    feedback: Feedback | None = None

    def as_answer(self) -> Answer:
        """The answer as it was given, with its numbers."""
        answer = Answer.from_dict(self.answer)
        filters = {name: values for name, values in self.request.get("scope", {}).items() if values}
        if filters and "filters" not in answer.searched:  # kept by an older version, which counted the whole library
            answer = replace(answer, searched={"filters": filters})
        return replace(answer, asked=self.asked, number=self.key, conversation=self.conversation)

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain values that `json.dumps` takes."""
        return {**self._asdict(), "feedback": self.feedback and self.feedback._asdict()}


class Conversation(NamedTuple):
    """A conversation: its number and name, when it began and when it was last asked something, and how often."""

    key: int
    name: str
    started: str
    last_asked: str
    answers: int


class AnswerHistory:
    """The questions and answers in a record."""

    def __init__(self, records: Records) -> None:
        self._records = records

    # Answers

    def save(self, kept: SavedAnswer) -> SavedAnswer:
        """Stores a question with its answer, and begins a conversation with it where that is `NEW_CONVERSATION`.

        Returns it with the numbers that it got; the key of `kept` is not used.

        Raises:
            UnknownConversation: it was to be in one that there is not, or no longer.
        """
        with self._records.transaction(of_papers=False) as db:
            conversation = kept.conversation
            if conversation == NEW_CONVERSATION:
                begun = (_named_by(kept.question), kept.asked)
                conversation = db.execute("INSERT INTO conversations (name, started) VALUES (?, ?)", begun).lastrowid
            elif conversation is not None:
                self.check_conversation(conversation)
            kept = kept._replace(answer=self._without_removed(kept.answer))
            cursor = db.execute(
                "INSERT INTO answers (asked, question, request, made_with, answer, conversation) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (*(kept.asked, kept.question), *map(_json, (kept.request, kept.made_with, kept.answer)), conversation),
            )
        return kept._replace(key=int(cursor.lastrowid or 0), conversation=conversation)

    def _without_removed(self, answer: dict[str, Any]) -> dict[str, Any]:
        """An answer without the words of papers that were removed while it was given."""
        cited = {
            part["paper_id"]: part["title"] for part in (*answer.get("citations", ()), *answer.get("passages", ()))
        }
        there = self._records.ids(list(cited))
        for paper_id in cited.keys() - there:
            answer = blanked(answer, paper_id, cited[paper_id]).answer
        return answer

    def last(self, most: int) -> list[SavedAnswer]:
        """The last `most` questions with their answers, newest first."""
        return self._kept("ORDER BY a.key DESC LIMIT ?", (arguments.whole("most", most, 0, _MOST),))

    def answer(self, key: int) -> SavedAnswer:
        """A question with its answer.

        Raises:
            UnknownAnswer: there is none with this key.
        """
        found = self._kept("WHERE a.key = ?", (key,)) if _is_key(key) else []
        if not found:
            raise UnknownAnswer(f"No answer has the number {key}. `footnote history` shows them.")
        return found[0]

    def remove_answer(self, key: int) -> None:
        """Forgets an answer, and its conversation where it was the only one in it."""
        with self._records.transaction(of_papers=False) as db:
            self.answer(key)
            db.execute("DELETE FROM answers WHERE key = ?", (key,))
            _drop_empty_conversations(db)

    def forget_paper(self, db: sqlite3.Connection, paper: PaperRef) -> None:
        """Take the words of a paper out of kept answers, and out of the earlier turns of later questions.

        All else of the answers and their conversations stays.
        """
        everything = self._kept()
        changes = {kept.key: blanked(kept.answer, paper.id, paper.title) for kept in everything}
        found = [change for change in changes.values() if change.gone]
        for kept in everything:
            request, answer = blanked_request(kept.request, paper, found), changes[kept.key].answer
            if request.get("history") != kept.request.get("history"):
                answer = with_own_question(answer)
            if (request, answer) != (kept.request, kept.answer):
                values = (_json(request), _json(answer), kept.key)
                db.execute("UPDATE answers SET request = ?, answer = ? WHERE key = ?", values)

    def _kept(self, which: str = "", values: Sequence[Any] = ()) -> list[SavedAnswer]:
        return [_kept(row) for row in self._records.rows(_KEPT + which, values)]

    # Conversations

    def conversations(self) -> list[Conversation]:
        """All conversations, the one that was asked last first."""
        rows = self._records.rows(
            "SELECT c.key, c.name, c.started, max(a.asked), count(*) FROM conversations c "
            "JOIN answers a ON a.conversation = c.key GROUP BY c.key ORDER BY max(a.key) DESC"
        )
        return [Conversation(*row) for row in rows]

    def check_conversation(self, key: int) -> None:
        """Raises UnknownConversation where none has this key."""
        if not _is_key(key) or not self._records.rows("SELECT 1 FROM conversations WHERE key = ?", (key,)):
            raise UnknownConversation(
                f"No conversation has the number {key}; it may have been deleted. Begin a new one."
            )

    def conversation(self, key: int) -> list[SavedAnswer]:
        """The questions and answers of a conversation, oldest first.

        Raises:
            UnknownConversation: there is none with this key.
        """
        self.check_conversation(key)
        return self._kept("WHERE conversation = ? ORDER BY a.key", (key,))

    def rename_conversation(self, key: int, name: str) -> None:
        """Names a conversation; an empty name gives it that of its first question again.

        Raises:
            UnknownConversation, TooLong.
        """
        name = _checked(arguments.text("name", name), MAX_NAME, "The name")
        with self._records.transaction(of_papers=False) as db:
            first = self.conversation(key)[0]
            db.execute("UPDATE conversations SET name = ? WHERE key = ?", (name or _named_by(first.question), key))

    def remove_conversation(self, key: int) -> None:
        """Forgets a conversation, with its answers and what was thought of them.

        Raises:
            UnknownConversation: there is none with this key.
        """
        with self._records.transaction(of_papers=False) as db:
            self.check_conversation(key)
            db.execute("DELETE FROM conversations WHERE key = ?", (key,))

    # Feedback

    def rate(self, key: int, good: bool | None, comment: str = "") -> None:
        """Stores what a person thinks of an answer, in place of what was stored; with neither, there is nothing then.

        Raises:
            UnknownAnswer, TooLong.
        """
        comment = _checked(comment.strip(), MAX_COMMENT, "The comment")
        with self._records.transaction(of_papers=False) as db:
            self.answer(key)
            db.execute("DELETE FROM feedback WHERE answer = ?", (key,))
            if good is not None or comment:
                db.execute("INSERT INTO feedback VALUES (?, ?, ?, ?)", (key, good, comment, now()))

    def rated(self) -> list[SavedAnswer]:
        """The answers of which a person said something, in the order in which it was said."""
        return self._kept("WHERE given NOT NULL ORDER BY given, a.key")


def now() -> str:
    """The time, as it is kept."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _is_key(key: Any) -> bool:
    """Return whether a value can be a key: SQLite takes others too, and fits the text "1" to the number."""
    return isinstance(key, int) and not isinstance(key, bool) and 0 < key <= _LARGEST_KEY


def _named_by(question: str) -> str:
    """A conversation's name: the readable beginning of its first question."""
    name = " ".join(readable(question).split())
    if len(name) <= _NAMED_BY:
        return name
    return (name[: _NAMED_BY + 1].rpartition(" ")[0] or name[:_NAMED_BY]) + " ..."


def _checked(text: str, most: int, what: str) -> str:
    if len(text) > most:
        raise TooLong(f"{what} has {len(text):,} characters; at most {most:,} are kept. Write less.")
    return clean(text).strip()


def _drop_empty_conversations(db: sqlite3.Connection) -> None:
    db.execute(
        "DELETE FROM conversations WHERE NOT EXISTS (SELECT 1 FROM answers WHERE conversation = conversations.key)"
    )


def _kept(row: sqlite3.Row) -> SavedAnswer:
    with undamaged(f"the kept answer {row['key']}"):
        request, made_with, answer = (json.loads(row[name]) for name in ("request", "made_with", "answer"))
    good = None if row["good"] is None else bool(row["good"])
    feedback = Feedback(good, row["comment"], row["given"]) if row["given"] else None
    return SavedAnswer(
        row["key"], row["asked"], row["question"], request, made_with, answer, row["conversation"], feedback
    )


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
