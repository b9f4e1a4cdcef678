"""Reading and scoring QASPER on an invented folder agree with hand-computed values."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from eval.collections.bm25 import WordSearch
from eval.collections.qasper import OURS, SCOPES, replies_of, summarise
from eval.collections.qasper_papers import Annotation, PaperQuestion, Places, QasperPaper, read_qasper, write_pages
from eval.collections.qasper_scores import Reply, score, score_rankings
from eval.questions import QuestionSetError
from rag.reading.markup.html import read_html
from rag.types import Span

LENS = "The lens is ground from salt."
KILN = "The kiln burns at 900 degrees for two days."
CREW = "Four glaziers took part in the trial."


def annotation(kind: str, text: str, *evidence: str) -> dict[str, Any]:
    return {"type": kind, "text": text, "spans": [text] if kind == "extractive" else [], "evidence": list(evidence)}


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
    """Return a folder in QASPER's format: two papers, three questions about the first."""
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


def test_a_folder_not_in_qaspers_format_is_refused_with_what_is_missing(data: Path) -> None:
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


def test_a_third_of_the_papers_is_held_out_by_a_hash_of_their_id(data: Path) -> None:
    parts = [QasperPaper(str(number), "", (), ()).part for number in range(1000)]
    assert set(parts) == {"open", "kept"}
    assert 280 < parts.count("kept") < 390
    both = [[paper.id for paper in read_qasper(data, part)] for part in ("open", "kept")]
    assert sorted(both[0] + both[1]) == ["p1", "p2"]


def test_a_paper_becomes_one_page_with_its_sections(data: Path, tmp_path: Path) -> None:
    page = write_pages(read_qasper(data), tmp_path / "pages")["p1"]
    paper = read_html(page, page.name).papers[0]
    assert paper.title == "Glass from Salt"
    assert [section.title for section in paper.sections if section.title] == ["Method", "Kiln"]


def test_a_paragraph_is_found_by_its_letters_ignoring_other_characters(data: Path) -> None:
    glass, _ = read_qasper(data)
    text = f"Glass from Salt\n\nMethod\n\n{LENS}\n{KILN.replace(' ', chr(10))}\n\n{CREW}"
    places = Places(glass, text)
    assert len(places) == 3
    kiln = text.index("The\nkiln")
    assert places.touched(Span(0, 5)) == []
    assert places.touched(Span(kiln, kiln + 8)) == ["p1:1"]
    assert places.touched(Span(text.index("salt."), text.index("trial"))) == ["p1:0", "p1:1", "p1:2"]


def test_ranking_scores_are_those_worked_out_by_hand_and_a_missing_question_scores_0(data: Path) -> None:
    questions = read_qasper(data)[0].questions
    second_of_two = (1 / math.log2(3)) / (1 + 1 / math.log2(3))
    assert score_rankings(questions, {"q2": ["p1:1", "p1:0"]}) == {
        "q1": {"nDCG@10": 0.0, "R@10": 0.0, "Success@10": 0.0},
        "q2": {"nDCG@10": pytest.approx(second_of_two), "R@10": 0.5, "Success@10": 1.0},
        "q3": {},
    }


def test_bm25_ranks_paragraphs_of_one_paper_or_of_all() -> None:
    words = WordSearch([("a", "a:0", "snow drifts"), ("a", "a:1", "rain"), ("b", "b:0", "a drift of snow and sand")])
    assert words.ranking("Does snow drift?", 9) == ["a:0", "b:0"]
    assert words.ranking('"Snow" - drift!', 9, "b") == ["b:0"]
    assert words.ranking("?!", 9) == []


def answered(*texts: str, touched: list[list[str]], refused: bool = False, confidence: float = 0.5) -> Reply:
    """Return a reply with a citation for each text, which are far apart in their paper."""
    sentences = [{"text": text, "citations": [number]} for number, text in enumerate(texts, 1)]
    citations = [
        {"number": number, "paper_id": "p", "start": 1000 * number, "end": 1000 * number + len(text), "quote": text}
        for number, text in enumerate(texts, 1)
    ]
    answer = {
        "refused": refused,
        "confidence": confidence,
        "sentences": sentences,
        "citations": citations,
        "seconds": {"retrieve": 0.1, "answer": 0.2},
    }
    ranking = [id_ for ids in touched for id_ in ids]
    return Reply(answer, ranking=ranking, first=ranking, quoted=touched)


def test_a_quote_is_in_evidence_by_its_place_and_that_of_the_first_sentence_counts_apart(data: Path) -> None:
    questions = read_qasper(data)[0].questions
    scores = score(questions, {"q1": answered(CREW, KILN, touched=[["p1:2"], ["p1:1"]])})["q1"]
    assert (scores["quote in evidence"], scores["first quote in evidence"]) == (1.0, 0.0)
    assert (scores["R@10 passages"], scores["sentences"]) == (1.0, 2.0)
    assert score(questions, {})["q1"] == {
        "nDCG@10": 0.0,
        "R@10": 0.0,
        "Success@10": 0.0,
        "R@10 passages": 0.0,
        "quote in evidence": 0.0,
        "first quote in evidence": 0.0,
        "answer F1": 0.0,
        "sentences": 0.0,
        "all spans quoted": 0.0,
        "falsely refused": 1.0,
        "falsely doubted": 1.0,
    }


