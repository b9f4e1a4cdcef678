"""Training groups: which data is read or held out, and which sentences are right."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from eval.train.groups import Group, read_groups

ABSTRACTS = {
    "10": (
        "Lenses of Salt",
        ["Lenses of salt are clear.", "A lens of salt holds 40 degrees 12 hours.", "It melts."],
    ),
    "20": (
        "Kilns and Wind",
        ["Kilns need wind.", "The kiln gains 300 degrees in storms of 90 km/h.", "Rain ends it."],
    ),
    "30": ("Judged by a Test", ["This abstract is judged by a test claim.", "It holds 7 secrets of the trade.", "So."]),
}


@pytest.fixture(scope="module")
def groups(tmp_path_factory: pytest.TempPathFactory) -> list[Group]:
    """Return the groups of three invented collections."""
    folder = tmp_path_factory.mktemp("data")
    texts = [
        "Snow fences stop drifts. We built 14 fences of willow along the road near Ulm.",
        "The FENSTER model predicts drifts from wind alone. Its error is 3.5 metres on the NORDWIND dataset.",
        "Sheep rest behind the fences in winter. They eat the willow, which is a pity. Farmers were asked about it.",
    ]
    paragraphs = [{"id": f"p:{i}", "section": "Body", "text": text} for i, text in enumerate(texts)]
    answer = {"type": "extractive", "text": "14 fences", "evidence": [texts[0]]}
    nothing = {"type": "unanswerable", "text": "", "evidence": []}
    asked = [("a", "How many fences were built?", answer), ("b", "What did the fences cost?", nothing)]
    questions = [{"id": k, "question": q, "gold_paper_id": "p", "annotations": [a]} for k, q, a in asked]
    pairs = [_pair("10", "Salt lenses hold heat.", "SUPPORT", 1), _pair("30", "It has secrets.", "SUPPORT", 1)]
    medical = {
        "id": "77",
        "question": "Do otters sleep well?",
        "contexts": ["Otters were watched at night.", "Sleep was scored by two people."],
        "long_answer": "Otters sleep well in calm water.",
        "split": "train_dev",
    }
    _write(folder / "qasper_train" / "train_papers.jsonl", [{"_id": "p", "title": "Fences", "paragraphs": paragraphs}])
    _write(folder / "qasper_train" / "train_questions.jsonl", questions)
    corpus = [{"_id": key, "title": title, "text": " ".join(text)} for key, (title, text) in ABSTRACTS.items()]
    _write(folder / "scifact" / "corpus.jsonl", corpus)
    _write(folder / "scifact" / "claim_pairs_train.jsonl", pairs)
    (folder / "scifact" / "qrels").mkdir()
    (folder / "scifact" / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\n5\t30\t1\n")
    _write(folder / "pubmedqa" / "pqa_labeled.jsonl", [medical, medical | {"id": "88", "split": "test"}])
    return read_groups(folder)


def _pair(key: str, claim: str, label: str, evidence: int) -> dict[str, Any]:
    title, text = ABSTRACTS[key]
    return {
        "claim_id": int(key),
        "claim": claim,
        "doc_id": key,
        "title": title,
        "label": label,
        "abstract_sentences": text,
        "evidence_sentences": [text[evidence]],
    }


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def test_abstracts_of_test_claims_are_not_trained_on(groups: list[Group]) -> None:
    seen = " ".join(passage.text for group in groups for passage in group.passages)
    assert "salt" in seen
    assert "secrets" not in seen


def test_the_evidence_sentence_with_the_answer_is_right(groups: list[Group]) -> None:
    (group,) = [each for each in groups if each.question == "How many fences were built?"]
    assert (group.source, group.answering, group.marked) == ("qasper", 1, True)
    first = group.passages[0]
    right = [sentence for sentence, is_right in zip(first.sentences, first.right, strict=True) if is_right]
    assert right == ["We built 14 fences of willow along the road near Ulm."]
    assert not any(any(passage.right) for passage in group.passages[1:])


def test_the_rationale_of_a_claim_is_right_and_other_abstracts_are_not(groups: list[Group]) -> None:
    (group,) = [each for each in groups if each.source == "claims"]
    right = [s for p in group.passages for s, is_right in zip(p.sentences, p.right, strict=True) if is_right]
    assert right == [ABSTRACTS["10"][1][1]]
    assert {passage.title for passage in group.passages[group.answering :]} <= {"Kilns and Wind", ""}


def test_no_passage_answers_an_unanswerable_question(groups: list[Group]) -> None:
    (group,) = [each for each in groups if "cost" in each.question]
    assert group.answering == 0
    assert len(group.passages) > 1


def test_a_medical_question_has_the_passage_with_the_conclusion_unmarked(groups: list[Group]) -> None:
    (group,) = [each for each in groups if each.source == "medical"]
    assert group.passages[0].sentences[-1] == "Otters sleep well in calm water."
    assert not group.marked
