"""Stored spans, corrections and removals."""

from __future__ import annotations

from typing import Any

import pytest
from helpers.workspace import (
    CLOCKS,
    KITES,
    Workspace,
    check_spans,
)

from rag.assistant import Assistant
from rag.errors import (
    SourceError,
    UnknownPaper,
)
from rag.types import Paper


def test_quotes_and_passages_are_spans_of_the_stored_text(assistant: Assistant) -> None:
    answer = assistant.ask("How many of the otters does the kite count?")
    assert not answer.refused
    assert any("94.5%" in citation.quote for citation in answer.citations)
    for citation in answer.citations:
        assert assistant.paper(citation.paper_id).text[citation.start : citation.end] == citation.quote
    for passage in answer.passages:
        assert assistant.paper(passage.paper_id).text[passage.start : passage.end] == passage.text
    for paper in assistant.papers():
        check_spans(assistant, paper.id)


MARKDOWN = (
    "---\ntitle: Otters Seen\nyear: 2001\n---\nAn opening line.\n\n# Method\n\nA kite flies.\n\n# Outcome\n\n{}\n"
)


@pytest.mark.parametrize(
    ("field", "given", "stored"),
    [
        ("title", " Otters,\n Seen ", "Otters, Seen"),
        ("authors", ["Ada Reed", "Bo Lund"], ("Ada Reed", "Bo Lund")),
        ("authors", "Ada Reed", ("Ada Reed",)),
        ("year", 1999, 1999),
        ("year", None, None),
        ("venue", "River Letters", "River Letters"),
        ("doi", "10.1/x", "10.1/x"),
        ("arxiv_id", "2401.00001", "2401.00001"),
        ("citekey", "reed1999", "reed1999"),
        ("tags", ["rivers"], ("rivers",)),
        ("collections", ["field work"], ("field work",)),
    ],
)
def test_a_correction_outlives_a_new_reading_of_the_changed_source(
    workspace: Workspace, field: str, given: Any, stored: Any
) -> None:
    path = workspace.papers / "a.md"
    path.write_text(MARKDOWN.format("Nine of ten are seen."))
    workspace.add()
    before = workspace.assistant.papers()[0]
    assert getattr(workspace.assistant.edit(before.id, **{field: given}), field) == stored
    assert getattr(workspace.open().papers()[0], field) == stored
    path.write_text(MARKDOWN.format("All are seen.").replace("2001", "2002"))
    assert [ref.id for ref in workspace.add().updated] == [before.id]
    paper = workspace.assistant.paper(before.id)
    assert "All are seen." in paper.text
    assert getattr(paper, field) == stored
    assert paper.year == (given if field == "year" else 2002)


@pytest.mark.parametrize("title", ["O", "Otters and How a Kite Made of Paper Counts Them All Along the River"])
def test_a_corrected_title_moves_all_spans_with_it(workspace: Workspace, title: str) -> None:
    def write(outcome: str) -> None:
        (workspace.papers / "a.md").write_text(MARKDOWN.format(outcome))

    def parts(paper: Paper) -> list[tuple[Any, str]]:
        return [(s.title, paper.text[s.start : s.end]) for s in paper.sections]

    write("Nine otters of ten are seen.")
    workspace.add()
    before = check_spans(workspace.assistant, workspace.assistant.papers()[0].id)
    workspace.assistant.edit(before.title, title=title)
    after = check_spans(workspace.assistant, title)
    assert len(parts(before)) >= 2
    assert (after.id, parts(after)) == (before.id, parts(before))
    assert after.text == title + before.text[len(before.title) :]
    passage = workspace.assistant.search("nine seen")[0]
    assert "Nine otters" in passage.text
    assert after.text[passage.start : passage.end] == passage.text
    with pytest.raises(UnknownPaper, match="footnote list"):
        workspace.assistant.paper(before.title)
    assert str(workspace.add()) == "0 added, 1 unchanged"
    write("Of all otters, each one is seen.")
    assert str(workspace.add()) == "0 added, 1 updated"
    again = check_spans(workspace.assistant, title)
    assert (again.id, parts(again)[-1]) == (before.id, (parts(before)[-1][0], "Of all otters, each one is seen."))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"text": "x"}, "'text' cannot be edited; title, authors"),
        ({"title": "  "}, "needs a title"),
        ({"year": "soon"}, "'soon' is not a whole number"),
    ],
)
def test_an_impossible_correction_is_refused_and_changes_nothing(
    workspace: Workspace, changes: dict[str, Any], message: str
) -> None:
    workspace.write("a.jsonl", KITES)
    workspace.add()
    identity = workspace.assistant.library.records.identity
    with pytest.raises(SourceError, match=message):
        workspace.assistant.edit(KITES[0], venue="River Letters", **changes)
    assert workspace.assistant.library.records.identity == identity


@pytest.mark.parametrize("by", ["id", "title"])
def test_a_removed_paper_is_found_no_more_until_it_is_added_again(workspace: Workspace, by: str) -> None:
    workspace.write("a.jsonl", KITES)
    workspace.write("b.jsonl", CLOCKS)
    workspace.add()
    name = workspace.ids()[KITES[0]] if by == "id" else "otters seen FROM kites"
    assert workspace.assistant.remove(name).title == KITES[0]
    assert workspace.titles_found("otters radio") == [CLOCKS[0]]
    assert workspace.assistant.library.records.count() == {"papers": 1, "chunks": 1, "sources": 1}
    with pytest.raises(UnknownPaper):
        workspace.assistant.remove(name)
    workspace.assistant.add([workspace.papers / "a.jsonl"])
    assert workspace.titles_found("otters") == [KITES[0]]
