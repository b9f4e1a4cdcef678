"""Questions on whole papers: how they are read, asked and judged, and how checkouts are compared."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from eval.collections.paper_questions import KINDS, QUESTIONS, PaperQuestion, load_paper_questions, qasper_sources
from eval.collections.paper_scores import FIRST, HEDGED, RIGHT, score
from eval.collections.papers import answers_of, summarise
from eval.files import read_json_lines
from eval.questions import QuestionSetError

OTTERS, KITES = "otters.pdf", "kites.pdf"
LONGEST = 60  # characters of a nugget: a fact or a name, no sentence of a paper


def question(kind: str = "number", *nuggets: str, gold: tuple[str, ...] = (OTTERS,), **changed: Any) -> PaperQuestion:
    values = {"id": "q", "question": "How many?", "collection": "pdfs", "scope": (), "refuse": False} | changed
    return PaperQuestion(kind=kind, gold=frozenset(gold), nuggets=tuple((each,) for each in nuggets), **values)


def answer(*cited: tuple[str, str], refused: bool = False, hedge: str = "", support: str = "quoted") -> dict[str, Any]:
    """Return an answer with sentences that each cite a source."""
    sentences = [{"text": text, "citations": [number], "support": support} for number, (text, _) in enumerate(cited, 1)]
    return {
        "refused": refused,
        "sentences": [*([{"text": hedge, "citations": []}] if hedge else []), *sentences],
        "citations": [{"number": number, "source": source} for number, (_, source) in enumerate(cited, 1)],
        "seconds": {"retrieve": 0.5, "answer": 0.5},
    }


def test_an_answer_is_right_if_sentences_citing_the_gold_paper_contain_each_nugget() -> None:
    asked = question("number", "12", "north coast")
    first, second = ("We saw 12 otters.", OTTERS), ("They live on the north coast.", OTTERS)
    assert score(asked, answer(first, second)) == {RIGHT: 1.0, FIRST: 1.0, HEDGED: 0.0}
    assert score(asked, answer(first))[RIGHT] == 0.0
    assert score(asked, answer(first, (second[0], KITES)))[RIGHT] == 0.0
    assert score(asked, answer(("Kites fly.", KITES), first, second)) == {RIGHT: 1.0, FIRST: 0.0, HEDGED: 0.0}


def test_an_answer_about_two_papers_cites_both() -> None:
    asked = question("two_papers", "12", "94", gold=(OTTERS, KITES))
    assert score(asked, answer(("We saw 12 otters.", OTTERS), ("We saw 94 kites.", KITES)))[RIGHT] == 1.0
    assert score(asked, answer(("We saw 12 otters and 94 kites.", OTTERS)))[RIGHT] == 0.0


def test_a_refusal_or_a_hedge_is_right_where_the_papers_do_not_answer() -> None:
    asked = question("unanswerable", gold=(), refuse=True)
    otters = ("We saw 12 otters.", OTTERS)
    assert score(asked, answer(refused=True)) == {RIGHT: 1.0, HEDGED: 1.0}
    assert score(asked, answer(otters, hedge="The papers may not answer this.")) == {RIGHT: 1.0, HEDGED: 1.0}
    assert score(asked, answer(otters)) == {RIGHT: 0.0, HEDGED: 0.0}
    answerable = question("number", "12")
    assert score(answerable, answer(refused=True)) == {RIGHT: 0.0, FIRST: 0.0, HEDGED: 1.0}
    assert score(answerable, answer(otters, hedge="Perhaps."))[RIGHT] == 1.0


def test_a_list_of_papers_is_right_if_it_names_most_of_them_and_few_others() -> None:
    gold = tuple(f"{number}.pdf" for number in range(4))
    asked = question("which_papers", gold=gold)
    assert score(asked, answer(*((source, source) for source in gold[:3])))[RIGHT] == 1.0
    assert score(asked, answer(*((source, source) for source in gold[:2])))[RIGHT] == 0.0
    others = [(source, source) for source in (*gold, "a.pdf", "b.pdf", "c.pdf")]
    assert score(asked, answer(*others))[RIGHT] == 0.0


def test_a_counted_fact_is_in_the_counted_sentences_or_the_first() -> None:
    asked = question("metadata", "3", gold=())
    assert score(asked, answer(("3 papers are by Holm.", OTTERS))) == {RIGHT: 1.0, HEDGED: 0.0}
    assert score(asked, answer(("Otters are rare.", OTTERS), ("We saw 3.", OTTERS)))[RIGHT] == 0.0
    counted = answer(("2 papers are by Ruiz.", OTTERS), ("3 papers are by Holm.", OTTERS), support="counted")
    assert score(asked, counted)[RIGHT] == 1.0


def test_the_project_s_questions_are_well_formed_and_contain_no_text_of_papers() -> None:
    rows = read_json_lines(QUESTIONS)
    keys = {each for row in rows for each in (*row["papers"], *(gold["paper"] for gold in row["gold"]))}
    questions = load_paper_questions(QUESTIONS, {key: key for key in keys}, ("pdfs", "pairs", "qasper"))
    assert len(questions) == len(rows) >= 120
    assert {each.kind for each in questions} == set(KINDS)
    assert 0.25 < sum(each.part == "kept" for each in questions) / len(questions) < 0.42
    assert max(len(nugget) for each in questions for group in each.nuggets for nugget in group) <= LONGEST


def test_a_broken_question_is_reported(tmp_path: Path) -> None:
    row = {"id": "a", "kind": "number", "collection": "pdfs", "question": "How many?", "papers": [], "refuse": False,
           "gold": [{"paper": "77", "page": 1}], "nuggets": [["12"]]}  # fmt: skip
    path = tmp_path / "papers.jsonl"
    broken = [{"kind": "riddle"}, {"nuggets": [[""]]}, {"refuse": True}, {"gold": [{"paper": "78", "page": 1}]}]
    rows = [row, row, *(row | {"id": str(number)} | each for number, each in enumerate(broken))]
    path.write_text("".join(json.dumps(each) + "\n" for each in rows))
    with pytest.raises(QuestionSetError) as caught:
        load_paper_questions(path, {"77": OTTERS}, ("pdfs",))
    problems = ["is a duplicate", "`kind` is 'riddle'", "`nuggets` is a list", "or `refuse` is true", "key '78'"]
    assert all(problem in line for problem, line in zip(problems, str(caught.value).split("\n"), strict=True))


def test_questions_that_need_another_collection_are_left_out(tmp_path: Path) -> None:
    row = {"id": "a", "kind": "metadata", "collection": "pairs", "question": "Who?", "papers": [], "refuse": False,
           "gold": [], "nuggets": [["Holm"]]}  # fmt: skip
    path = tmp_path / "papers.jsonl"
    path.write_text("".join(json.dumps(row | each) + "\n" for each in ({}, {"id": "b", "collection": "all"})))
    assert [q.id for q in load_paper_questions(path, {}, ("pdfs", "pairs"))] == ["a"]
    with pytest.raises(QuestionSetError, match="no questions on pdfs"):
        load_paper_questions(path, {}, ("pdfs",))


def test_papers_of_qasper_become_pages_with_their_sections(tmp_path: Path) -> None:
    paragraphs = [("Methods ::: Divers", "Divers count."), ("Methods ::: Divers", "Kites <fly>.")]
    row = {"_id": "1", "title": "Otters & Kites", "paragraphs": [{"section": s, "text": t} for s, t in paragraphs]}
    (tmp_path / "dev_papers.jsonl").write_text(json.dumps(row))
    page = qasper_sources(tmp_path, tmp_path / "pages")["1"].read_text()
    assert page.split("\n")[1:5] == [
        "<h1>Otters &amp; Kites</h1>", "<h3>Divers</h3>", "<p>Divers count.</p>", "<p>Kites &lt;fly&gt;.</p>",
    ]  # fmt: skip


STUB = """
from types import SimpleNamespace

