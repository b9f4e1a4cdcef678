"""Which paper is which among files that change, move and share entries."""

from __future__ import annotations

import json

import pytest
from helpers.desk import (
    BIRDS,
    CLOCKS,
    KITES,
    Desk,
    Entry,
)


def test_the_same_title_and_text_in_several_files_is_one_paper_with_all_sources(desk: Desk) -> None:
    desk.write("a.jsonl", KITES, KITES)
    desk.write("b.jsonl", KITES, CLOCKS)
    assert str(desk.add()) == "2 added"
    desk.write("c.jsonl", ("OTTERS seen from  kites!", KITES[1]))
    assert str(desk.add()) == "0 added, 2 unchanged"
    assert desk.held() == [(*CLOCKS, ("b.jsonl",)), (*KITES, ("a.jsonl", "b.jsonl", "c.jsonl"))]
    assert desk.assistant.paper(KITES[0]).source == "a.jsonl"


def test_the_same_title_with_another_text_from_another_source_is_another_paper(desk: Desk) -> None:
    first, second = ("Summary", "Of the first year."), ("Summary", "Of the second year.")
    desk.write("a.jsonl", first)
    desk.write("b.jsonl", second)
    assert str(desk.add()) == "2 added"
    assert desk.held() == [(*first, ("a.jsonl",)), (*second, ("b.jsonl",))]


def test_several_papers_of_one_title_in_one_source_stay_apart_through_a_change(desk: Desk) -> None:
    desk.write("a.jsonl", ("Summary", "Of the north."), ("Summary", "Of the south."))
    desk.add()
    ids = {desk.assistant.paper(p.id).text.split()[-1]: p.id for p in desk.assistant.papers()}
    desk.write("a.jsonl", ("Summary", "Of the north."), ("Summary", "Of the deep south."))
    assert str(desk.add()) == "0 added, 1 updated, 1 unchanged"
    assert {desk.assistant.paper(p.id).text.split()[-1]: p.id for p in desk.assistant.papers()} == ids


def test_changed_text_in_the_same_source_is_an_update_that_keeps_the_id(desk: Desk) -> None:
    desk.write("a.jsonl", KITES, CLOCKS)
    desk.add()
    ids = desk.ids()
    assert desk.found("radio") == [CLOCKS[0]]
    desk.write("a.jsonl", KITES, (CLOCKS[0], "Sensors agree by sonar."))
    report = desk.add()
    assert str(report) == "0 added, 1 updated, 1 unchanged"
    assert [tuple(ref) for ref in report.updated] == [(ids[CLOCKS[0]], CLOCKS[0])]
    assert desk.ids() == ids
    assert desk.found("radio") == []
    assert desk.found("sonar") == [CLOCKS[0]]
    assert desk.assistant.library.records.count() == {"papers": 2, "chunks": 2, "sources": 1}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param([KITES], [("Otters from Above", "Another text.")], id="the only paper of its file"),
        pytest.param([KITES, BIRDS], [("Otters from Above", KITES[1]), BIRDS], id="the text is the same"),
        pytest.param([KITES, BIRDS], [(KITES[0].upper(), KITES[1]), BIRDS], id="the title is only spelled otherwise"),
    ],
)
def test_a_new_title_in_the_same_source_is_an_update_that_keeps_the_id(
    desk: Desk, before: list[Entry], after: list[Entry]
) -> None:
    desk.write("a.jsonl", *before)
    desk.add()
    old = desk.ids()[KITES[0]]
    desk.write("a.jsonl", *after)
    assert [ref.id for ref in desk.add().updated] == [old]
    assert desk.held() == sorted((*entry, ("a.jsonl",)) for entry in after)
    assert desk.ids()[after[0][0]] == old


def test_an_entry_that_took_the_place_of_another_is_another_paper(desk: Desk) -> None:
    desk.write("a.jsonl", KITES, BIRDS)
    desk.add()
    desk.assistant.edit(KITES[0], tags=["rivers"])
    desk.write("a.jsonl", CLOCKS, BIRDS)
    assert str(desk.add()) == "1 added, 1 unchanged, 1 removed"
    assert desk.assistant.paper(CLOCKS[0]).tags == ()


