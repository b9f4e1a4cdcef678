"""Save answers with their conversations, ratings and comments."""

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

from .. import arguments
from ..errors import TooLong, UnknownAnswer, UnknownConversation
from ..text.cleaning import clean
from ..text.readable import readable
from ..types import Answer, PaperRef
from .derived import put_cited
from .papers import Records
from .redaction import redacted_answer, redacted_request, without_standalone_question
from .rows import undamaged

NEW_CONVERSATION = 0
"""Pass it in place of a conversation's number to start one with this question."""

MAX_NAME = 200  # characters
MAX_COMMENT = 4000  # characters
_MAX_KEY = 2**63 - 1
_MAX_ANSWERS = 1_000_000_000
_DEFAULT_NAME_LENGTH = 60  # characters of its first question that name a conversation

_SELECT = (
    "SELECT a.key, asked, question, request, made_with, a.answer, conversation, good, comment, given "
    "FROM answers a LEFT JOIN feedback f ON f.answer = a.key "
)
_COLUMNS = "key, asked, question, request, made_with, answer, conversation"
# Which answers a removed paper may concern, found without reading their JSON.
_SHOWN = "instr(a.answer, :id) OR instr(a.answer, :title) OR instr(a.answer, :readable)"
_HAS_HISTORY_OR_SCOPE = (
    """NOT (instr(request, '"history": []') AND instr(request, '"papers": []') AND instr(request, '"without": []'))"""
)


class Feedback(NamedTuple):
    """The user's rating of an answer (`good` is None for a comment without a rating), and when it was given."""

    good: bool | None
    comment: str
    given: str