class Assistant:
    open = classmethod(lambda cls, **settings: cls())
    __enter__ = lambda self: self
    __exit__ = lambda self, *error: None
    add = lambda self, paths: SimpleNamespace(failed=[])
    papers = lambda self: [SimpleNamespace(id="1", sources=("otters.pdf",))]

    def ask(self, question, papers):
        with open("asked", "a") as file:
            file.write(f"{question} {papers}\\n")
        return SimpleNamespace(to_dict=lambda: {"text": question, "passages": []})
"""


def test_a_question_that_the_same_code_has_answered_is_not_asked_again(tmp_path: Path) -> None:
    checkout, out = tmp_path / "checkout", tmp_path / "out"
    (checkout / "rag").mkdir(parents=True)
    (checkout / "rag" / "__init__.py").touch()
    (checkout / "rag" / "assistant.py").write_text(STUB)
    paper = tmp_path / "otters.pdf"
    paper.touch()
    out.mkdir()
    one, two = question(id="one"), question(id="two", question="Who?", scope=("otters.pdf",))
    assert answers_of(checkout, [one], [paper], out) == {"one": {"text": "How many?", "passages": []}}
    assert list(answers_of(checkout, [one, two], [paper], out)) == ["one", "two"]
    assert (checkout / "asked").read_text() == "How many? None\nWho? ['1']\n"


def test_checkouts_are_compared_question_by_question() -> None:
    asked = [question("number", "12", id=each) for each in "ab"]
    right, wrong = answer(("We saw 12 otters.", OTTERS)), answer(("Kites fly.", KITES))
    rows = {Path("new"): {"a": right, "b": right}, Path("old"): {"a": right, "b": wrong}}
    report = summarise(asked, rows)
    assert report["measures"][RIGHT]["mean"] == 1.0
    assert report["beside"]["old"]["measures"][RIGHT]["mean"] == 0.5
    assert report["beside"]["old"]["above"]["by_kind"]["number"][RIGHT]["mean"] == 0.5
    assert report["seconds"] == 1.0