def test_an_entry_that_vanished_loses_that_source_and_the_paper_goes_with_the_last(desk: Desk) -> None:
    desk.write("a.jsonl", KITES, BIRDS)
    desk.write("b.jsonl", KITES, CLOCKS)
    desk.add()
    desk.write("a.jsonl", BIRDS)
    assert str(desk.add()) == "0 added, 3 unchanged"
    assert desk.held() == [(*BIRDS, ("a.jsonl",)), (*CLOCKS, ("b.jsonl",)), (*KITES, ("b.jsonl",))]
    desk.write("b.jsonl", CLOCKS)
    report = desk.add()
    assert [ref.title for ref in report.removed] == [KITES[0]]
    assert desk.found("otters") == []
    assert sorted(desk.ids()) == [BIRDS[0], CLOCKS[0]]


@pytest.mark.parametrize(("old", "new"), [("a", "b"), ("b", "a")])
def test_an_entry_that_moved_to_another_file_keeps_its_id(desk: Desk, old: str, new: str) -> None:
    desk.write(f"{old}.jsonl", KITES, CLOCKS)
    desk.write(f"{new}.jsonl", BIRDS)
    desk.add()
    ids = desk.ids()
    desk.write(f"{old}.jsonl", CLOCKS)
    desk.write(f"{new}.jsonl", BIRDS, KITES)
    assert str(desk.add()) == "0 added, 3 unchanged"
    assert desk.ids() == ids
    assert (*KITES, (f"{new}.jsonl",)) in desk.held()


@pytest.mark.parametrize(("changed", "copy"), [("a", "b"), ("b", "a")])
def test_a_copy_of_the_old_version_stays_that_when_the_original_changes(desk: Desk, changed: str, copy: str) -> None:
    old, new = ("Notes", "The first draft."), ("Notes", "The second draft.")
    desk.write(f"{changed}.jsonl", old)
    desk.add()
    desk.write(f"{copy}.jsonl", old)
    desk.write(f"{changed}.jsonl", new)
    desk.add()
    assert desk.held() == [(*old, (f"{copy}.jsonl",)), (*new, (f"{changed}.jsonl",))]


def test_a_shared_paper_is_not_changed_by_one_of_its_sources(desk: Desk) -> None:
    desk.write("a.jsonl", KITES)
    desk.write("b.jsonl", KITES)
    desk.add()
    changed = (KITES[0], "It finds all otters.")
    desk.write("b.jsonl", changed)
    assert str(desk.add()) == "1 added, 1 unchanged"
    assert desk.held() == [(*KITES, ("a.jsonl",)), (*changed, ("b.jsonl",))]


def test_a_renamed_file_or_folder_keeps_its_papers(desk: Desk) -> None:
    desk.write("a.jsonl", KITES, CLOCKS)
    desk.write("old/b.jsonl", BIRDS)
    desk.add()
    ids = desk.ids()
    (desk.papers / "a.jsonl").rename(desk.papers / "z.jsonl")
    (desk.papers / "old").rename(desk.papers / "new")
    assert str(desk.add()) == "0 added, 3 unchanged"
    assert desk.ids() == ids
    assert desk.held() == [(*BIRDS, ("b.jsonl",)), (*CLOCKS, ("z.jsonl",)), (*KITES, ("z.jsonl",))]
    assert desk.assistant.library.records.count()["sources"] == 2


def test_changed_metadata_with_the_same_text_are_taken_over(desk: Desk) -> None:
    desk.write("a.jsonl", {"title": KITES[0], "text": KITES[1], "year": 2019})
    desk.add()
    desk.write("a.jsonl", {"title": KITES[0], "text": KITES[1], "year": 2020, "authors": ["Ada Reed"]})
    assert str(desk.add()) == "0 added, 1 updated"
    paper = desk.assistant.paper(KITES[0])
    assert (paper.year, paper.authors) == (2020, ("Ada Reed",))


def test_a_title_without_text_is_no_paper(desk: Desk) -> None:
    desk.write("a.jsonl", KITES, ("A Title Alone", " "))
    report = desk.add()
    assert (str(report), sorted(desk.ids())) == ("1 added, 1 failed", [KITES[0]])
    assert report.failed[0][:2] == ("a.jsonl", 2)


def test_no_absolute_path_is_shown(desk: Desk) -> None:
    desk.write("a.jsonl", KITES)
    (desk.papers / "empty.txt").touch()
    report = desk.add(desk.papers, desk.root / "missing")
    answer = desk.assistant.ask("Who sees otters from kites?")
    shown = json.dumps([report.failed, [p.to_dict() for p in desk.assistant.papers()], answer.to_dict()])
    assert len(report.failed) == 2
    assert KITES[0] in shown
    assert str(desk.root) not in shown
