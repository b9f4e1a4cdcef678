"""Interrupted runs continue where they stopped, unless the code, the settings or the input have changed."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from helpers.papers import PAPERS

from eval import runs
from eval.__main__ import STOPPED
from eval.__main__ import main as run_command
from eval.collections import beir
from eval.questions import QuestionSetError
from eval.runs import add_papers, code_digest, each_once, shown, unfinished
from rag.assistant import Assistant
from rag.models.embedder import SentenceEmbedder


def stopped(out: Path, *made_of: object) -> bool:
    """Start a run and stop it again; return whether it found earlier results."""
    found = []
    with contextlib.suppress(KeyboardInterrupt), unfinished(out, *made_of) as folder:
        found.append((folder / "done").exists())
        (folder / "done").touch()
        raise KeyboardInterrupt
    return found[0]


def test_a_stopped_run_finds_what_it_did_and_a_finished_one_leaves_nothing(tmp_path: Path) -> None:
    assert [stopped(tmp_path, "a", 1), stopped(tmp_path, "a", 1), stopped(tmp_path, "b", 1)] == [False, True, False]
    with unfinished(tmp_path, "b", 1) as folder:
        assert (folder / "done").exists()
    assert list(tmp_path.iterdir()) == []


def test_other_code_or_settings_start_from_scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [stopped(tmp_path), stopped(tmp_path)] == [False, True]
    monkeypatch.setenv("FOOTNOTE_ANSWER__MAX_SENTENCES", "1")
    assert [stopped(tmp_path), stopped(tmp_path)] == [False, True]
    monkeypatch.setattr(runs, "code_digest", lambda: "other")
    assert [stopped(tmp_path), stopped(tmp_path)] == [False, True]


def test_the_digest_of_the_code_is_of_every_module_and_of_the_weights(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    seen = {code_digest([tmp_path])}
    for name in ("a.py", "deep/b.py", "weights.json"):
        (tmp_path / name).write_text("1")
        seen.add(code_digest([tmp_path]))
    (tmp_path / "deep" / "b.py").write_text("2")
    seen.add(code_digest([tmp_path]))
    assert len(seen) == 5
    (tmp_path / "notes.txt").touch()
    assert code_digest([tmp_path]) in seen


def test_rows_are_made_once_and_one_that_was_cut_off_again(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    made: list[str] = []

    def make(name: str) -> dict[str, Any]:
        made.append(name)
        if made == ["a", "b", "c"]:
            raise KeyboardInterrupt
        return {"name": name}

    items = {name: name for name in "abcd"}
    with pytest.raises(KeyboardInterrupt):
        each_once(path, items, make, "names")
    path.write_text(path.read_text()[:-3])  # of b
    rows = [{"name": name} for name in "abcd"]
    assert [each_once(path, items, make, "names") for _ in range(2)] == [rows, rows]
    assert made == ["a", "b", "c", "b", "c", "d"]


def test_a_run_shows_its_progress(
    assistant: Assistant, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(runs, "_PROGRESS_SECONDS", 0.0)
    assert list(shown("ab", "letters")) == ["a", "b"]
    (folder / "moss.txt").write_text("Moss on Roofs\n\nMoss grows on 12 of 40 roofs.\n")
    (folder / "empty.txt").touch()
    add_papers(assistant, [folder])
    printed = capsys.readouterr().err
    assert "letters: 1 of 2\n" in printed
    assert "adding: 1 papers, 1 chunks\n" in printed
    assert "not read: empty.txt: the file is empty" in printed


# A run on a public collection


@pytest.fixture
def collection(tmp_path: Path) -> Path:
    """Return a folder in BEIR's format: three documents, two judged queries."""
    folder = tmp_path / "tiny"
    (folder / "qrels").mkdir(parents=True)
    corpus = [{"_id": f"d{i}", "title": title, "text": text} for i, (title, text) in enumerate(PAPERS.items())]
    queries = [
        {"_id": "q1", "text": "What share of the otters does the kite count?"},
        {"_id": "q2", "text": "Which clocks read the tide?"},
        {"_id": "q3", "text": "Who judged this?"},
    ]
    for name, rows in (("corpus", corpus), ("queries", queries)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    judged = "query-id\tcorpus-id\tscore\nq1\td0\t1\nq2\td2\t1\nq3\td1\t0\n"
    (folder / "qrels" / "test.tsv").write_text(judged)
    return folder


def test_beir_has_an_interval_on_every_figure(collection: Path, tmp_path: Path) -> None:
    assert beir.main([str(collection), "--out", str(tmp_path / "out")]) == 0
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["measures"]["P@1"] == {"mean": 0.5, "low": 0.0, "high": 1.0, "n": 2}
    assert report["measures"]["R@100"] == {"mean": 1.0, "low": 1.0, "high": 1.0, "n": 2}
    assert (report["papers"], report["queries"]) == (3, 2)
    assert {line.split()[0] for line in (tmp_path / "out" / "run.trec").read_text().splitlines()} == {"q1", "q2"}
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["report.json", "run.trec"]


def test_a_query_without_a_result_scores_nothing() -> None:
    qrels = {"q1": {"d0": 1}, "q2": {"d1": 1}}
    assert beir.score_run(qrels, {"q1": {"d0": 1.0}})["P@1"] == {"mean": 0.5, "low": 0.0, "high": 1.0, "n": 2}


def test_a_stopped_beir_keeps_its_papers_and_says_so(
    collection: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["beir", str(collection), "--out", str(tmp_path / "out")]
    embedded: list[int] = []
    encode_texts = SentenceEmbedder.encode_texts

    def encode(self: SentenceEmbedder, texts: Any) -> Any:
        embedded.extend(1 for _ in texts)
        return encode_texts(self, texts)

    def stop(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(SentenceEmbedder, "encode_texts", encode)
        patched.setattr(Assistant, "search", stop)
        assert run_command(command) == STOPPED
    assert "run the same command to continue" in capsys.readouterr().err
    monkeypatch.setattr(SentenceEmbedder, "encode_texts", encode)
    assert run_command(command) == 0
    assert len(embedded) == 3
    assert json.loads((tmp_path / "out" / "report.json").read_text())["seconds"]["add"] is None


def test_a_stopped_add_says_what_is_kept(
    collection: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(SentenceEmbedder, "encode_texts", stop)
    assert run_command(["beir", str(collection), "--out", str(tmp_path / "out")]) == STOPPED
    printed = capsys.readouterr().err
    assert "unfinished-run" in printed
    assert "Add them again" not in printed


@pytest.mark.parametrize(("file", "text"), [("qrels/test.tsv", "query-id\tcorpus-id\tscore\n"), ("queries.jsonl", "")])
def test_a_collection_that_cannot_be_scored_is_refused_before_anything_is_written(
    collection: Path, tmp_path: Path, file: str, text: str
) -> None:
    (collection / file).write_text(text)
    with pytest.raises(QuestionSetError, match=Path(file).name):
        beir.main([str(collection), "--out", str(tmp_path / "out")])
    assert not (tmp_path / "out").exists()
