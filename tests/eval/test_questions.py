"""The bundled question set, and the files of a user's own set."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from helpers.papers import PAPERS

from eval.files import digest, read_json_lines
from eval.questions import QUESTIONS, SAMPLE, Question, QuestionSetError, holds_nugget, load_questions, titles_in
from rag.errors import SourceError
from rag.reading.formats import read_file
from rag.retrieval.terms import search_terms
from rag.text.readable import folded


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


def test_the_digests_contain_the_nuggets(questions: list[Question], digests: dict[str, str]) -> None:
    missing = [
        (q.id, group)
        for q in questions
        for group in q.nuggets
        if not any(holds_nugget(digests[folded(title)], group) for title in q.gold_titles)
    ]
    assert missing == []


def test_the_abstracts_also_contain_the_nuggets(questions: list[Question], seeds: Path) -> None:
    papers = [paper for path in seeds.glob("*.txt") for paper in read_file(path, path.name).papers]
    texts = {folded(paper.title): paper.text for paper in papers}
    missing = [
        (q.id, group)
        for q in questions
        for group in q.nuggets
        if not any(holds_nugget(texts[folded(title)], group) for title in q.gold_titles)
    ]
    assert missing == []


COUNT = r"\b(?:[\d,.]*\d|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)"
HOURS = r"\b(?:gpu|a100|h100)s?[- ](?:hours|days)"

# The words of a digest that would answer a near miss, and an example sentence.
ANSWERED_BY = {
    "A-u1": (HOURS, "The pretraining took 90,000 GPU hours."),
    "A-u2": ("hotpotqa", "On HotpotQA the accuracy is 61%."),
    "A-u3": (rf"{COUNT} (?:human )?annotators", "Five human annotators verified the labels."),
    "A-u4": (r"learning rate|\b\d+b\b", "The critics have 7B parameters."),
    "B-u1": (r"gpt-?\d|\$|dollar|cents", "A query costs 3 cents."),
    "B-u2": ("hotpotqa", "It has an exact match of 40 on HotpotQA."),
    "B-u3": ("learning rate|weight of", "The term has a weight of 0.1."),
    "B-u4": ("colbert|mrr", "ColBERT loses 4 points of MRR."),
    "C-u1": (rf"latency|slower|{COUNT} (?:milli)?seconds", "Scoring takes two seconds."),
    "C-u2": (rf"{COUNT} (?:different )?(?:crowd ?workers|annotators)", "The pairs come from 16 crowdworkers."),
    "C-u3": (rf"{COUNT} (?:wrong|incorrect|rejected)", "Each is set against nine incorrect ones."),
    "C-u4": ("perplexity", "The perplexity was 9.8."),
    "D-u1": (HOURS, "The rounds took 400 H100 days."),
    "D-u2": (rf"ratio|{COUNT} ?% of the (?:chain-of-thought )?tokens", "Hiding 40% of the tokens was best."),
    "D-u3": ("learning rate|beta", "With a beta of 0.4."),
    "D-u4": ("olympiadbench", "On OlympiadBench it solves 49%."),
    "E-u1": (r"clip|\bkl\b", "The ratio was clipped at 0.2."),
    "E-u2": (rf"{COUNT} rollouts", "It needs 16 rollouts a problem."),
    "E-u3": (rf"{COUNT} (?:human )?annotators|kappa|agreed", "Three annotators agreed on 92%."),
    "E-u4": (r"pass@5|\bapps\b", "It reaches a pass@5 of 30."),
    "F-u1": (rf"{COUNT} (?:real-robot )?(?:trials|runs)|physical", "The policy was run in 40 trials."),
    "F-u2": ("recall@20|amazon", "Recall@20 is 0.08."),
    "F-u3": (rf"{COUNT}[- ]qubit", "A 27-qubit device was used."),
    "F-u4": (rf"\b(?:aged|ages|grades?) {COUNT}|{COUNT} years old", "The pupils were aged 16 to 18."),
    "G-u1": (HOURS, "Training took 300 A100 hours."),
    "G-u2": (rf"gpt-4\b[^.]*{COUNT}", "GPT-4 answered 71.2% of these."),
    "G-u3": (rf"k ?= ?{COUNT}|{COUNT} characters", "A difference of 500 characters is the default."),
    "G-u4": (rf"{COUNT} (?:crowd ?)?(?:workers|raters|annotators)|\$", "They asked 24 workers."),
}


def test_no_near_digest_answers_a_near_miss(questions: list[Question], digests: dict[str, str]) -> None:
    near_misses = {q.id: q for q in questions if q.type == "unanswerable"}
    assert near_misses.keys() == ANSWERED_BY.keys()
    assert all(q.near for q in near_misses.values())
    for key, (pattern, sentence) in ANSWERED_BY.items():
        assert re.search(pattern, sentence.casefold()), f"{key}: the pattern does not find an answer"
        for title in near_misses[key].near:
            assert not re.search(pattern, digests[folded(title)].casefold()), key


def test_questions_on_other_topics_are_far_from_every_digest(
    questions: list[Question], digests: dict[str, str]
) -> None:
    """Most answerable questions share half of their search terms with a paper; no other question does."""
    words = {title: {word[:5] for word in search_terms(text)} for title, text in digests.items()}

    def is_near(question: Question, titles: Iterable[str]) -> bool:
        terms = {term[:5] for term in search_terms(question.question)}
        return any(len(terms & words[folded(title)]) >= len(terms) / 2 for title in titles)

    answerable = [q for q in questions if q.answerable and not q.history]
    assert sum(is_near(q, q.gold_titles) for q in answerable) > len(answerable) / 2
    assert [q.id for q in questions if q.type == "off_topic" and is_near(q, digests)] == []


def test_the_split_keeps_conversations_whole(questions: list[Question]) -> None:
    parts: dict[str, set[bool]] = {}
    for question in questions:
        if "-c" in question.id:
            parts.setdefault(question.id.rsplit("-", 1)[0], set()).add(question.for_report)
    assert all(len(part) == 1 for part in parts.values())
    assert 0.25 < sum(q.for_report for q in questions) / len(questions) < 0.42


GOOD = {"id": "a", "type": "fact", "question": "How many?", "gold_titles": ["T"], "answer": "Two.", "nuggets": [["2"]]}


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["{"], "line 1"),
        ([json.dumps(GOOD), json.dumps(GOOD)], "line 2: the id 'a' is also on line 1"),
        ([json.dumps(GOOD | {"gold_titles": ["Unknown"]})], "line 1: no paper has the title 'Unknown'"),
        ([json.dumps(GOOD | {"type": "riddle"})], "`type` is 'riddle'"),
        ([json.dumps(GOOD | {"nuggets": ["2"]})], "`nuggets` is a list of groups"),
        ([json.dumps(GOOD | {"nuggets": [["  "]]})], "`nuggets` has '  ', which cannot be found"),
        ([json.dumps(GOOD | {"nuggets": [["a", 5]]})], "`nuggets` has 5, which cannot be found"),
        ([json.dumps(GOOD | {"near": None}), "{"], "line 1: `gold_titles` and `near` are lists of titles"),
        ([json.dumps(GOOD | {"near": None}), "{"], "line 2: Expecting"),
        ([json.dumps(GOOD | {"near": "abc"})], "`gold_titles` and `near` are lists of titles"),
        ([json.dumps(GOOD | {"gold_titles": [" "]})], "`gold_titles` and `near` are lists of titles"),
        ([json.dumps(GOOD | {"history": 5})], "`history` is a list of [question, answer]"),
        ([json.dumps(GOOD | {"history": [["Why?"]]})], "`history` is a list of [question, answer]"),
        (["", "[]"], "line 2: it is not a JSON object"),
        ([], "there are no questions in it"),
    ],
)
def test_a_broken_set_is_refused_by_line(tmp_path: Path, lines: list[str], message: str) -> None:
    path = tmp_path / "own.jsonl"
    path.write_text("\n".join(lines))
    with pytest.raises(QuestionSetError) as error:
        load_questions(path, ["T"])
    assert message in str(error.value)


def test_a_byte_order_mark_is_ignored(tmp_path: Path) -> None:
    path = tmp_path / "own.jsonl"
    path.write_bytes(codecs.BOM_UTF8 + json.dumps(GOOD).encode())
    assert [q.id for q in load_questions(path)] == [row["id"] for row in read_json_lines(path)] == ["a"]


def test_titles_are_read_and_a_folder_without_a_paper_is_an_error_with_the_reason(folder: Path, tmp_path: Path) -> None:
    assert sorted(titles_in([folder])) == sorted(PAPERS)
    (tmp_path / "none").mkdir()
    (tmp_path / "none" / "empty.txt").touch()
    with pytest.raises(SourceError, match=r"There are no papers .*\n.*empty.txt: the file is empty"):
        titles_in([tmp_path / "none"])


def test_the_digest_of_a_folder_is_of_its_files_in_the_order_of_their_names(folder: Path) -> None:
    before = digest(folder)
    first, second, *_ = sorted(folder.glob("*.txt"))
    text = first.read_text()
    first.write_text(second.read_text())
    assert digest(folder) != before
    first.unlink()
    first.write_text(text)
    assert digest(folder) == before
    assert digest(first) != digest(second)


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
