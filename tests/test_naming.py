"""Users name a paper by id, title, citekey, file name, path, or a part of the title that only one has."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.assistant import Assistant
from rag.errors import AmbiguousPaper, UnknownPaper

BIB = """@article{Brook2001, title = {Counting Otters from Kites}, year = 2001, abstract = {A kite counts otters.}}
@article{brook2001, title = {Counting Otters}, abstract = {Divers count otters.}}
@article{reed1999, title = {Otters in Na{\\"i}ve Reason-Search 100% of the time}, abstract = {It never ends.}}
"""


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    folder = tmp_path_factory.mktemp("assistant")
    (folder / "refs.bib").write_text(BIB)
    (folder / "Tides.txt").write_text("Tidal Clocks for Sensor Networks\n\nThe clocks differ by 1.8 seconds.\n")
    for place in ("a", "b"):
        (folder / place).mkdir()
        (folder / place / "notes.txt").write_text(f"Moss on Roof {place}\n\nMoss grows on 12 roofs.\n")
    with Assistant.open(library=folder / "library", mode="quote") as assistant:
        assistant.add([folder])
        yield assistant


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("counting otters", "Counting Otters"),  # exact, though it is a part of another title too
        ("  COUNTING: Otters ", "Counting Otters"),
        ("from kites", "Counting Otters from Kites"),
        ("Brook2001", "Counting Otters from Kites"),
        ("brook2001", "Counting Otters"),
        ("REED1999", 'Otters in Na{\\"i}ve Reason-Search 100% of the time'),
        ("naïve reason", 'Otters in Na{\\"i}ve Reason-Search 100% of the time'),
        ("search 100%", 'Otters in Na{\\"i}ve Reason-Search 100% of the time'),
        ("Tides.txt", "Tidal Clocks for Sensor Networks"),
        ("tides.TXT", "Tidal Clocks for Sensor Networks"),
        ("sensor", "Tidal Clocks for Sensor Networks"),
    ],
)
def test_a_paper_is_found_by_title_citekey_file_name_or_part_of_its_title(
    assistant: Assistant, name: str, title: str
) -> None:
    paper = assistant.paper(name)
    assert paper.title in (title, title.replace('{\\"i}', "ï"))
    assert assistant.paper(paper.id).id == paper.id
    assert {p.paper_id for p in assistant.search("otters and clocks", papers=name)} == {paper.id}


def test_a_path_names_one_of_several_files_of_the_same_name(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(AmbiguousPaper, match=r"2 papers fit 'notes.txt'"):
        assistant.paper("notes.txt")
    monkeypatch.chdir(assistant.library.folder.parent)
    assert [assistant.paper(f"{place}/notes.txt").title for place in "ab"] == ["Moss on Roof a", "Moss on Roof b"]


@pytest.mark.parametrize("name", ["otters", "refs.bib", "moss ON", "o"])
def test_an_ambiguous_name_lists_the_papers_and_changes_none(assistant: Assistant, name: str) -> None:
    before = assistant.papers()
    for act in (assistant.paper, assistant.remove, lambda name: assistant.edit(name, year=1871)):
        with pytest.raises(AmbiguousPaper, match=r"\d papers fit '.*'; name one by its id:\n  [0-9a-f]{12}  \w+"):
            act(name)
    assert assistant.papers() == before


@pytest.mark.parametrize("name", ["", " ", "...", "100_", "zebras", "Brook", "%", "refs", "\udcff", "a\0b"])
def test_a_name_that_no_paper_has_is_an_error(assistant: Assistant, name: str) -> None:
    with pytest.raises(UnknownPaper, match="footnote list"):
        assistant.remove(name)


def test_at_most_ten_matching_papers_are_listed(tmp_path: Path) -> None:
    rows = [f'{{"title": "River {n}", "text": "It is {n} km long."}}' for n in range(23)]
    (tmp_path / "rivers.jsonl").write_text("\n".join(rows))
    with Assistant.open(library=tmp_path / "library", mode="quote") as assistant:
        assistant.add([tmp_path / "rivers.jsonl"])
        with pytest.raises(AmbiguousPaper) as caught:
            assistant.paper("river")
    lines = str(caught.value).splitlines()
    assert len(lines) == 12
    assert lines[-1] == "  and 13 more"
