"""BibTeX and RIS: what entries give, what is broken in them, and the files that they name."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest

from rag.reading.bibliographies import bibtex_items
from rag.reading.readers import read_file
from rag.reading.sources import Item, Reading
from rag.types import Paper


def read(folder: Path, name: str, content: str) -> Reading:
    (folder / name).write_text(content)
    return read_file(folder / name, name)


def only(reading: Reading) -> Paper:
    assert not reading.failures
    (paper,) = reading.papers
    return paper


def failures(reading: Reading) -> list[tuple[int | None, str]]:
    return [(failure.line, failure.reason) for failure in reading.failures]


def items(folder: Path, content: str, **options: Any) -> list[Item]:
    (folder / "a.bib").write_text(content)
    found, broken = bibtex_items(folder / "a.bib", **options)
    assert broken == []
    return found


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    """A folder for a .bib, with some files in and around it."""
    folder = tmp_path / "papers"
    for name in (
        "one.pdf",
        "files/12/Reed - 2020 - Otters.pdf",
        "files/12/page.html",
        "a_b.pdf",
        "Reeds: a study.pdf",
        "x; y.pdf",
        "reeds & moss.pdf",
        "über.pdf",
        "note.png",
        "../out.pdf",
        "../home/reed/mendeley.pdf",
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("content")
    return folder


# BibTeX


def test_a_bibtex_entry_gives_a_paper_with_all_that_it_states(tmp_path: Path) -> None:
    entry = r"""@string{jr = "Journal of Rivers"}
