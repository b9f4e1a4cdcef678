"""Read and validate question sets in JSON lines."""

import hashlib
import json
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag.errors import FootnoteError, SourceError
from rag.ingest.locate import locate
from rag.ingest.read import read_source
from rag.text.readable import folded, readable

TYPES = ("fact", "method", "find", "multi", "noisy", "unanswerable", "off_topic")
QUESTIONS = Path(__file__).with_name("qa.jsonl")
SAMPLE = Path(__file__).with_name("sample")
_KINDS = {"id": str, "type": str, "question": str, "gold_titles": list, "answer": str, "nuggets": list}


class QuestionSetError(FootnoteError):
    """A question set or collection is broken; the message names each line."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question, the titles that answer it, and its nuggets: for each fact a group of alternative strings."""

    id: str
    type: str
    question: str
    gold_titles: tuple[str, ...]
    answer: str
    nuggets: tuple[tuple[str, ...], ...]
    near: tuple[str, ...] = ()
    history: tuple[tuple[str, str], ...] = ()

    @property
    def answerable(self) -> bool:
        """Whether the right reply is an answer and not a refusal."""
        return bool(self.gold_titles)

    @property
    def for_report(self) -> bool:
        """Whether the question is in the third held out for reporting; conversations are not split."""
        whole = re.sub(r"(-c\d+)-\d+$", r"\1", self.id)
        return int(hashlib.sha256(whole.encode()).hexdigest(), 16) % 3 == 0


def load_questions(path: Path, titles: Iterable[str] | None = None) -> list[Question]:
    """Read the questions in a file; if `titles` is given, every title in the file must be one of them.

    Raise QuestionSetError if the file cannot be read, has no questions, broken lines, repeated ids, or unknown titles.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise QuestionSetError(f"The question set {path.name} cannot be read: {error}.") from error
    known = {folded(title) for title in titles} if titles is not None else None
    questions: list[Question] = []
    problems: list[str] = []
    ids: dict[str, int] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            question = _parsed(json.loads(line))
        except ValueError as error:
            problems.append(f"line {number}: {error}")
            continue
        if question.id in ids:
            problems.append(f"line {number}: the id {question.id!r} is also on line {ids[question.id]}")
        ids[question.id] = number
        for title in (*question.gold_titles, *question.near):
            if known is not None and folded(title) not in known:
                problems.append(f"line {number}: no paper has the title {title!r}")
        questions.append(question)
    if not questions and not problems:
        problems.append("there are no questions in it")
    if problems:
        raise QuestionSetError("\n".join(f"{path.name}, {problem}" for problem in problems))
    return questions


def titles_in(paths: Iterable[str | os.PathLike[str]]) -> list[str]:
    """Read the titles of the papers in files and folders without embedding. Raise SourceError if there are none."""
    located = locate(paths)
    titles: list[str] = []
    problems = [str(failure) for failure in (*located.failures, *located.found_failures.values())]
    for source in located.sources:
        try:
            reading = read_source(source, brief=source.is_pdf)
        except SourceError as error:
            problems.append(f"{source.name}: {error}")
            continue
        titles += [paper.title for paper in reading.papers]
        problems += [str(failure) for failure in reading.failures]
    if not titles:
        raise SourceError("\n".join(["There are no papers to answer the questions. Name other files.", *problems]))
    return titles


def holds_nugget(text: str, alternatives: Iterable[str]) -> bool:
    """Return whether a text contains one of the alternatives, ignoring case and space; numbers only as whole words."""
    plain = plain_nugget(text)
    return any(re.search(_pattern(plain_nugget(alternative)), plain) for alternative in alternatives)


def plain_nugget(text: str) -> str:
    """Return a text in the form in which nuggets are compared; an empty one cannot be found."""
    return " ".join(readable(text).casefold().split())


def _pattern(alternative: str) -> str:
    before = r"(?<![\w.])" if re.match(r"\d", alternative) else ""
    after = r"(?![\w])(?!\.\d)" if re.search(r"\d$", alternative) else ""
    return before + re.escape(alternative) + after


def _parsed(row: Any) -> Question:
    if not isinstance(row, dict):
        raise ValueError("it is not a JSON object")
    for key, kind in _KINDS.items():
        if not isinstance(row.get(key), kind):
            raise ValueError(f"`{key}` is missing or not a {kind.__name__}")
    if row["type"] not in TYPES:
        raise ValueError(f"`type` is {row['type']!r}; expected {', '.join(TYPES)}")
    if not row["id"].strip() or not row["question"].strip():
        raise ValueError("`id` and `question` must not be empty")
    titles, near, history = row["gold_titles"], row.get("near", []), row.get("history", [])
    if not isinstance(near, list) or not all(isinstance(title, str) and title.strip() for title in [*titles, *near]):
        raise ValueError("`gold_titles` and `near` are lists of titles")
    if not all(isinstance(group, list) and group for group in row["nuggets"]):
        raise ValueError("`nuggets` is a list of groups, each a list of alternative strings")
    for alternative in (alternative for group in row["nuggets"] for alternative in group):
        if not isinstance(alternative, str) or not plain_nugget(alternative):  # an empty string is in every answer
            raise ValueError(f"`nuggets` has {alternative!r}, which cannot be found in an answer")
    if not isinstance(history, list) or not all(
        isinstance(turn, list) and len(turn) == 2 and all(isinstance(text, str) for text in turn) for turn in history
    ):
        raise ValueError("`history` is a list of [question, answer]")
    return Question(
        id=row["id"],
        type=row["type"],
        question=row["question"],
        gold_titles=tuple(titles),
        answer=row["answer"],
        nuggets=tuple(tuple(group) for group in row["nuggets"]),
        near=tuple(near),
        history=tuple((q, a) for q, a in history),
    )