def test_all_spans_are_quoted_if_the_quotes_contain_those_of_one_annotation_as_whole_words() -> None:
    both = Annotation("extractive", "900 degrees, salt", ("900 degrees", "Salt"))
    other = Annotation("extractive", "sand", ("sand",))

    def quoted(*texts: str) -> float:
        question = PaperQuestion("q", "How?", (both, other), frozenset())
        return score([question], {"q": answered(*texts, touched=[[] for _ in texts])})["q"]["all spans quoted"]

    assert quoted("It burns at 900\ndegrees.", "Of salt.") == 1.0
    assert quoted("It burns at 900 degrees.", "Of saltpetre.") == 0.0
    assert quoted("It burns at 900", "degrees of salt.") == 0.0
    assert quoted("Of sand.") == 1.0


def test_answer_f1_is_that_of_the_annotation_matched_best() -> None:
    annotations = (Annotation("boolean", "Yes"), Annotation("abstractive", "the old glaziers of Zell"))
    question = PaperQuestion("q", "Who?", annotations, frozenset())

    def f1(text: str) -> float:
        return score([question], {"q": answered(text, touched=[[]])})["q"]["answer F1"]

    assert f1("The glaziers.") == pytest.approx(2 * 1 / (1 + 4))
    assert f1("Yes!") == 1.0


def test_a_refusal_or_a_warning_is_right_where_all_annotators_call_it_unanswerable(data: Path) -> None:
    questions = read_qasper(data)[0].questions
    refusal = answered(touched=[], refused=True)
    warned = answered(KILN, touched=[["p1:1"]])
    warned.answer["sentences"].insert(0, {"text": "The papers may not answer this.", "citations": []})
    for reply, refused in ((refusal, 1.0), (warned, 0.0)):
        scores = score(questions, dict.fromkeys(("q1", "q2", "q3"), reply))
        assert (scores["q1"]["falsely refused"], scores["q1"]["falsely doubted"]) == (refused, 1.0)
        assert "falsely doubted" not in scores["q2"]  # the annotators disagree
        assert (scores["q3"]["refused rightly"], scores["q3"]["doubted rightly"]) == (refused, 1.0)
    assert score(questions, {"q3": refusal})["q3"]["answer F1"] == 1.0
    assert score(questions, {})["q3"]["doubted rightly"] == 0.0


def test_the_report_compares_the_program_with_another_and_bm25_by_question(data: Path) -> None:
    good, poor = answered(KILN, touched=[["p1:1"]], confidence=0.9), answered(CREW, touched=[["p1:2"]], confidence=0.2)
    ours, before = (
        {key: given[i] for key, given in {"q1": (good, poor), "q2": (poor, poor), "q3": (poor, good)}.items()}
        for i in (0, 1)
    )
    replies = {Path("."): dict.fromkeys(SCOPES, ours), Path("before"): dict.fromkeys(SCOPES, before)}
    report = summarise(read_qasper(data), replies)
    paper = report["scopes"]["paper"]
    assert paper["programs"][OURS]["measures"]["R@10"] == {"mean": 0.75, "low": 0.5, "high": 1.0, "n": 2}
    assert paper["programs"][OURS]["refusals"]["AUROC"]["mean"] == 1.0
    assert paper["programs"][OURS]["by_type"]["extractive"]["quote in evidence"]["mean"] == 1.0
    assert paper["above"]["before"]["R@10"]["mean"] == 0.5
    assert paper["above"]["before"]["AUROC"]["mean"] == 1.0
    assert set(paper["above"]["BM25"]) == {"nDCG@10", "R@10", "Success@10"}
    assert report["questions"]["library q1"]["type"] == "extractive"
    assert report["questions"]["paper q3"]["confidence"] == 0.2


STUB = """
from types import SimpleNamespace

class Paper(SimpleNamespace):
    sources = property(lambda self: [self.source])

class Assistant:
    open = classmethod(lambda cls, **settings: cls())
    __enter__ = lambda self: self
    __exit__ = lambda self, *error: None
    paper = lambda self, id: next(each for each in self.papers() if each.id == id)
    papers = lambda self: self._papers

    def add(self, paths):
        self._papers = [
            Paper(id=str(number), source=path.split("/")[-1], text=open(path).read())
            for number, path in enumerate(paths)
        ]
        return SimpleNamespace(failed=[])

    def ask(self, question, papers):
        with open("asked", "a") as file:
            file.write(f"{question} {papers}\\n")
        passages = [
            {"paper_id": paper.id, "start": 0, "end": len(paper.text), "text": paper.text}
            for paper in self.papers() if papers is None or paper.id in papers
        ]
        answer = {"refused": False, "confidence": 0.5, "sentences": [], "citations": [], "passages": passages,
                  "seconds": {"answer": 0.1}}
        return SimpleNamespace(to_dict=lambda: answer)
"""


def test_a_question_is_asked_of_its_paper_and_with_its_title_of_the_library_and_only_once(
    data: Path, tmp_path: Path
) -> None:
    checkout = tmp_path / "checkout"
    (checkout / "rag").mkdir(parents=True)
    (checkout / "rag" / "__init__.py").touch()
    (checkout / "rag" / "assistant.py").write_text(STUB)
    papers = read_qasper(data)
    pages = write_pages(papers, tmp_path / "pages")
    replies = replies_of(checkout, papers, pages, tmp_path)
    assert replies["paper"]["q1"].ranking == ["p1:0", "p1:1", "p1:2"]
    assert replies["library"]["q1"].first == ["p1:0", "p1:1", "p1:2", "p2:0"]
    assert replies["paper"]["q1"].answer["passages"][0]["text"] == ""
    asked_first = (checkout / "asked").read_text()
    assert asked_first.startswith("How hot is the kiln? ['0']\n")
    assert "Glass from Salt: Which river is near? None\n" in asked_first
    assert replies_of(checkout, papers, pages, tmp_path) == replies
    assert (checkout / "asked").read_text() == asked_first
    report = summarise(papers, {checkout: replies})
    assert set(report["scopes"]) == set(SCOPES)