class SavedAnswer(NamedTuple):
    """A question and its answer. `request` holds history and scope, `made_with` the model and its options."""

    key: int
    asked: str
    question: str
    request: dict[str, Any]
    made_with: dict[str, Any]
    answer: dict[str, Any]
    conversation: int | None = None
    feedback: Feedback | None = None

    def as_answer(self) -> Answer:
        """Return the answer as it was given, with its numbers."""
        answer = Answer.from_dict(self.answer)
        filters = {name: values for name, values in self.request.get("scope", {}).items() if values}
        if filters and "filters" not in answer.searched:  # saved by an older version, which counted the whole library
            answer = replace(answer, searched={"filters": filters})
        return replace(answer, asked=self.asked, number=self.key, conversation=self.conversation)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for `json.dumps`."""
        return {**self._asdict(), "feedback": self.feedback and self.feedback._asdict()}


class Conversation(NamedTuple):
    """A conversation: number, name, when it started and was asked last, how many answers, and the last question."""

    key: int
    name: str
    started: str
    last_asked: str
    answers: int
    last_question: str


class AnswerHistory:
    """The saved answers and conversations in a record."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def save(self, saved: SavedAnswer) -> SavedAnswer:
        """Save an answer and return it with its numbers; the key of `saved` is not used.

        Raise UnknownConversation if its conversation does not exist, or no longer.
        """
        with self._records.transaction(of_papers=False) as db:
            conversation = saved.conversation
            if conversation == NEW_CONVERSATION:
                values = (_default_name(saved.question), saved.asked)
                conversation = db.execute("INSERT INTO conversations (name, started) VALUES (?, ?)", values).lastrowid
            elif conversation is not None:
                self.check_conversation(conversation)
            saved = saved._replace(answer=self._without_removed_papers(saved.answer))
            cursor = db.execute(
                "INSERT INTO answers (asked, question, request, made_with, answer, conversation) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (
                    *(saved.asked, saved.question),
                    *map(_to_json, (saved.request, saved.made_with, saved.answer)),
                    conversation,
                ),
            )
            put_cited(db, int(cursor.lastrowid or 0), saved.answer)
        return saved._replace(key=int(cursor.lastrowid or 0), conversation=conversation)

    def _without_removed_papers(self, answer: dict[str, Any]) -> dict[str, Any]:
        """Return an answer without the words of papers that were removed while it was written."""
        texts = [answer, *(text for name in ("quotes", "written") if (text := answer.get(name)))]
        parts = [*answer.get("passages", ()), *(each for text in texts for each in text.get("citations", ()))]
        titles = {part["paper_id"]: part["title"] for part in parts}
        for paper_id in titles.keys() - self._records.ids(list(titles)):
            answer = redacted_answer(answer, paper_id, titles[paper_id]).answer
        return answer

    def put(self, db: sqlite3.Connection, saved: SavedAnswer) -> None:
        """Store an answer from another record, with its rating, under its own number; its conversation is stored."""
        columns = (saved.key, saved.asked, saved.question)
        plain = map(_to_json, (saved.request, saved.made_with, saved.answer))
        db.execute(
            f"INSERT INTO answers ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)", (*columns, *plain, saved.conversation)
        )
        put_cited(db, saved.key, saved.answer)
        if saved.feedback:
            db.execute(
                "INSERT INTO feedback (answer, good, comment, given) VALUES (?, ?, ?, ?)", (saved.key, *saved.feedback)
            )

    def last(self, count: int) -> list[SavedAnswer]:
        """Return the last `count` answers, newest first."""
        return self._select("ORDER BY a.key DESC LIMIT ?", (arguments.whole("most", count, 0, _MAX_ANSWERS),))

    def after(self, key: int, most: int) -> list[SavedAnswer]:
        """Return the first answers after the one with this number, oldest first, at most `most`."""
        return self._select("WHERE a.key > ? ORDER BY a.key LIMIT ?", (key, most))

    def answer(self, key: int) -> SavedAnswer:
        """Return an answer. Raise UnknownAnswer if it does not exist."""
        found = self._select("WHERE a.key = ?", (key,)) if _is_key(key) else []
        if not found:
            raise UnknownAnswer(f"No answer has the number {key}. `footnote history` shows them.")
        return found[0]

    def remove_answer(self, key: int) -> None:
        """Delete an answer, and its conversation if that has no other answer. Raise UnknownAnswer as `answer`."""
        with self._records.transaction(of_papers=False) as db:
            self.answer(key)
            db.execute("DELETE FROM answers WHERE key = ?", (key,))
            db.execute(
                "DELETE FROM conversations WHERE NOT EXISTS "
                "(SELECT 1 FROM answers WHERE conversation = conversations.key)"
            )

    def redact_paper(self, db: sqlite3.Connection, paper: PaperRef) -> None:
        """Remove the words of a paper from saved answers, and from the earlier turns of later questions."""
        db.execute("DELETE FROM cited WHERE paper = ?", (paper.id,))
        shown = {saved.key: saved for saved in self._select(f"WHERE {_SHOWN}", _names_of(paper))}
        redactions = {key: redacted_answer(saved.answer, paper.id, paper.title) for key, saved in shown.items()}
        quoting = [redaction for redaction in redactions.values() if redaction.removed]

        def redacted(request: dict[str, Any]) -> dict[str, Any]:
            return redacted_request(request, paper, quoting)

        for key in sorted(shown.keys() | self._whose_request(lambda request: request != redacted(request))):
            saved = shown.get(key) or self.answer(key)
            request, answer = redacted(saved.request), redactions[key].answer if key in shown else saved.answer
            if request.get("history") != saved.request.get("history"):
                answer = without_standalone_question(answer)
            if (request, answer) != (saved.request, saved.answer):
                values = (_to_json(request), _to_json(answer), key)
                db.execute("UPDATE answers SET request = ?, answer = ? WHERE key = ?", values)

    def _whose_request(self, holds: Callable[[dict[str, Any]], bool]) -> set[int]:
        """Return the answers whose request has history or a scope and passes a check."""
        keys = set()
        for row in self._records.rows(f"SELECT key, request FROM answers WHERE {_HAS_HISTORY_OR_SCOPE}"):
            with undamaged(f"the saved answer {row['key']}"):
                if holds(json.loads(row["request"])):
                    keys.add(row["key"])
        return keys

    def citing(self, paper_id: str, most: int) -> list[SavedAnswer]:
        """Return the last answers that quote a paper, newest first."""
        return self._select(
            "WHERE a.key IN (SELECT answer FROM cited WHERE paper = ?) ORDER BY a.key DESC LIMIT ?", (paper_id, most)
        )

    def _select(self, where: str = "", values: Sequence[Any] | Mapping[str, Any] = ()) -> list[SavedAnswer]:
        return [_saved_answer(row) for row in self._records.rows(_SELECT + where, values)]

    def conversations(self) -> list[Conversation]:
        """Return all conversations, the one with the latest question first."""
        rows = self._records.rows(
            "SELECT c.key, c.name, c.started, max(a.asked), count(*), "
            "(SELECT question FROM answers WHERE conversation = c.key ORDER BY key DESC LIMIT 1) FROM conversations c "
            "JOIN answers a ON a.conversation = c.key GROUP BY c.key ORDER BY max(a.key) DESC"
        )
        return [Conversation(*row) for row in rows]

    def check_conversation(self, key: int) -> None:
        """Raise UnknownConversation if the conversation does not exist."""
        if not _is_key(key) or not self._records.rows("SELECT 1 FROM conversations WHERE key = ?", (key,)):
            raise UnknownConversation(
                f"No conversation has the number {key}; it may have been deleted. Start a new one."
            )

    def conversation(self, key: int) -> list[SavedAnswer]:
        """Return the answers of a conversation, oldest first. Raise UnknownConversation if it does not exist."""
        self.check_conversation(key)
        return self._select("WHERE conversation = ? ORDER BY a.key", (key,))

    def rename_conversation(self, key: int, name: str) -> None:
        """Rename a conversation; an empty name restores the default. Raise UnknownConversation or TooLong."""
        name = _cleaned(arguments.text("name", name), MAX_NAME, "The name")
        with self._records.transaction(of_papers=False) as db:
            first = self.conversation(key)[0]
            db.execute("UPDATE conversations SET name = ? WHERE key = ?", (name or _default_name(first.question), key))

    def remove_conversation(self, key: int) -> None:
        """Delete a conversation with its answers and ratings. Raise UnknownConversation if it does not exist."""
        with self._records.transaction(of_papers=False) as db:
            self.check_conversation(key)
            db.execute("DELETE FROM conversations WHERE key = ?", (key,))

    def rate(self, key: int, good: bool | None, comment: str = "") -> None:
        """Replace an answer's rating and comment; None and an empty one delete them. Raise UnknownAnswer or TooLong."""
        comment = _cleaned(comment.strip(), MAX_COMMENT, "The comment")
        with self._records.transaction(of_papers=False) as db:
            self.answer(key)
            db.execute("DELETE FROM feedback WHERE answer = ?", (key,))
            if good is not None or comment:
                db.execute("INSERT INTO feedback VALUES (?, ?, ?, ?)", (key, good, comment, now()))

    def rated(self) -> list[SavedAnswer]:
        """Return the answers with a rating or comment, in the order in which these were given."""
        return self._select("WHERE given NOT NULL ORDER BY given, a.key")


