"""A plain text is one paper; a page of titles and abstracts is several."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.reader import failures, read, read_papers

from rag.reading.formats import read_file
from rag.text.readable import folded

HEADER = "new\n\nGet trending papers in your email inbox!\n\nSubscribe\n\nby someone and friends\n\nMar 3\n\n"
TITLES = [f"Counting {animal} From Camera Kites Over Rivers" for animal in ("Otters", "Beavers", "Herons", "Newts")]
ABSTRACTS = [f"We count {n} animals in café number {n} by the river. " * 9 + "They rest." for n in range(4)]
ENTRIES = "\n\n".join(block for pair in zip(TITLES, ABSTRACTS, strict=True) for block in pair)


def test_a_text_is_a_title_and_its_paragraphs(tmp_path: Path) -> None:
    paper = read(tmp_path, "a.txt", "A Title\n\nOne is here.\n \n\nTwo is\nthere.\n")
    assert (paper.title, paper.text, paper.sections) == ("A Title", "A Title\n\nOne is here.\n\nTwo is\nthere.", ())


def test_a_single_paragraph_has_the_file_s_name_as_title(tmp_path: Path) -> None:
    paper = read(tmp_path, "river_notes.txt", "Otters swim. They rest at noon.")
    assert (paper.title, paper.text) == ("river notes", "river notes\n\nOtters swim. They rest at noon.")


def test_each_pair_of_blocks_on_a_page_is_a_paper(tmp_path: Path) -> None:
    reading = read_papers(tmp_path, "page.txt", HEADER + ENTRIES)
    assert [(p.title, p.text) for p in reading.papers] == [
        (t, f"{t}\n\n{a}") for t, a in zip(TITLES, ABSTRACTS, strict=True)
    ]
    assert not reading.failures


@pytest.mark.parametrize("lines", [1, 2, 3, 4, 5])
def test_a_page_that_lost_its_header_is_read_and_reported(tmp_path: Path, lines: int) -> None:
    rest = "\n\n".join((HEADER + ENTRIES).split("\n\n")[lines:])
    reading = read_papers(tmp_path, "page.txt", rest)
    assert [p.title for p in reading.papers] == TITLES
    reason = "the page's header of five blocks is incomplete; its titles and abstracts were read anyway"
    assert failures(reading) == [(1, reason)]


def test_a_page_that_begins_in_an_abstract_keeps_titles_and_abstracts_together(tmp_path: Path) -> None:
    reading = read_papers(tmp_path, "page.txt", ENTRIES[len(TITLES[0]) + 30 :])
    assert [(p.title, p.text) for p in reading.papers] == [
        (t, f"{t}\n\n{a}") for t, a in zip(TITLES[1:], ABSTRACTS[1:], strict=True)
    ]
    assert [line for line, _ in failures(reading)] == [1, 1]
    assert failures(reading)[1][1].endswith("has no title")


@pytest.mark.parametrize("kept", [3, 60, 310], ids=["in its first word", "in its second sentence", "in the middle"])
@pytest.mark.parametrize("header", [HEADER, ""], ids=["with header", "without"])
def test_a_page_cut_off_in_an_abstract_loses_only_that_paper(tmp_path: Path, header: str, kept: int) -> None:
    whole = header + ENTRIES
    reading = read_papers(tmp_path, "page.txt", whole[: whole.index(ABSTRACTS[3]) + kept])
    assert [p.title for p in reading.papers] == TITLES[:3]
    line = 25 if header else 15
    assert failures(reading)[-1] == (line, f"the page ends in the middle of the abstract of {TITLES[3]!r}")


def test_a_page_cut_off_within_a_character_keeps_its_other_characters(tmp_path: Path) -> None:
    raw = (HEADER + ENTRIES).encode()
    reading = read_papers(tmp_path, "page.txt", raw[: raw.rindex("é".encode()) + 1])
    assert [p.text for p in reading.papers] == [f"{t}\n\n{a}" for t, a in zip(TITLES[:3], ABSTRACTS[:3], strict=True)]
    assert failures(reading) == [(25, f"the page ends in the middle of the abstract of {TITLES[3]!r}")]


@pytest.mark.parametrize("title", ["A", "A Title About Newts"])
def test_a_page_cut_off_after_a_title_names_it(tmp_path: Path, title: str) -> None:
    reading = read_papers(tmp_path, "page.txt", f"{HEADER}{ENTRIES}\n\n{title}")
    assert len(reading.papers) == 4
    assert failures(reading) == [(27, f"the page ends after the title {title!r}, before its abstract")]


def test_a_title_without_a_text_does_not_shift_the_entries_after_it(tmp_path: Path) -> None:
    reading = read_papers(tmp_path, "page.txt", HEADER + ENTRIES.replace(ABSTRACTS[1] + "\n\n", ""))
    assert [p.title for p in reading.papers] == [TITLES[0], TITLES[2], TITLES[3]]
    assert failures(reading) == [(15, f"the title {TITLES[1]!r} has no text")]


def test_a_text_with_short_and_long_paragraphs_is_not_a_page(tmp_path: Path) -> None:
    text = "\n\n".join(["Introduction", "We count otters on the river. " * 20] * 4)
    assert read(tmp_path, "a.txt", text).title == "Introduction"


def test_the_five_pages_hold_402_entries_and_341_papers(seeds: Path) -> None:
    readings = [read_file(path, path.name) for path in sorted(seeds.glob("*.txt"))]
    papers = [paper for reading in readings for paper in reading.papers]
    assert [len(reading.papers) for reading in readings] == [78, 81, 71, 92, 80]
    assert not any(reading.failures for reading in readings)
    assert (len(papers), len({(folded(p.title), p.text) for p in papers})) == (402, 341)
    assert all(paper.text.startswith(paper.title + "\n\n") for paper in papers)


def test_a_real_page_cut_off_anywhere_loses_at_most_one_paper(tmp_path: Path, seeds: Path) -> None:
    raw = (seeds / sorted(p.name for p in seeds.iterdir())[3]).read_bytes()
    whole = read_papers(tmp_path, "whole.txt", raw).papers
    for size in range(400, len(raw), 7919):
        papers = read_papers(tmp_path, "cut.txt", raw[:size]).papers
        entries = len(raw[:size].strip().split(b"\n\n")) - 5
        assert papers[: entries // 2 - 1] == whole[: entries // 2 - 1]
        assert entries // 2 - 1 <= len(papers) <= (entries + 1) // 2


def test_ligatures_become_the_letters_that_people_search_for(tmp_path: Path) -> None:
    paper = read(tmp_path, "a.txt", "Of\ufb01ces\n\nThe of\ufb01ce has a \ufb02ag.")
    assert paper.text == "Offices\n\nThe office has a flag."
