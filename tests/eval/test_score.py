"""Scoring: bad input fails before anything is computed, and an interrupted run continues."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from helpers.papers import PAPERS, ROOT

from eval import score
from eval.questions import Question, QuestionSetError
from eval.score import evaluate, rank_papers
from rag.assistant import Assistant
from rag.errors import EmptyLibrary
from rag.models.embedder import SentenceEmbedder
from rag.types import Answer

OTTERS, *_ = PAPERS
ASKED = {
    "id": "a",
    "type": "fact",
    "question": "What share of the otters does the kite count?",
    "gold_titles": [OTTERS],
    "answer": "",
    "nuggets": [["94.5%"]],
}


def run_eval(*words: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "eval", *words], capture_output=True, text=True, cwd=cwd, timeout=1200)


@pytest.mark.parametrize("question", ["What does the kite count?", "Who breaks the rules, and how often?"])
def test_papers_rank_as_in_a_search_that_reranks(assistant: Assistant, question: str) -> None:
    searched = [passage.title for passage in assistant.search(question, top_k=200)]
    assert rank_papers(assistant, question) == list(dict.fromkeys(searched))
    (kites,) = (paper.id for paper in assistant.papers() if paper.title == OTTERS)
    assert OTTERS not in rank_papers(assistant, question, without=[kites])


def test_an_interrupted_run_continues_where_it_stopped(
    assistant: Assistant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    questions = [Question(name, "fact", "What does the kite count?", (OTTERS,), "", (("94.5%",),)) for name in "abc"]
    asked: list[int] = []
    really_ask = assistant.ask

    def ask(question: str, **more: Any) -> Answer:
        asked.append(1)
        if len(asked) == 3:
            raise KeyboardInterrupt
        return really_ask(question, **more)

    monkeypatch.setattr(assistant, "ask", ask)
    with pytest.raises(KeyboardInterrupt):
        evaluate(assistant, questions, tmp_path)
    evaluate(assistant, questions, tmp_path)
    rows = [json.loads(line) for line in (tmp_path / "answers.jsonl").read_text().splitlines()]
    assert [row["id"] for row in rows] == ["a", "b", "c"]
    assert len(asked) == 4  # two before the stop, the one that was stopped, and that one again


def test_a_broken_question_file_is_refused_before_anything_is_computed(tmp_path: Path) -> None:
    questions = tmp_path / "own.jsonl"
    questions.write_text('{"id": "a"}\nnonsense\n')
    done = run_eval("--questions", str(questions), "--out", str(tmp_path / "out"))
    assert done.returncode == 1
    assert "line 1" in done.stderr
    assert "line 2" in done.stderr
    assert not (tmp_path / "out").exists()


def test_unknown_titles_are_refused_before_papers_are_embedded(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "own.jsonl").write_text(json.dumps(ASKED | {"gold_titles": ["Moss on Roofs"]}))
    words = ["--questions", str(tmp_path / "own.jsonl"), "--out", str(tmp_path / "out"), "--papers", str(folder)]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(SentenceEmbedder, "encode_texts", lambda *_: pytest.fail("papers were embedded"))
        with pytest.raises(QuestionSetError, match="no paper has the title 'Moss on Roofs'"):
            score.main(words)
    assert not (tmp_path / "out").exists()


def test_a_missing_library_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(EmptyLibrary, match="There is no library in 'nowhere'"):
        score.main(["--library", str(tmp_path / "nowhere"), "--out", str(tmp_path / "out")])
