"""The bundled question set, and the files that a person's own set may come in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from eval.questions import QUESTIONS, SAMPLE, Question, QuestionSetError, holds_nugget, load_questions
from rag.answering import asked_for
from rag.readable import folded
from rag.reading.readers import read_file
from rag.retrieval import search_terms


@pytest.fixture(scope="module")
def digests() -> dict[str, str]:
    papers = [paper for path in sorted(SAMPLE.glob("*.md")) for paper in read_file(path, path.name).papers]
    return {folded(paper.title): paper.text for paper in papers}


@pytest.fixture(scope="module")
def questions() -> list[Question]:
    return load_questions(QUESTIONS)


def test_the_sample_has_84_digests_of_120_to_220_words(digests: dict[str, str]) -> None:
    lengths = [len(text.split("\n\n", 1)[1].split()) for text in digests.values()]
    assert len(lengths) == 84
    assert min(lengths) >= 120
    assert max(lengths) <= 220


def test_the_set_has_the_kinds_of_questions_that_it_claims(questions: list[Question]) -> None:
    plain = [q for q in questions if not q.history and not q.id.endswith("-1")]
    assert len([q for q in plain if q.answerable]) >= 150
    assert len([q for q in questions if not q.answerable]) >= 30
    assert len([q for q in questions if q.type == "unanswerable"]) >= 15
    conversations = {q.id.rsplit("-", 1)[0] for q in questions if q.history}
    assert len(conversations) == 15
    assert all(sum(q.id.startswith(f"{c}-") for q in questions) == 3 for c in conversations)


def test_every_title_is_in_the_sample(digests: dict[str, str]) -> None:
    assert len(load_questions(QUESTIONS, digests)) == 303


def test_the_digests_hold_the_nuggets(questions: list[Question], digests: dict[str, str]) -> None:
    missing = [
        (q.id, group)
        for q in questions
        for group in q.nuggets
        if not any(holds_nugget(digests[folded(title)], group) for title in q.gold_titles)
    ]
    assert missing == []


def test_the_abstracts_hold_the_nuggets_too(questions: list[Question], seeds: Path) -> None:
    papers = [paper for path in seeds.glob("*.txt") for paper in read_file(path, path.name).papers]
    texts = {folded(paper.title): paper.text for paper in papers}
    missing = [
        (q.id, group)
        for q in questions
        for group in q.nuggets
        if not any(holds_nugget(texts[folded(title)], group) for title in q.gold_titles)
    ]
    assert missing == []


def test_no_digest_answers_an_unanswerable_question(questions: list[Question], digests: dict[str, str]) -> None:
    """A digest that did would hold every word that is searched for, those that name what is asked for among them."""
    for question in (q for q in questions if not q.answerable):
        terms = {term[:5] for term in [*search_terms(question.question), *asked_for(question.question)]}
        for text in digests.values():
            assert terms - {word[:5] for word in search_terms(text)}, question.id


def test_the_split_keeps_conversations_whole(questions: list[Question]) -> None:
    parts: dict[str, set[bool]] = {}
    for question in questions:
        if "-c" in question.id:
            parts.setdefault(question.id.rsplit("-", 1)[0], set()).add(question.for_report)
    assert all(len(part) == 1 for part in parts.values())
    assert 0.25 < sum(q.for_report for q in questions) / len(questions) < 0.42


GOOD = {"id": "a", "type": "fact", "question": "How many?", "gold_titles": ["T"], "answer": "Two.", "nuggets": [["2"]]}


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (["{"], "line 1"),
        ([json.dumps(GOOD), json.dumps(GOOD)], "line 2: the id 'a' stands on line 1 too"),
        ([json.dumps(GOOD | {"gold_titles": ["Unknown"]})], "line 1: no paper has the title 'Unknown'"),
        ([json.dumps(GOOD | {"type": "riddle"})], "`type` is 'riddle'"),
        ([json.dumps(GOOD | {"nuggets": ["2"]})], "`nuggets` is a list of groups"),
        (["", "[]"], "line 2: it is not a JSON object"),
        ([], "there are no questions in it"),
    ],
)
def test_a_broken_set_is_refused_by_line(tmp_path: Path, lines: list[str], told: str) -> None:
    path = tmp_path / "own.jsonl"
    path.write_text("\n".join(lines))
    with pytest.raises(QuestionSetError) as error:
        load_questions(path, ["T"])
    assert told in str(error.value)


@pytest.mark.parametrize(
    ("text", "nugget", "held"),
    [
        ("It gains 34.0\\% more", "34.0%", True),
        ("It gains 134.0%", "34.0%", False),
        ("in 2023 and", "202", False),
        ("7.5 points", "7", False),
        ("ends with 7.", "7", True),
        ("Best-of-N   sampling", "best-of-n sampling", True),
    ],
)
def test_nuggets_are_found_with_case_and_space_folded_and_numbers_whole(text: str, nugget: str, held: bool) -> None:
    assert holds_nugget(text, [nugget]) is held
