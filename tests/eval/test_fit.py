"""Fits refuse too little data and hold out the right data, and the shipped weights name their data."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from helpers.papers import PAPERS, SHARED

from eval.files import digest
from eval.fit import weights as fit
from eval.fit.confidence import Examples, fit_confidence, read_off_topic
from eval.fit.fusion import fit_fusion, rank_candidates
from eval.fit.sentences import fit_sentences, make_choice
from eval.questions import QUESTIONS, Question, QuestionSetError
from rag.answering.evidence import Evidence, gather_evidence
from rag.answering.features import CONFIDENCE_FEATURES, SENTENCE_FEATURES
from rag.answering.reading import READ_CONFIDENCE_FEATURES, READ_SENTENCE_FEATURES
from rag.assistant import Assistant
from rag.filters import Filters
from rag.models.weights import FILE
from rag.retrieval.features import FEATURES, SIMILARITIES
from rag.retrieval.search import SearchResult, search

OTTERS, TIDES, BIRDS = PAPERS
ASKED = {
    "id": "a",
    "type": "fact",
    "question": "What share of the otters does the kite count?",
    "gold_titles": [OTTERS],
    "answer": "",
    "nuggets": [["94.5%"]],
}
SUBSTANCES = [("ethanol", "train"), ("tin", "test"), ("wax", "train")]


def test_the_shipped_weights_name_the_data_that_they_were_made_from() -> None:
    weights = json.loads(FILE.read_text())
    assert weights["data"][QUESTIONS.name] == hashlib.sha256(QUESTIONS.read_bytes()).hexdigest()
    assert list(weights["fusion"]) == list(FEATURES)
    assert list(weights["answers"]) == ["unread", "library", "papers"]
    for name, of in weights["answers"].items():
        read = ([], []) if name == "unread" else (READ_SENTENCE_FEATURES, READ_CONFIDENCE_FEATURES)
        assert of["sentences"]["features"] == [*SENTENCE_FEATURES, *read[0]]
        assert of["confidence"]["features"] == [*CONFIDENCE_FEATURES, *read[1]]


def test_a_fit_without_enough_answerable_questions_is_refused(folder: Path, tmp_path: Path) -> None:
    questions = [ASKED | {"id": f"q{i}", "gold_titles": [], "nuggets": []} for i in range(9)]
    (tmp_path / "own.jsonl").write_text("".join(json.dumps(each) + "\n" for each in questions))
    with pytest.raises(QuestionSetError, match="0 answerable questions to fit on and 0 to report on"):
        fit.main(["--questions", str(tmp_path / "own.jsonl"), "--papers", str(folder)])


def test_the_test_split_of_other_topics_is_held_out(tmp_path: Path) -> None:
    path = tmp_path / "other.jsonl"
    splits = ["test", *["train"] * 6, "test"]
    path.write_text("".join(json.dumps({"question": f"q{i}", "split": s}) + "\n" for i, s in enumerate(splits)))
    assert read_off_topic(path) == (["q1"], ["q0"])
    path.write_text('{"text": "no question"}')
    with pytest.raises(QuestionSetError, match=r"other.jsonl needs a JSON object with `question`"):
        read_off_topic(path)


@pytest.mark.slow
def test_a_fit_names_all_its_data_and_scores_what_it_left_out(folder: Path, tmp_path: Path) -> None:
    asked = {
        OTTERS: [
            "What share of the otters does the kite count?",
            "When does the kite fail?",
            "How do kites find otters?",
        ],
        TIDES: ["How far do clocks differ after 30 days?", "Which tide is needed?", "What do sensors read?"],
        BIRDS: ["How many alarm calls were recorded?", "Who breaks the rules?", "How many rules are confirmed?"],
    }
    nuggets = {OTTERS: ["kite"], TIDES: ["tide", "clocks", "sensor"], BIRDS: ["rules", "calls"]}
    rows = [
        ASKED | {"id": f"q{i}", "question": text, "gold_titles": [title], "nuggets": [nuggets[title]]}
        for i, (title, text) in enumerate((title, text) for title in asked for text in asked[title])
    ]
    off = [{"question": f"What is the boiling point of {name}?", "split": split} for name, split in SUBSTANCES]
    for name, lines in (("own", rows), ("other", off), ("pairs", [])):
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    words = ["--papers", str(folder), "--questions", str(tmp_path / "own.jsonl"), "--out", str(tmp_path / "w.json")]
    files = ["--off-topic", str(tmp_path / "other.jsonl"), "--report", str(tmp_path / "pairs.jsonl")]
    assert fit.main([*words, *files]) == 0
    made = json.loads((tmp_path / "w.json").read_text())
    assert "AUROC off topic" not in made["scores"]["library"]["confidence"]["kept"]  # of these there are none
    assert made["data"] == {
        path.name: digest(path)
        for path in (tmp_path / "own.jsonl", folder, tmp_path / "other.jsonl", tmp_path / "pairs.jsonl")
    }
    kept = made["scores"]["library"]["confidence"]["off topic, kept"]
    assert kept["questions"] == 1
    assert 0 <= kept["refused"] <= 1
    assert kept["AUROC"]["mean"] > 0.5


def test_sections_alone_can_be_fitted_and_all_other_weights_stay(tmp_path: Path) -> None:
    folder = tmp_path / "sectioned"
    folder.mkdir()
    papers, questions = [], []
    for number, name in enumerate(("otter", "kite", "tide", "lens", "kiln")):
        sections = ("Abstract", "Introduction", "Experiments", "Conclusion")
        texts = [f"The {name} {did} on {number + 2} days." for did in ("slept", "sang", "was seen", "was seen again")]
        paragraphs = [{"id": f"{name}:{i}", "section": s, "text": texts[i]} for i, s in enumerate(sections)]
        papers.append({"_id": name, "title": f"Of the {name}", "paragraphs": paragraphs})
        answer = {"type": "extractive", "text": f"{number + 2}", "evidence": [texts[2]]}
        asked = {"id": name, "question": f"When was the {name} seen?", "gold_paper_id": name, "annotations": [answer]}
        questions.append(asked)
    (folder / "a_questions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in questions))
    (folder / "a_papers.jsonl").write_text("".join(json.dumps(row) + "\n" for row in papers))
    words = ["--keep", "--sections", str(folder), "--out", str(tmp_path / "w.json")]
    assert fit.main(words) == 0
    old, made = (json.loads(path.read_text()) for path in (FILE, tmp_path / "w.json"))
    assert made["data"] == old["data"] | {"sectioned": digest(folder)}
    assert made["scores"]["sections"]["questions"] == 5
    assert made["fusion"]["experiments"] > 0 > made["fusion"]["conclusion"]
    for weights in (old, made):
        weights["fusion"] = {name: weights["fusion"][name] for name in SIMILARITIES}
        for name in ("data", "command", "scores"):
            del weights[name]
    assert made == old
    (folder / "a_questions.jsonl").write_text(json.dumps(questions[0]))
    with pytest.raises(QuestionSetError, match="1 papers have questions with evidence"):
        fit.main(words)


def test_the_shipped_weights_name_the_data_outside_too() -> None:
    paths = {path.name: path for path in (*SHARED.glob("data/*/*.jsonl"), *SHARED.glob("data/*"), SHARED / "seeds")}
    if not all(path.exists() for path in paths.values()):
        pytest.skip("needs the collections in ../shared, which are not here")
    weights = json.loads(FILE.read_text())
    named = {name: sha256 for name, sha256 in weights["data"].items() if name != QUESTIONS.name}
    assert {name: digest(paths[name]) for name in named} == named
    given = {Path(word).name for word in weights["command"].split() if word.startswith("../shared/")}
    assert named.keys() == given


def test_a_small_fit_gives_the_same_twice(assistant: Assistant) -> None:
    made = [
        Question("a", "fact", "What share of the otters?", ("Counting Otters from Kites",), "", (("94.5%",),)),
        Question("b", "fact", "How many alarm calls of tits?", ("A Grammar of Bird Alarm Calls",), "", (("2,113",),)),
    ]
    rankings = [rank_candidates(assistant.library, question) for question in made]
    assert fit_fusion(rankings).tolist() == fit_fusion(rankings).tolist()

    def gather(question: str, scope: Filters) -> tuple[SearchResult, Evidence]:
        found = search(assistant.library, question, filters=scope)
        return found, gather_evidence(assistant.library, found)

    choices = [make_choice(question, gather) for question in made]
    assert fit_sentences(choices).coefficients.tolist() == fit_sentences(choices).coefficients.tolist()
    right = np.array([c.evidence.confidence_features for c in choices])
    examples = Examples(np.repeat(["right", "off_topic"], len(right)), np.concatenate([right, right * 0.5]))
    assert fit_confidence(examples).coefficients.tolist() == fit_confidence(examples).coefficients.tolist()
