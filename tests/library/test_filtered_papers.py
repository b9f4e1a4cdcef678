"""Filters over the papers of a library."""

from __future__ import annotations

from typing import Any

import pytest
from helpers.workspace import (
    Workspace,
)

from rag.errors import (
    AmbiguousPaper,
    UnknownPaper,
)


@pytest.fixture
def filled(workspace: Workspace) -> Workspace:
    rows = [("North", 2001, ["Ada Reed"], ["ice"]), ("South", 2002, ["Bo Lund", "Ada Reed"], ["sand", "Ice"])]
    for title, year, authors, tags in [*rows, ("East", 2001, ["Cy Moor"], [])]:
        entry = {"title": title, "text": f"The river {title}.", "year": year, "authors": authors, "tags": tags}
        workspace.write(f"{title.lower()}.jsonl", entry)
    workspace.write("twins-a.jsonl", ("Summary", "The river in short."))
    workspace.write("twins-b.jsonl", ("Summary", "The river at length."))
    workspace.add()
    return workspace


@pytest.mark.parametrize(
    ("filters", "titles"),
    [
        ({}, "East North South Summary Summary"),
        ({"papers": "north"}, "North"),
        ({"papers": ["North", "EAST"]}, "East North"),
        ({"years": 2001}, "East North"),
        ({"years": [2001, 2002]}, "East North South"),
        ({"authors": "reed"}, "North South"),
        ({"authors": ["Lund", "moor"]}, "East South"),
        ({"sources": "twins"}, "Summary Summary"),
        ({"sources": ["SOUTH.jsonl"]}, "South"),
        ({"tags": "ice"}, "North South"),
        ({"tags": "sand", "authors": "Reed", "years": [2002]}, "South"),
        ({"papers": "North", "years": 2002}, ""),
    ],
)
def test_a_filter_leaves_the_papers_that_fit_it(filled: Workspace, filters: dict[str, Any], titles: str) -> None:
    assert sorted(filled.titles_found("river", **filters)) == titles.split()
    answer = filled.assistant.ask("Which river is it?", **filters)
    assert {passage.title for passage in answer.passages} == set(titles.split())
    assert answer.refused or titles


@pytest.mark.parametrize(
    ("filters", "what"),
    [
        ({"papers": ["North", "West"]}, "the id, title, citekey or file name 'West'"),
        ({"years": 1900}, "the year '1900'"),
        ({"authors": "Reedy"}, "the author 'Reedy'"),
        ({"sources": "west.jsonl"}, "the source 'west.jsonl'"),
        ({"tags": "ic"}, "the tag 'ic'"),
    ],
)
def test_a_filter_that_no_paper_fits_is_an_error_that_names_it(
    filled: Workspace, filters: dict[str, Any], what: str
) -> None:
    with pytest.raises(UnknownPaper, match=what):
        filled.assistant.search("river", **filters)


def test_an_ambiguous_title_lists_the_ids_and_each_of_them_works(filled: Workspace) -> None:
    ids = [paper.id for paper in filled.assistant.papers() if paper.title == "Summary"]
    for ask in (
        lambda: filled.assistant.search("river", papers="summary"),
        lambda: filled.assistant.edit("Summary", year=2000),
        lambda: filled.assistant.remove("Summary"),
    ):
        with pytest.raises(
            AmbiguousPaper,
            match=r"2 papers fit '[sS]ummary'; name one by its id:\n" + "\n".join(f"  {i}  Summary" for i in ids),
        ):
            ask()
    for paper_id in ids:
        assert [p.paper_id for p in filled.assistant.search("river", papers=paper_id)] == [paper_id]
