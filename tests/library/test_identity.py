"""Which paper is which among files that change, move and share entries."""

from __future__ import annotations

import json

import pytest
from helpers.workspace import (
    BIRDS,
    CLOCKS,
    KITES,
    Entry,
    Workspace,
)


def test_the_same_title_and_text_in_several_files_is_one_paper_with_all_sources(workspace: Workspace) -> None:
    workspace.write("a.jsonl", KITES, KITES)
    workspace.write("b.jsonl", KITES, CLOCKS)
    assert str(workspace.add()) == "2 added"
    workspace.write("c.jsonl", ("OTTERS seen from  kites!", KITES[1]))
    assert str(workspace.add()) == "0 added, 2 unchanged"
    assert workspace.stored() == [(*CLOCKS, ("b.jsonl",)), (*KITES, ("a.jsonl", "b.jsonl", "c.jsonl"))]
    assert workspace.assistant.paper(KITES[0]).source == "a.jsonl"


def test_the_same_title_with_another_text_from_another_source_is_another_paper(workspace: Workspace) -> None:
    first, second = ("Summary", "Of the first year."), ("Summary", "Of the second year.")
    workspace.write("a.jsonl", first)
    workspace.write("b.jsonl", second)
    assert str(workspace.add()) == "2 added"
    assert workspace.stored() == [(*first, ("a.jsonl",)), (*second, ("b.jsonl",))]


def test_several_papers_of_one_title_in_one_source_stay_apart_through_a_change(workspace: Workspace) -> None:
    workspace.write("a.jsonl", ("Summary", "Of the north."), ("Summary", "Of the south."))
    workspace.add()
    ids = {workspace.assistant.paper(p.id).text.split()[-1]: p.id for p in workspace.assistant.papers()}
    workspace.write("a.jsonl", ("Summary", "Of the north."), ("Summary", "Of the deep south."))
    assert str(workspace.add()) == "0 added, 1 updated, 1 unchanged"
    assert {workspace.assistant.paper(p.id).text.split()[-1]: p.id for p in workspace.assistant.papers()} == ids


def test_changed_text_in_the_same_source_is_an_update_that_keeps_the_id(workspace: Workspace) -> None:
    workspace.write("a.jsonl", KITES, CLOCKS)
    workspace.add()
    ids = workspace.ids()
    assert workspace.titles_found("radio") == [CLOCKS[0]]
    workspace.write("a.jsonl", KITES, (CLOCKS[0], "Sensors agree by sonar."))
    report = workspace.add()
    assert str(report) == "0 added, 1 updated, 1 unchanged"
    assert [tuple(ref) for ref in report.updated] == [(ids[CLOCKS[0]], CLOCKS[0])]
    assert workspace.ids() == ids
    assert workspace.titles_found("radio") == []
    assert workspace.titles_found("sonar") == [CLOCKS[0]]
    assert workspace.assistant.library.records.count() == {"papers": 2, "chunks": 2, "sources": 1}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param([KITES], [("Otters from Above", "Another text.")], id="the only paper of its file"),
        pytest.param([KITES, BIRDS], [("Otters from Above", KITES[1]), BIRDS], id="the text is the same"),
        pytest.param([KITES, BIRDS], [(KITES[0].upper(), KITES[1]), BIRDS], id="the title is only spelled otherwise"),
    ],
)
def test_a_new_title_in_the_same_source_is_an_update_that_keeps_the_id(
    workspace: Workspace, before: list[Entry], after: list[Entry]
) -> None:
    workspace.write("a.jsonl", *before)
    workspace.add()
    old = workspace.ids()[KITES[0]]
    workspace.write("a.jsonl", *after)
    assert [ref.id for ref in workspace.add().updated] == [old]
    assert workspace.stored() == sorted((*entry, ("a.jsonl",)) for entry in after)
    assert workspace.ids()[after[0][0]] == old


def test_an_entry_that_took_the_place_of_another_is_another_paper(workspace: Workspace) -> None:
    workspace.write("a.jsonl", KITES, BIRDS)
    workspace.add()
    workspace.assistant.edit(KITES[0], tags=["rivers"])
    workspace.write("a.jsonl", CLOCKS, BIRDS)
    assert str(workspace.add()) == "1 added, 1 unchanged, 1 removed"
    assert workspace.assistant.paper(CLOCKS[0]).tags == ()


