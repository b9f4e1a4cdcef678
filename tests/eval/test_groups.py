"""Training groups: what is read, what is left out, and that a text which does not answer does not hold the answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from eval.train.data import Data
from eval.train.groups import read_data

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
def data(tmp_path_factory: pytest.TempPathFactory) -> Data:
    """The groups of three invented collections."""
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
    return read_data(folder, tmp_path_factory.mktemp("work"))


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


def test_nothing_of_a_test_claim_s_abstract_is_trained_on(data: Data) -> None:
    seen = " ".join([t.text for g in data.groups for t in g.texts] + [f"{p.sentence} {p.quotes}" for p in data.pairs])
    assert "salt" in seen
    assert "secrets" not in seen


def test_the_sentence_with_the_answer_comes_first_and_no_other_is_the_same(data: Data) -> None:
    groups = [group for group in data.groups if group.answers]
    assert all(group.texts[0] not in group.texts[1:] for group in groups)
    asked = [group for group in groups if group.source == "qasper" and group.question == "How many fences were built?"]
    assert [group.texts[0].text for group in asked] == ["We built 14 fences of willow along the road near Ulm."]


def test_a_conclusion_and_a_rationale_stand_among_others_of_their_abstract(data: Data) -> None:
    groups = {group.source: group for group in data.groups if group.source in ("medical", "claims")}
    assert groups["medical"].texts[0].text == "Otters sleep well in calm water."
    assert groups["claims"].texts[0].text == ABSTRACTS["10"][1][1].strip()
    for source, neighbour in (("medical", "Otters were watched at night."), ("claims", ABSTRACTS["10"][1][0].strip())):
        assert neighbour in [text.text for text in groups[source].texts[1:]]


def test_of_an_unanswerable_question_no_text_answers(data: Data) -> None:
    groups = [group for group in data.groups if "cost" in group.question]
    assert groups
    assert not any(group.answers for group in groups)


def test_what_is_asked_for_was_cut_out_of_the_sentence_that_does_not_state_it(data: Data) -> None:
    groups = [group for group in data.groups if group.source == "cloze"]
    assert groups
    for group in groups:
        assert not set(group.texts[0].text.split()) <= set(group.texts[1].text.split())


def test_the_data_are_the_same_read_back_from_json(data: Data) -> None:
    assert Data.from_lists(json.loads(json.dumps(data))) == data