def _names_of(paper: PaperRef) -> dict[str, str]:
    """Return by what the JSON of an answer shows a paper: its id, or its title among the filters."""
    titles = (_to_json(title)[1:-1] for title in (paper.title, readable(paper.title)))
    return dict(zip(("id", "title", "readable"), (paper.id, *titles), strict=True))


def now() -> str:
    """Return the current time in the form in which it is stored."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _is_key(key: Any) -> bool:
    """Return whether a value can be a key; SQLite would accept other types, and match the text "1" with 1."""
    return isinstance(key, int) and not isinstance(key, bool) and 0 < key <= _MAX_KEY


def _default_name(question: str) -> str:
    name = " ".join(readable(question).split())
    if len(name) <= _DEFAULT_NAME_LENGTH:
        return name
    return (name[: _DEFAULT_NAME_LENGTH + 1].rpartition(" ")[0] or name[:_DEFAULT_NAME_LENGTH]) + " ..."


def _cleaned(text: str, limit: int, what: str) -> str:
    if len(text) > limit:
        raise TooLong(f"{what} has {len(text):,} characters; the limit is {limit:,}. Shorten it.")
    return clean(text).strip()


def _saved_answer(row: sqlite3.Row) -> SavedAnswer:
    with undamaged(f"the saved answer {row['key']}"):
        request, made_with, answer = (json.loads(row[name]) for name in ("request", "made_with", "answer"))
    good = None if row["good"] is None else bool(row["good"])
    feedback = Feedback(good, row["comment"], row["given"]) if row["given"] else None
    numbers = (row["key"], row["asked"], row["question"])
    return SavedAnswer(*numbers, request, made_with, answer, row["conversation"], feedback)


def _to_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