def test_an_entry_that_vanished_loses_that_source_and_the_paper_goes_with_the_last(workspace: Workspace) -> None:
    workspace.write("a.jsonl", KITES, BIRDS)
    workspace.write("b.jsonl", KITES, CLOCKS)
    workspace.add()
    workspace.write("a.jsonl", BIRDS)
    assert str(workspace.add()) == "0 added, 3 unchanged"
    assert workspace.stored() == [(*BIRDS, ("a.jsonl",)), (*CLOCKS, ("b.jsonl",)), (*KITES, ("b.jsonl",))]
    workspace.write("b.jsonl", CLOCKS)
    report = workspace.add()
    assert [ref.title for ref in report.removed] == [KITES[0]]
    assert workspace.titles_found("otters") == []
    assert sorted(workspace.ids()) == [BIRDS[0], CLOCKS[0]]


@pytest.mark.parametrize(("old", "new"), [("a", "b"), ("b", "a")])
def test_an_entry_that_moved_to_another_file_keeps_its_id(workspace: Workspace, old: str, new: str) -> None:
    workspace.write(f"{old}.jsonl", KITES, CLOCKS)
    workspace.write(f"{new}.jsonl", BIRDS)
    workspace.add()
    ids = workspace.ids()
    workspace.write(f"{old}.jsonl", CLOCKS)
    workspace.write(f"{new}.jsonl", BIRDS, KITES)
    assert str(workspace.add()) == "0 added, 3 unchanged"
    assert workspace.ids() == ids
    assert (*KITES, (f"{new}.jsonl",)) in workspace.stored()


@pytest.mark.parametrize(("changed", "copy"), [("a", "b"), ("b", "a")])
def test_a_copy_of_the_old_version_stays_that_when_the_original_changes(
    workspace: Workspace, changed: str, copy: str
) -> None:
    old, new = ("Notes", "The first draft."), ("Notes", "The second draft.")
    workspace.write(f"{changed}.jsonl", old)
    workspace.add()
    workspace.write(f"{copy}.jsonl", old)
    workspace.write(f"{changed}.jsonl", new)
    workspace.add()
    assert workspace.stored() == [(*old, (f"{copy}.jsonl",)), (*new, (f"{changed}.jsonl",))]


def test_a_shared_paper_is_not_changed_by_one_of_its_sources(workspace: Workspace) -> None:
    workspace.write("a.jsonl", KITES)
    workspace.write("b.jsonl", KITES)
    workspace.add()
    changed = (KITES[0], "It finds all otters.")
    workspace.write("b.jsonl", changed)
    assert str(workspace.add()) == "1 added, 1 unchanged"
    assert workspace.stored() == [(*KITES, ("a.jsonl",)), (*changed, ("b.jsonl",))]


def test_a_renamed_file_or_folder_keeps_its_papers(workspace: Workspace) -> None:
    workspace.write("a.jsonl", KITES, CLOCKS)
    workspace.write("old/b.jsonl", BIRDS)
    workspace.add()
    ids = workspace.ids()
    (workspace.papers / "a.jsonl").rename(workspace.papers / "z.jsonl")
    (workspace.papers / "old").rename(workspace.papers / "new")
    assert str(workspace.add()) == "0 added, 3 unchanged"
    assert workspace.ids() == ids
    assert workspace.stored() == [(*BIRDS, ("b.jsonl",)), (*CLOCKS, ("z.jsonl",)), (*KITES, ("z.jsonl",))]
    assert workspace.assistant.library.records.count()["sources"] == 2


def test_changed_metadata_with_the_same_text_are_taken_over(workspace: Workspace) -> None:
    workspace.write("a.jsonl", {"title": KITES[0], "text": KITES[1], "year": 2019})
    workspace.add()
    workspace.write("a.jsonl", {"title": KITES[0], "text": KITES[1], "year": 2020, "authors": ["Ada Reed"]})
    assert str(workspace.add()) == "0 added, 1 updated"
    paper = workspace.assistant.paper(KITES[0])
    assert (paper.year, paper.authors) == (2020, ("Ada Reed",))


def test_a_title_without_text_is_no_paper(workspace: Workspace) -> None:
    workspace.write("a.jsonl", KITES, ("A Title Alone", " "))
    report = workspace.add()
    assert (str(report), sorted(workspace.ids())) == ("1 added, 1 failed", [KITES[0]])
    assert report.failed[0][:2] == ("a.jsonl", 2)


def test_no_absolute_path_is_shown(workspace: Workspace) -> None:
    workspace.write("a.jsonl", KITES)
    (workspace.papers / "empty.txt").touch()
    report = workspace.add(workspace.papers, workspace.root / "missing")
    answer = workspace.assistant.ask("Who sees otters from kites?")
    shown = json.dumps([report.failed, [p.to_dict() for p in workspace.assistant.papers()], answer.to_dict()])
    assert len(report.failed) == 2
    assert KITES[0] in shown
    assert str(workspace.root) not in shown