@article{lee2020, title = {The {DNA} of na{\"i}ve {O}tters}, author = {M{\"u}ller, J{\'e}r{\^o}me and Ann Lee},
  year = 2020, journal = jr, doi = {https://doi.org/10.1/x}, eprint = {2001.00001}, archivePrefix = {arXiv},
  keywords = {otters, rivers}, url = {https://x.org/a},
  abstract = {We find 34.0\% more otters in {1, 2}
    rivers, a {\em big} gain.}}"""
    details = only(read(tmp_path, "a.bib", entry))
    assert details.text == "The DNA of naïve Otters\n\nWe find 34.0% more otters in 1, 2 rivers, a big gain."
    assert (details.authors, details.year, details.venue) == (("Jérôme Müller", "Ann Lee"), 2020, "Journal of Rivers")
    assert (details.doi, details.arxiv_id, details.url) == ("10.1/x", "2001.00001", "https://x.org/a")
    assert (details.citekey, details.tags) == ("lee2020", ("otters", "rivers"))


def test_broken_bibtex_entries_are_named_and_cost_no_other(tmp_path: Path) -> None:
    reading = read(
        tmp_path,
        "a.bib",
        "@article{a, title={One}, abstract={text one}}\n"
        "@article{b, title={Never closed, abstract={text two}}\n\n"
        "@article{c title={No comma}, abstract={text three}}\n"
        "@article{d, title={Four}, abstract={text four}}\n"
        "@article{d, title={Same key}, abstract={text five}}\n"
        "@article{e, title={Six}, title={Six again}, abstract={text six}}\n"
        "@article{f, title={No text}}\n"
        "@article{g, abstract={no title}}\n"
        "@article{h, title={Cut off}, abstract={text",
    )
    assert [p.title for p in reading.papers] == ["One", "Four"]
    reasons = dict(failures(reading))
    assert sorted(reasons) == [2, 4, 6, 7, 8, 9, 10]
    assert reasons[2].startswith("a broken entry: Unexpected block start")
    assert reasons[4].startswith("a broken entry: Expected comma after entry key")
    assert reasons[6] == "a broken entry: the key 'd' was used before"
    assert reasons[7] == "a broken entry: Duplicate field keys on entry: 'title'"
    assert reasons[8] == "the entry 'f' has no abstract, so there is nothing to search"
    assert reasons[9] == "it has a text but no title"
    assert reasons[10] == "a broken entry: Unexpectedly reached end of file."


@pytest.mark.parametrize(
    ("field", "names"),
    [
        (":one.pdf:PDF", ["one.pdf"]),
        ("one.pdf", ["one.pdf"]),
        ("one.pdf:PDF", ["one.pdf"]),
        (":./one.pdf:PDF;:files/12/Reed - 2020 - Otters.pdf:PDF", ["one.pdf", "files/12/Reed - 2020 - Otters.pdf"]),
        ("Full Text:files/12/Reed - 2020 - Otters.pdf:application/pdf", ["files/12/Reed - 2020 - Otters.pdf"]),
        ("Reed.pdf:files/12/Reed - 2020 -\n    Otters.pdf:application/pdf", ["files/12/Reed - 2020 - Otters.pdf"]),
        ("{root}/one.pdf;files/12/page.html", ["one.pdf"]),
        ("Snapshot:files/12/page.html:text/html;PDF:one.pdf:application/pdf", ["one.pdf"]),
        ("Snapshot:files/12/page.html:text/html", ["files/12/page.html"]),
        (r":a\_b.pdf:PDF", ["a_b.pdf"]),
        (r":a{\_}b.pdf:pdf", ["a_b.pdf"]),
        (r":reeds \& moss.pdf:PDF", ["reeds & moss.pdf"]),
        (r":Reeds\: a study.pdf:PDF", ["Reeds: a study.pdf"]),
        ("Full Text:Reeds: a study.pdf:application/pdf", ["Reeds: a study.pdf"]),
        (r":x\; y.pdf:PDF", ["x; y.pdf"]),
        (r":{\"u}ber.pdf:pdf", ["über.pdf"]),
        (":{bare}/one.pdf:pdf", ["one.pdf"]),
        (":../out.pdf:PDF", ["../out.pdf"]),
        ("one.pdf;./one.pdf; ;", ["one.pdf"]),
        ("note.png;:note.png:image/png", []),
        ("https://reeds.example/one.pdf", []),
        ("Full Text:https\\://reeds.example/one.pdf:application/pdf", []),
    ],
)
def test_files_are_found_in_every_form_that_programs_write(papers: Path, field: str, names: list[str]) -> None:
    field = field.replace("{root}", str(papers)).replace("{bare}", str(papers).lstrip("/"))
    (item,) = items(papers, f"@article{{a, title={{Otters}}, file = {{{field}}}}}")
    assert [file.resolve() for file in item.files] == [(papers / name).resolve() for name in names]
    assert item.missing == ()


@pytest.mark.parametrize(
    ("field", "missing"),
    [
        (":lost.pdf:PDF", ["lost.pdf"]),
        ("Full Text:files/9/Lost - 2020.pdf:application/pdf;:lost.pdf:PDF", ["Lost - 2020.pdf", "lost.pdf"]),
        (r":C\:\\Users\\reed\\lost.pdf:PDF", ["lost.pdf"]),
        (r"Full Text:C:\Users\reed\lost.pdf:application/pdf", ["lost.pdf"]),
        ("C:/Users/reed/lost.pdf", ["lost.pdf"]),
        (r"\\server\share\lost.pdf", ["lost.pdf"]),
        (r":\\\\server\\share\\lost.pdf:PDF", ["lost.pdf"]),
        (":files/12:PDF", []),
        ("lost.pdf;one.pdf;lost.html", ["lost.pdf"]),
        ("::;:", []),
    ],
)
def test_files_that_are_not_there_are_named_without_their_place(papers: Path, field: str, missing: list[str]) -> None:
    (item,) = items(papers, f"@article{{a, title={{Otters}}, file = {{{field}}}}}")
    assert list(item.missing) == missing
    assert [file.name for file in item.files] == (["one.pdf"] if "one.pdf" in field else [])


@pytest.mark.parametrize("field", [":../out.pdf:PDF", "{root}/out.pdf", ":{bare}/out.pdf:pdf", ":link.pdf:PDF"])
def test_files_outside_the_folder_count_only_where_they_may(papers: Path, field: str) -> None:
    (papers / "link.pdf").symlink_to(papers.parent / "out.pdf")
    field = field.replace("{root}", str(papers.parent)).replace("{bare}", str(papers.parent).lstrip("/"))
    entry = f"@article{{a, title={{Otters}}, file = {{{field};:one.pdf:PDF}}}}"
    (item,) = items(papers, entry)
    assert [file.resolve() for file in item.files] == [(papers.parent / "out.pdf").resolve(), papers / "one.pdf"]
    (item,) = items(papers, entry, outside=False)
    assert [file.name for file in item.files] == ["one.pdf"]


@pytest.mark.parametrize("field", [r"\\server\share\a.pdf", "//server/share/a.pdf", r":\\\\server/share/a.pdf:PDF"])
def test_no_other_machine_is_asked_for_a_file(papers: Path, monkeypatch: pytest.MonkeyPatch, field: str) -> None:
    asked: list[str] = []
    isfile = os.path.isfile
    monkeypatch.setattr(os.path, "isfile", lambda path: asked.append(str(path)) or isfile(path))
    (item,) = items(papers, f"@article{{a, title={{Otters}}, file = {{{field}}}}}")
    assert (item.files, item.missing) == ((), ("a.pdf",))
    assert not [name for name in asked if re.search(r"[/\\]{2}server", name)]


def test_files_are_looked_for_where_jabref_notes_that_they_are(papers: Path) -> None:
    entry = "@article{a, title={Otters}, file = {:Reed - 2020 - Otters.pdf:PDF}}\n"
    assert items(papers, entry)[0].files == ()
    noted = entry + "@comment{jabref-meta: fileDirectory:files/12;}\n@comment{jabref-meta: databaseType:bibtex;}\n"
    assert [file.parent.name for file in items(papers, noted)[0].files] == ["12"]


def test_an_item_says_when_it_came_and_where_it_is_kept(papers: Path) -> None:
    first, second, third = items(
        papers,
        "@article{a, title={One}, groups={Rivers, Reeds}, creationdate={2021-03-04T05:06:07}, abstract={text}}\n\n"
        "@article{b, title={Two}, date-added={2020-01-02 03:04:05 +0000}}\n@article{c, timestamp={soon}}",
    )
    assert (first.key, first.details["collections"], first.added) == ("a", ("Rivers", "Reeds"), "2021-03-04T05:06:07")
    assert (first.title, first.abstract, first.line) == ("One", "text", 1)
    assert (second.abstract, second.added, second.line) == (None, "2020-01-02T03:04:05", 3)
    assert (third.title, third.added, third.details["collections"]) == ("", "", ())


def test_an_entry_needs_an_abstract_or_a_file(papers: Path) -> None:
    reading = read(
        papers,
        "a.bib",
        "@article{a, title={One}, file={:one.pdf:PDF}}\n@article{b, title={Two}, file={:lost.pdf:PDF}}\n"
        "@article{c, title={Three}, abstract={text}, file={:one.pdf:PDF}}\n",
    )
    assert reading.papers == []  # the file is the paper
    reason = "the entry 'b' has no abstract and its file 'lost.pdf' is not there, so there is nothing to search"
    assert failures(reading) == [(2, reason)]


# RIS


def test_a_ris_record_gives_a_paper_with_all_that_it_states(tmp_path: Path) -> None:
    paper = only(
        read(
            tmp_path,
            "a.ris",
            "A Database\n\nTY  - JOUR\nAU  - Müller, Jérôme\nAU  - Lee, Ann\nTI  - Otters\nAB  - We count otters\n"
            "from kites.\nPY  - 2019/02/03/\nJO  - River Journal\nDO  - 10.1/x\nUR  - https://x.org\nKW  - rivers\n"
            "KW  - kites\nID  - lee19\nER  - \n",
        )
    )
    assert paper.text == "Otters\n\nWe count otters from kites."
    assert (paper.authors, paper.year, paper.venue) == (("Jérôme Müller", "Ann Lee"), 2019, "River Journal")
    assert (paper.doi, paper.url, paper.citekey, paper.tags) == (
        "10.1/x",
        "https://x.org",
        "lee19",
        ("rivers", "kites"),
    )


def test_broken_ris_records_are_named_and_cost_no_other(tmp_path: Path) -> None:
    reading = read(
        tmp_path,
        "a.ris",
        "TY  - JOUR\nTI  - One\nAB  - text one\nER  - \n\n"
        "TY  - JOUR\nTI  - Without end\nAB  - text two\n\n"
        "TY  - CHAP\nT1  - Three\nN2  - text three\nER  -\n"
        "TI  - Without beginning\nAB  - text\nER  - \n"
        "TY  - JOUR\nTI  - No text\nER  - \n"
        "TY  - JOUR\nAB  - no title\nER  - \n"
        "TY  - JOUR\nTI  - Last\nAB  - text last",
    )
    assert [p.text for p in reading.papers] == [
        "One\n\ntext one",
        "Without end\n\ntext two",
        "Three\n\ntext three",
        "Last\n\ntext last",
    ]
    assert failures(reading) == [
        (14, "no RIS record: a record begins with a line `TY  - `"),
        (17, "the record 'No text' has no abstract, so there is nothing to search"),
        (20, "it has a text but no title"),
    ]
