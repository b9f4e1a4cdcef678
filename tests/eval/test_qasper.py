"""QASPER's reading and scores on an invented folder, against values worked out by hand."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from eval.collections.qasper import (
    BM25,
    DENSE,
    OURS,
    Annotation,
    PaperQuestion,
    Result,
    main,
    read_qasper,
    score_answer,
    score_evidence,
    summarise,
)
from eval.questions import QuestionSetError

LENS = "The lens is ground from salt."
KILN = "The kiln burns at 900 degrees for two days."
CREW = "Four glaziers took part in the trial."


def annotation(kind: str, text: str, *evidence: str) -> dict[str, Any]:
    return {"type": kind, "text": text, "spans": [], "evidence": list(evidence)}


def asked(key: str, text: str, *annotations: dict[str, Any], paper: str = "p1") -> dict[str, Any]:
    return {"id": key, "question": text, "gold_paper_id": paper, "annotations": list(annotations)}


PAPERS = [
    {
        "_id": "p1",
        "title": "Glass from Salt",
        "paragraphs": [
            {"id": "p1:0", "section": "Method", "text": LENS},
            {"id": "p1:1", "section": "Method ::: Kiln", "text": KILN},
            {"id": "p1:2", "section": "", "text": CREW},
            {"id": "p1:3", "section": "Again", "text": f"{LENS}\n"},
        ],
    },
    {"_id": "p2", "title": "Snow Fences", "paragraphs": [{"id": "p2:0", "section": "Data", "text": "Snow drifts."}]},
]
QUESTIONS = [
    asked("q1", "How hot is the kiln?", annotation("extractive", "900 degrees", KILN)),
    asked(
        "q2",
        "Who ground the lens?",
        annotation("unanswerable", "Unanswerable", "FLOAT SELECTED: Figure 1"),
        annotation("abstractive", "the glaziers", CREW.replace(" ", "  "), LENS, "Method"),
    ),
    asked("q3", "Which river is near?", annotation("unanswerable", "Unanswerable")),
]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder in QASPER's form: two papers, three questions about the first."""
    folder = tmp_path / "qasper_tiny"
    folder.mkdir()
    for kind, rows in (("papers", PAPERS), ("questions", QUESTIONS)):
        (folder / f"tiny_{kind}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def test_evidence_is_of_all_annotations_and_of_paragraphs_alone(data: Path) -> None:
    glass, snow = read_qasper(data)
    assert [paragraph.id for paragraph in glass.paragraphs] == ["p1:0", "p1:1", "p1:2"]  # the fourth has a text again
    assert [set(question.evidence) for question in glass.questions] == [{"p1:1"}, {"p1:0", "p1:2"}, set()]
    assert [question.answerability for question in glass.questions] == ["answerable", "mixed", "unanswerable"]
    assert snow.questions == ()


def test_a_folder_that_is_not_in_qaspers_form_is_refused_by_what_it_lacks(data: Path) -> None:
    questions = data / "tiny_questions.jsonl"
    questions.write_text(json.dumps(asked("q4", "Why?", annotation("boolean", "Yes"), paper="p9")))
    with pytest.raises(QuestionSetError, match="'q4' is about the paper 'p9'"):
        read_qasper(data)
    questions.write_text(json.dumps({"gold_paper_id": "p1", "id": "q4"}))
    with pytest.raises(QuestionSetError, match="'annotations' is missing"):
        read_qasper(data)
    questions.unlink()
    with pytest.raises(QuestionSetError, match=r"0 files \*_questions.jsonl"):
        read_qasper(data)


def test_evidence_scores_are_those_worked_out_by_hand_and_a_missing_question_scores_0(data: Path) -> None:
    questions = read_qasper(data)[0].questions
    scores = score_evidence(questions, {"q2": {"p1:1": 3.0, "p1:0": 2.0}})
    second_of_two = (1 / math.log2(3)) / (1 + 1 / math.log2(3))
    assert scores == {
        "q1": {"nDCG@10": 0.0, "R@10": 0.0, "Success@10": 0.0},
        "q2": {"nDCG@10": pytest.approx(second_of_two), "R@10": 0.5, "Success@10": 1.0},
    }


def row(key: str, text: str, *, refused: bool = False, confidence: float = 0.5) -> dict[str, Any]:
    sentences = [{"text": text, "citations": [1], "support": "quoted"}]
    return {"id": key, "refused": refused, "confidence": confidence, "sentences": sentences}


def test_answer_f1_is_that_of_the_annotation_matched_best() -> None:
    annotations = (Annotation("boolean", "Yes"), Annotation("abstractive", "the old glaziers of Zell"))
    question = PaperQuestion("q", "Who?", annotations, frozenset())
    assert score_answer(question, row("q", "The glaziers."))["answer F1"] == pytest.approx(2 * 1 / (1 + 4))
    assert score_answer(question, row("q", "Yes!")) == {"answer F1": 1.0, "falsely refused": 0.0}
    assert score_answer(question, {}) == {"answer F1": 0.0, "falsely refused": 1.0}


def test_a_refusal_is_right_where_all_annotators_call_it_unanswerable(data: Path) -> None:
    answerable, mixed, unanswerable = read_qasper(data)[0].questions
    refusal = row("q", "", refused=True)
    assert score_answer(answerable, refusal) == {"answer F1": 0.0, "falsely refused": 1.0}
    assert score_answer(mixed, refusal) == {"answer F1": 1.0}
    assert score_answer(unanswerable, refusal) == {"answer F1": 1.0, "refused rightly": 1.0}


def test_the_report_sets_the_program_beside_bm25_and_dense_retrieval(data: Path) -> None:
    ours = {"q1": {"p1:1": 1.0}, "q2": {"p1:0": 2.0, "p1:2": 1.0}}
    runs = {OURS: ours, BM25: {"q2": {"p1:2": 1.0}}, DENSE: ours}
    rows = [row("q1", "900 degrees", confidence=0.9), row("q3", "900 degrees", confidence=0.2)]
    report = summarise(read_qasper(data), Result(runs, rows))
    assert {name: figure["mean"] for name, figure in report["measures"].items()} == {
        "nDCG@10": 1.0,
        "R@10": 1.0,
        "Success@10": 1.0,
        "answer F1": pytest.approx(1 / 3),
        "falsely refused": 0.0,
        "refused rightly": 0.0,
    }
    assert report["baselines"][BM25]["R@10"]["mean"] == 0.25
    assert report["baselines"][BM25]["Success@10"] == {"mean": 0.5, "low": 0.0, "high": 1.0, "n": 2}
    assert report["above"][BM25]["R@10"]["mean"] == 0.75
    assert report["above"][DENSE]["nDCG@10"]["mean"] == 0.0
    assert report["refusals"]["AUROC"] == {"mean": 1.0, "low": 1.0, "high": 1.0, "n": 2}
    assert [report["questions"][key]["type"] for key in ("q1", "q3")] == ["extractive", "unanswerable"]


def test_a_question_is_put_to_the_paragraphs_of_its_paper_alone(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert main([str(data), "--out", str(out)]) == 0
    lines = [line.split() for line in (out / "footnote.trec").read_text().splitlines()]
    assert {(query, paragraph) for query, _, paragraph, *_ in lines} == {
        (query, f"p1:{number}") for query in ("q1", "q2", "q3") for number in range(3)
    }
    assert next(line[2] for line in lines if line[0] == "q1") == "p1:1"
    assert (out / "qrels.trec").read_text() == "q1 0 p1:1 1\nq2 0 p1:0 1\nq2 0 p1:2 1\n"
    assert [json.loads(line)["id"] for line in (out / "answers.jsonl").read_text().splitlines()] == ["q1", "q2", "q3"]
    assert json.loads((out / "report.json").read_text())["made"]["papers"] == 2
