"""A removed paper stays removed until its file is named; none of its words stay, and all else does."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from helpers.papers import PAPERS, write_pdf

from rag.assistant import Assistant
from rag.ingest import run as adding
from rag.reports import AddReport
from rag.store.history import NEW_CONVERSATION
from rag.store.redaction import REMOVED, redacted_answer
from rag.types import Answer, Paper

OTTERS, CLOCKS, BIRDS = PAPERS
QUESTION = "How many of the otters does the kite count?"
TIDE = "How much tide does the clock method need?"


def titles(assistant: Assistant) -> list[str]:
    return sorted(paper.title for paper in assistant.papers())


def left_out(report: AddReport) -> list[str]:
    return [each.title for each in report.left_out]


# It does not come back


def renamed(folder: Path) -> None:
    (folder / "kites.txt").rename(folder / "old otters.txt")


def moved_and_changed(folder: Path) -> None:
    (folder / "below").mkdir()
    (folder / "kites.txt").rename(folder / "below" / "kites.txt")
    with (folder / "below" / "kites.txt").open("a") as file:
        file.write("\nIt rains.\n")


def text_changed(folder: Path) -> None:
    (folder / "kites.txt").write_text(f"{OTTERS}\n\nAnother text altogether.\n")


def title_changed(folder: Path) -> None:
    path = folder / "kites.txt"
    path.write_text(path.read_text().replace(OTTERS, "Otters, Counted"))


def copied(folder: Path) -> None:
    (folder / "zz copy.txt").write_bytes((folder / "kites.txt").read_bytes())


def nothing(folder: Path) -> None:
    pass


@pytest.mark.parametrize("change", [nothing, renamed, moved_and_changed, text_changed, title_changed, copied])
def test_adding_its_folder_leaves_out_a_removed_paper_and_reports_it(
    assistant: Assistant, folder: Path, change: Callable[[Path], None]
) -> None:
    assistant.remove(OTTERS)
    change(folder)
    for number in range(3):
        report = assistant.add([folder])
        assert titles(assistant) == sorted([CLOCKS, BIRDS])
        assert set(left_out(report)) == ({""} if number else {"Otters, Counted" if change is title_changed else OTTERS})
        assert len(report.left_out) == (2 if change is copied else 1)
        assert report.added == report.failed == []
    words = "2 papers that you removed were" if change is copied else "1 paper that you removed was"
    assert f"2 unchanged; {words} left out: " in str(report)
    assert str(report).endswith("Add the file by name to bring it back")


def test_adding_its_file_brings_a_removed_paper_back_for_good(assistant: Assistant, folder: Path) -> None:
    assistant.remove(OTTERS)
    assert left_out(assistant.add([folder])) == [OTTERS]
    report = assistant.add([folder / "kites.txt"])
    assert [ref.title for ref in report.added] == [OTTERS]
    report = assistant.add([folder])
    assert (report.left_out, len(report.unchanged)) == ([], 3)


def test_uploading_its_file_brings_a_removed_paper_back(assistant: Assistant, folder: Path) -> None:
    assistant.remove(OTTERS)
    report = assistant.library.add_uploads([("k.txt", folder / "kites.txt")])
    assert [ref.title for ref in report.added] == [OTTERS]
    assistant.add([folder])
    assert {"k.txt", "kites.txt"} == set(assistant.paper(OTTERS).sources)


def test_a_removed_upload_is_left_out_of_a_folder(assistant: Assistant, folder: Path) -> None:
    (folder / "kites.txt").rename(folder.parent / "kites.txt")
    assistant.add([folder])
    assistant.library.add_uploads([("kites.txt", folder.parent / "kites.txt")])
    assistant.remove(OTTERS)
    (folder.parent / "kites.txt").rename(folder / "kites.txt")
    assert left_out(assistant.add([folder])) == [OTTERS]
    assert titles(assistant) == sorted([CLOCKS, BIRDS])


def entries(path: Path, *papers: tuple[str, str]) -> Path:
    path.write_text("\n".join(json.dumps({"title": title, "text": text}) for title, text in papers))
    return path


def test_only_the_removed_entry_of_a_changed_file_is_left_out(assistant: Assistant, tmp_path: Path) -> None:
    (tmp_path / "lists").mkdir()
    path = tmp_path / "lists" / "all.jsonl"
    moss, fern, summary = ("Moss", "Moss grows."), ("Fern", "A fern grows."), ("Summary", "The moss in short.")
    entries(path, moss, fern, summary, ("Summary", "The fern at length."))
    assistant.add([path.parent])
    assistant.remove("Moss")
    assistant.remove(next(p.id for p in assistant.papers() if "in short" in assistant.paper(p.id).text))
    entries(path, moss, ("Fern", "A fern grows higher."), summary, ("Summary", "The fern at great length."))
    report = assistant.add([path.parent])
    assert [ref.title for ref in report.updated] == ["Fern", "Summary"]
    assert (report.added, report.removed, left_out(report)) == ([], [], ["Moss", "Summary"])
    assert "great length" in assistant.paper("Summary").text
    report = assistant.add([path])
    assert sorted(ref.title for ref in report.added) == ["Moss", "Summary"]


def test_another_paper_of_the_same_title_elsewhere_is_not_left_out(assistant: Assistant, tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for folder, text in ((one, "The moss in short."), (other, "The fern at length.")):
        folder.mkdir()
        entries(folder / "a.jsonl", ("Summary", text))
    assistant.add([one])
    assistant.remove("Summary")
    assert [ref.title for ref in assistant.add([other]).added] == ["Summary"]


def test_adding_a_bibliography_by_name_brings_back_everything_in_it(assistant: Assistant, tmp_path: Path) -> None:
    (tmp_path / "bib").mkdir()
    path = tmp_path / "bib" / "all.bib"
    (tmp_path / "bib" / "oak.txt").write_text("Oak Roots\n\nOaks root deep.\n")
    path.write_text(
        "@article{a, title={Moss on Roofs}, abstract={Moss grows on 12 of 40 roofs.}}\n"
        "@article{b, title={Oak Roots}, author={Ann Wood}, file={oak.txt}}\n"
    )
    assistant.add([path.parent])
    for title in ("Moss on Roofs", "Oak Roots"):
        assistant.remove(title)
    assert sorted(left_out(assistant.add([path.parent]))) == ["Moss on Roofs", "Oak Roots"]
    assert sorted(ref.title for ref in assistant.add([path]).added) == ["Moss on Roofs", "Oak Roots"]


# What was kept


def ask(assistant: Assistant, question: str, conversation: int | None = NEW_CONVERSATION, **more: Any) -> Answer:
    return assistant.ask(question, conversation=conversation, **more)


def test_conversations_stay_and_lose_only_the_words_of_the_removed_paper(assistant: Assistant) -> None:
    first = ask(assistant, QUESTION, papers=OTTERS)
    follow = ask(assistant, TIDE, first.conversation, papers=CLOCKS, history=[(QUESTION, first.text), ("Why?", "So.")])
    other = ask(assistant, TIDE)
    assert OTTERS in {passage.title for passage in other.passages}
    assistant.rate(first.number or 0, True, "good")
    assistant.remove(OTTERS)
    assert [each.answers for each in assistant.conversations()] == [1, 2]
    blank, kept, beside = (assistant.saved_answer(answer.number or 0) for answer in (first, follow, other))
    assert (blank.question, blank.feedback and blank.feedback.comment) == (QUESTION, "good")
    assert set(blank.as_answer().text.replace("[", " ").replace("]", " ").split()) <= {REMOVED, "1", "2", "3", "4"} | {
        word for word in blank.as_answer().text.split() if word.isdigit()
    }
    assert {c.quote for c in blank.as_answer().citations} == {c.title for c in blank.as_answer().citations} == {REMOVED}
    assert kept.request["history"][0][0] == QUESTION
    assert REMOVED in kept.request["history"][0][1]
    assert kept.request["history"][1] == ["Why?", "So."]
    assert kept.as_answer().text == follow.text
    assert [c.quote for c in beside.as_answer().citations] == [c.quote for c in other.citations if c.title != OTTERS]
    everything = json.dumps([each.to_dict() for each in (blank, kept, beside)])
    for words in ("94.5", "camera kite", OTTERS, "divers"):
        assert words not in everything.replace(QUESTION, "")


def test_written_answers_lose_the_sentences_that_cite_the_removed_paper(assistant: Assistant) -> None:
    answer = assistant.ask(QUESTION).to_dict()
    one, two = "The kite counts most otters.", "The tide is read."
    answer |= {
        "mode": "llm",
        "text": f"{one} [1] {two} [2]\nNo one knows.",
        "sentences": [
            {"text": one, "citations": [1], "support": "supported"},
            {"text": two, "citations": [2], "support": "partly"},
            {"text": "No one knows.", "citations": [], "support": "unsupported"},
        ],
        "citations": [answer["citations"][0] | {"number": n, "paper_id": name} for n, name in ((1, "a"), (2, "b"))],
        "notes": [
            "None of m:4b's answer could be verified; showing quotes instead. It wrote: The kite.",
            "Quotes are shown, since the passages support nothing of what m wrote: The kite.",
            "m:4b wrote an answer without what the quotes say (94.5%).",
            "m:4b wrote an answer that the passages do not support.",
        ],
    }
    answer["written"] = {name: answer[name] for name in ("text", "sentences", "citations")}
    quote = answer["citations"][0] | {"number": 1}
    answer["quotes"] = {"text": f"{quote['quote']} [1]", "sentences": [{"text": quote["quote"], "citations": [1]}]}
    answer["quotes"]["citations"] = [quote]
    new, gone = redacted_answer(answer, "a", OTTERS)
    assert new["text"] == f"{REMOVED} [1] {two} [2]\nNo one knows."
    assert [s["text"] for s in new["sentences"]] == [REMOVED, two, "No one knows."]
    assert [c["quote"] == REMOVED for c in new["citations"]] == [True, False]
    assert new["notes"] == [
        "None of m:4b's answer could be verified; showing quotes instead.",
        "Quotes are shown, since the passages support nothing of what m wrote.",
        "m:4b wrote an answer without what the quotes say.",
        "m:4b wrote an answer that the passages do not support.",
    ]
    assert new["written"]["text"] == f"{REMOVED} [1] {two} [2]\n{REMOVED}"
    assert new["quotes"]["text"] == f"{REMOVED} [1]"
    assert [c["quote"] for c in new["quotes"]["citations"]] == [REMOVED]
    assert gone == (answer["text"], one)
    assert redacted_answer(answer, "c", "Nothing").answer == answer
    split = answer | {"text": "The kite counts\nmost otters. [1] The tide is read. [2] No one knows."}
    assert "otters" not in redacted_answer(split, "a", OTTERS).answer["text"]


def test_an_answer_in_progress_keeps_no_words_of_a_paper_removed_meanwhile(assistant: Assistant) -> None:
    stream = assistant.stream(QUESTION, papers=OTTERS)
    next(stream)
    assistant.remove(OTTERS)
    *_, answer = stream
    kept = assistant.saved_answer(answer.number or 0)
    assert "94.5" in answer.text
    assert "94.5" not in json.dumps(kept.answer)
    assert REMOVED in kept.answer["text"]


def test_no_word_of_a_removed_paper_stays_in_the_files_of_the_record(assistant: Assistant, folder: Path) -> None:
    (folder / "zebra.txt").write_text("Xylophones for Quaggas\n\nThe quagga plays the xylophone at 93.7 beats.\n")
    assistant.add([folder])
    ask(assistant, "What does the animal play at which beats?", papers="Xylophones for Quaggas")

    def found() -> list[bytes]:
        data = b"".join(path.read_bytes() for path in assistant.library.folder.glob("footnote.sqlite*")).lower()
        return [word for word in (b"quagga", b"xylophon", b"93.7") if word in data]

    assert found() == [b"quagga", b"xylophon", b"93.7"]
    assistant.remove("Xylophones for Quaggas")
    assert found() == []
    for _ in range(2):
        assert len(assistant.add([folder]).left_out) == 1
        assert found() == []


def test_no_word_of_a_paper_whose_file_is_gone_stays_in_the_files_of_the_record(
    assistant: Assistant, folder: Path
) -> None:
    (folder / "zebra.txt").write_text("Xylophones for Quaggas\n\nThe quagga plays the xylophone.\n")
    assistant.add([folder])
    (folder / "zebra.txt").unlink()
    assert len(assistant.add([folder]).removed) == 1
    data = b"".join(path.read_bytes() for path in assistant.library.folder.glob("footnote.sqlite*")).lower()
    assert b"quagga" not in data


# While an `add` runs


def during_embedding(assistant: Assistant, monkeypatch: pytest.MonkeyPatch, act: Callable[[Assistant], None]) -> None:
    """Have another assistant do something once, after papers were read and before they are stored."""
    library = assistant.library
    embedded, done = library.embed, list[bool]()

    def embed(papers: list[Paper]) -> Any:
        result = embedded(papers)
        if not done:
            done.append(True)
            with Assistant.open(library=library.folder, mode="quote") as other:
                act(other)
        return result

    monkeypatch.setattr(library, "embed", embed)


def whole(assistant: Assistant) -> bool:
    assistant.close()
    with sqlite3.connect(assistant.library.folder / "footnote.sqlite") as db:
        sound = db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        sound &= db.execute("PRAGMA foreign_key_check").fetchall() == []
        lost = "SELECT key FROM papers WHERE key NOT IN (SELECT paper FROM entries)"
        sound &= db.execute(lost).fetchall() == []
    db.close()
    return bool(sound)


def test_a_paper_removed_while_its_new_version_is_added_stays_removed(
    assistant: Assistant, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    during_embedding(assistant, monkeypatch, lambda other: other.remove(OTTERS) and None)
    with (folder / "kites.txt").open("a") as file:
        file.write("It is quick.\n")
    (folder / "moss.txt").write_text("Moss on Roofs\n\nMoss grows on 12 of 40 roofs.\n")
    report = assistant.add([folder])
    assert [ref.title for ref in report.added] == ["Moss on Roofs"]
    assert (left_out(report), report.failed, report.updated) == ([OTTERS], [], [])
    assert titles(assistant) == sorted([CLOCKS, BIRDS, "Moss on Roofs"])
    assert whole(assistant)


def test_a_title_corrected_while_a_new_version_is_added_is_not_lost(
    assistant: Assistant, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    during_embedding(assistant, monkeypatch, lambda other: other.edit(OTTERS, title="Otters", year=2001) and None)
    with (folder / "kites.txt").open("a") as file:
        file.write("It is quick.\n")
    assistant.add([folder])
    paper = assistant.paper("Otters")
    assert (paper.year, paper.text[:8], "It is quick." in paper.text) == (2001, "Otters\n\n", True)
    assert whole(assistant)


def test_a_new_version_added_while_a_title_is_corrected_is_not_lost(
    assistant: Assistant, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def add(other: Assistant) -> None:
        with (folder / "kites.txt").open("a") as file:
            file.write("It is quick.\n")
        other.add([folder])

    during_embedding(assistant, monkeypatch, add)
    paper = assistant.edit(OTTERS, title="Otters")
    assert (paper.title, "It is quick." in paper.text) == ("Otters", True)
    assert whole(assistant)


@pytest.mark.parametrize("other_folder", [False, True])
def test_another_add_that_drops_or_stores_the_same_sources_meanwhile_is_no_error(
    assistant: Assistant, folder: Path, monkeypatch: pytest.MonkeyPatch, other_folder: bool
) -> None:
    (folder / "moss.txt").write_text("Moss on Roofs\n\nMoss grows on 12 of 40 roofs.\n")

    def act(other: Assistant) -> None:
        if other_folder:
            aside = (folder / "moss.txt").rename(folder.parent / "moss.txt")
            other.add([folder])
            aside.rename(folder / "moss.txt")
        else:
            other.add([folder])

    during_embedding(assistant, monkeypatch, act)
    assistant.add([folder])
    assert titles(assistant) == sorted([*PAPERS, "Moss on Roofs"])
    assert assistant.paper("Moss on Roofs").sources == ("moss.txt",)
    assert len(assistant.add([folder]).unchanged) == 4
    assert whole(assistant)


def test_a_paper_removed_between_abstract_and_full_text_stays_removed(
    assistant: Assistant, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adding, "MIN_ABSTRACTS_FIRST", 1)
    write_pdf(folder / "moss.pdf", "Moss on the Roofs of Towns", "Moss grows on 12 of 40 roofs.", "It is green. " * 40)
    during_embedding(assistant, monkeypatch, lambda other: None)
    told: list[str] = []

    def remove_it(progress: Any) -> None:
        if progress.stage == "Papers" and not told:
            told.append(assistant.remove("Moss on the Roofs of Towns").id)

    report = assistant.library.add([folder], remove_it)
    assert told
    assert titles(assistant) == sorted(PAPERS)
    assert "Moss on the Roofs of Towns" in left_out(report)
    assert whole(assistant)


def test_a_removal_reads_only_the_answers_that_it_may_concern(assistant: Assistant) -> None:
    """Another answer is not even parsed: it may be damaged."""
    other, shown = assistant.ask(TIDE, papers=[CLOCKS]), assistant.ask(QUESTION)
    later = assistant.ask("How many of them?", history=[(QUESTION, shown.text)])
    alone = assistant.ask("Which birds break the rules?", papers=[BIRDS])
    with assistant.library.records.transaction() as db:
        db.execute("UPDATE answers SET answer = '{' WHERE key IN (?, ?)", (other.number, alone.number))
    assistant.remove(OTTERS)
    assert shown.number
    assert later.number
    for number in (shown.number, later.number):
        assert "kite" not in json.dumps(assistant.saved_answer(number).to_dict()["answer"]["citations"])
    assert REMOVED in assistant.saved_answer(later.number).request["history"][0][1]
