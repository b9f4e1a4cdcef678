"""BibTeX and RIS: entries, broken entries, and the files that they name."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from typing import Any

import pytest
from helpers.papers import CASES

from rag.ingest.locate import locate
from rag.ingest.read import read_source
from rag.reading.bibliography.bibtex import bibtex_items
from rag.reading.bibliography.names import bibtex_names
from rag.reading.formats import read_file
from rag.reading.sources import Item, Reading
from rag.text.tags import untagged
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


def test_a_bibtex_entry_gives_a_paper_with_all_its_metadata(tmp_path: Path) -> None:
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


def test_broken_bibtex_entries_are_named_and_only_cost_themselves(tmp_path: Path) -> None:
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
    assert [p.title for p in reading.papers] == ["One", "Four", "Same key", "Six"]
    reasons = dict(failures(reading))
    assert sorted(reasons) == [2, 4, 8, 9, 10]
    assert reasons[2].startswith("broken entry: Unexpected block start")
    assert reasons[4].startswith("broken entry: Expected comma after entry key")
    assert reasons[8] == "the entry 'f' has no abstract and no file, so there is nothing to search"
    assert reasons[9] == "it has a text but no title"
    assert reasons[10] == "broken entry: Unexpectedly reached end of file."


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
def test_missing_files_are_named_without_their_folder(papers: Path, field: str, missing: list[str]) -> None:
    (item,) = items(papers, f"@article{{a, title={{Otters}}, file = {{{field}}}}}")
    assert list(item.missing) == missing
    assert [file.name for file in item.files] == (["one.pdf"] if "one.pdf" in field else [])


@pytest.mark.parametrize("field", [":../out.pdf:PDF", "{root}/out.pdf", ":{bare}/out.pdf:pdf", ":link.pdf:PDF"])
def test_files_outside_the_folder_count_only_if_allowed(papers: Path, field: str) -> None:
    (papers / "link.pdf").symlink_to(papers.parent / "out.pdf")
    field = field.replace("{root}", str(papers.parent)).replace("{bare}", str(papers.parent).lstrip("/"))
    entry = f"@article{{a, title={{Otters}}, file = {{{field};:one.pdf:PDF}}}}"
    (item,) = items(papers, entry)
    assert [file.resolve() for file in item.files] == [(papers.parent / "out.pdf").resolve(), papers / "one.pdf"]
    (item,) = items(papers, entry, outside=False)
    assert [file.name for file in item.files] == ["one.pdf"]


@pytest.mark.parametrize("field", [r"\\server\share\a.pdf", "//server/share/a.pdf", r":\\\\server/share/a.pdf:PDF"])
def test_no_other_machine_is_contacted_for_a_file(papers: Path, monkeypatch: pytest.MonkeyPatch, field: str) -> None:
    asked: list[str] = []
    isfile = os.path.isfile
    monkeypatch.setattr(os.path, "isfile", lambda path: asked.append(str(path)) or isfile(path))
    (item,) = items(papers, f"@article{{a, title={{Otters}}, file = {{{field}}}}}")
    assert (item.files, item.missing) == ((), ("a.pdf",))
    assert not [name for name in asked if re.search(r"[/\\]{2}server", name)]


def test_files_are_found_in_the_folders_that_jabref_notes(papers: Path) -> None:
    entry = "@article{a, title={Otters}, file = {:Reed - 2020 - Otters.pdf:PDF}}\n"
    assert items(papers, entry)[0].files == ()
    noted = entry + "@comment{jabref-meta: fileDirectory:files/12;}\n@comment{jabref-meta: databaseType:bibtex;}\n"
    assert [file.parent.name for file in items(papers, noted)[0].files] == ["12"]


def test_an_item_has_its_date_and_groups(papers: Path) -> None:
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
    reason = "the entry 'b' has no abstract and its file 'lost.pdf' is missing, so there is nothing to search"
    assert failures(reading) == [(2, reason)]


# RIS


def test_a_ris_record_gives_a_paper_with_all_its_metadata(tmp_path: Path) -> None:
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


def test_broken_ris_records_are_named_and_only_cost_themselves(tmp_path: Path) -> None:
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
        (14, "not a RIS record: a record begins with a line `TY  - `"),
        (17, "the record 'No text' has no abstract and no file, so there is nothing to search"),
        (20, "it has a text but no title"),
    ]


# The forms that programs write


def case(name: str, file: str) -> list[Paper]:
    reading = read_file(CASES / name / file, file)
    assert reading.failures == []
    return reading.papers


def test_braces_protect_letters_and_are_not_symbols() -> None:
    (paper,) = case("01-braced-symbol", "b.bib")
    assert paper.title == "Studies of the Delta Variant in Vivo: SARS and Alpha-Synuclein"
    assert paper.authors == ("Ann Storm",)


def test_pieces_and_macros_of_a_value_are_joined(tmp_path: Path) -> None:
    (paper,) = case("05-bib-concat", "a.bib")
    assert paper.authors == ("Ann Maple", "Tom Birch")
    assert paper.venue == "Proceedings of the Workshop on Kites"
    text = '@string(a = {Rivers, } # "Reeds")\n@STRING{B = a # { #2}}\n@article(x, title = {On } # b # " {#}1", '
    assert only(read(tmp_path, "a.bib", text + "abstract = {text})")).title == "On Rivers, Reeds #2 #1"


def test_names_are_read_in_the_forms_of_bibtex_and_ris(tmp_path: Path) -> None:
    (paper,) = case("06-bib-names", "a.bib")
    assert paper.authors == ("World Office for Reeds, Rushes and Sedges", "Tim Oak, Jr", "Pim van der Berg")
    (paper,) = case("06-bib-names", "b.ris")
    assert paper.authors == ("Tim Oak, Jr.",)
    names = {
        "{\\'E}lan, Zo{\\\"e} AND de la Cruz, Ana and Bo~Reed and et al.": ["Zoë Élan", "Ana de la Cruz", "Bo Reed"],
        "{Barnes and Noble, Inc.} and {The ATLAS Collaboration}": ["Barnes and Noble, Inc.", "The ATLAS Collaboration"],
        "given=Hans, prefix=von, family=Berg and family={Oak Tree}, given=Ida": ["Hans von Berg", "Ida Oak Tree"],
        "Reed, Sam; Moss, Kit": ["Sam Reed", "Kit Moss"],
        "Reed, Sam <i>and</i> R&amp;D Office": ["Sam Reed", "R&D Office"],
    }
    for field, people in names.items():
        assert bibtex_names(field) == people


def test_repeated_keys_and_fields_lose_no_paper() -> None:
    papers = case("07-bib-lost-entries", "a.bib")
    assert [paper.title for paper in papers] == [
        "No Key One", "No Key Two", "Annotated Tides", "Two File Fields", "Key Twin A", "Key Twin B",
    ]  # fmt: skip
    assert [paper.citekey for paper in papers] == [None, None, "d", "f", "t", "t"]
    assert papers[3].tags == ("a", "b")


def test_entries_inherit_fields_and_have_preprint_numbers_anywhere() -> None:
    first, second, third, sorted_, journal, address = case("08-bib-inherit", "a.bib")
    assert (first.year, first.venue) == (2009, "The Whole Book of Crosses")
    assert (second.year, second.venue) == (2008, "Proceedings of X")
    assert third.title == "The Main Title: And What Stands below It"
    assert (sorted_.year, journal.arxiv_id, address.arxiv_id) == (2003, "2102.00002", "2103.00003")


@pytest.mark.parametrize(
    "fields",
    [
        "eprint={2102.00002}", "eprint={arXiv:2102.00002}, archiveprefix={arXiv}",
        "journal={CoRR}, volume={abs/2102.00002}",
        "note={arXiv preprint 2102.00002}", "url={https://arxiv.org/pdf/2102.00002}", "arxivid={2102.00002}",
        "number={arXiv:2102.00002 [cs.CL]}", "doi={10.48550/arXiv.2102.00002}",
        "howpublished={arXiv e-print arXiv:2102.00002}",
    ],
)  # fmt: skip
def test_the_number_of_a_preprint_is_found_in_any_field(tmp_path: Path, fields: str) -> None:
    paper = only(read(tmp_path, "a.bib", f"@misc{{a, title={{One}}, abstract={{text}}, {fields}}}"))
    assert paper.arxiv_id == "2102.00002"


def test_latex_commands_are_printed() -> None:
    (paper,) = case("09-bib-latex", "a.bib")
    assert paper.title == "<5 m of Lutra at 20 °C and 3 μm: prehistoric Cu in “North”"
    assert paper.authors == ("Håkon Đorđević", "Thị Nguyễn")
    assert paper.text.endswith("A film costs £5 or €6 at 30° ± 2° in the north of the river.")


def test_records_lose_tags_and_entities() -> None:
    (paper,) = case("10-markup-in-records", "a.ris")
    assert paper.text == ("Lutra counts & CO2 from kites\n\nCounts of Lutra lutra < 94 were made at 10^3 sites.")
    (paper,) = case("10-markup-in-records", "b.bib")
    assert paper.text == "Counts of Lutra & CO2\n\nCounts of Lutra rose by 3 % in ponds."


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("&amp;lt;i&amp;gt;Lutra&amp;lt;/i&amp;gt; &#x2013; &#160;x", "Lutra – x"),
        ("<jats:title>Abstract</jats:title><jats:p>We<br/>count.</jats:p>", "We\ncount."),
        ("a < b and c > d, <s> tokens, AT&T; f<x>", "a < b and c > d, <s> tokens, AT&T; f<x>"),
        ('<a href="x">link</a> <span class="a" id=b>s</span>', "link s"),
    ],
)
def test_only_known_tags_and_entities_are_removed(text: str, shown: str) -> None:
    assert untagged(text) == shown


def test_the_time_for_tags_is_linear() -> None:
    for hostile in ("<b a=" * 20_000, "<p " + " " * 100_000, "&#38;" * 20_000, "<sup>" * 20_000, "1<sup>" * 20_000):
        start = time.perf_counter()
        untagged(hostile)
        assert time.perf_counter() - start < 2


def test_ris_is_read_in_the_forms_that_programs_write(tmp_path: Path) -> None:
    (paper,) = case("19-ris-forms", "loose.ris")
    assert (paper.title, paper.authors, paper.year) == ("One blank before the hyphen", ("Lou Fern",), 2015)
    for record in (
        "ty  - JOUR\nau  - Fern, Lou\nti  - One\nab  - Frogs walk, as\nwe - and they - say.\ner  -\n",
        "TY  -JOUR\nAU  -Fern, Lou\nT1  -One\nN2  -Frogs walk, as\nwe - and they - say.\nER  -\n",
        "\ufeffTY-JOUR\nAU-Fern, Lou\nST-One\nAB-Frogs walk, as\nwe - and they - say.\nER-\n",
    ):
        paper = only(read(tmp_path, "a.ris", record))
        assert paper.text == "One\n\nFrogs walk, as we - and they - say."
        assert paper.authors == ("Lou Fern",)


def test_a_ris_record_describes_the_file_that_it_names() -> None:
    located = locate([CASES / "19-ris-forms"])
    (source,) = [source for source in located.sources if source.name == "fulltext.txt"]
    (paper,) = read_source(source).papers
    assert (paper.title, paper.authors, paper.year) == (
        "Ladder kites lift more than box kites", ("Nia Berg",), 2021,
    )  # fmt: skip


def test_entries_without_text_are_one_line(tmp_path: Path) -> None:
    text = "".join(f"@article{{k{i}, title={{Entry {i}}}, year=1990}}\n" for i in range(3000))
    reason = "3,000 entries have no abstract and no file, so there is nothing to search; the first is 'k0'"
    assert failures(read(tmp_path, "refs.bib", text)) == [(1, reason)]
    text = "".join(f"TY  - JOUR\nTI  - Entry {i}\nER  - \n" for i in range(3000))
    reason = "3,000 records have no abstract and no file, so there is nothing to search; the first is 'Entry 0'"
    assert failures(read(tmp_path, "refs.ris", text)) == [(1, reason)]


@pytest.mark.parametrize(
    "field",
    [
        "file={file://{root}/one.pdf}", "file={:file\\://{root}/one.pdf:PDF}", "local-url={file://localhost{root}/one.pdf}",
        "pdf={one.pdf}", "file={files%2F12/..%2F../one.pdf}", "url={file://{root}/on%65.pdf}", "file={:.\\one.pdf:PDF}",
    ],
)  # fmt: skip
def test_files_are_found_by_addresses(papers: Path, field: str) -> None:
    (item,) = items(papers, f"@article{{a, title={{Otters}}, {field.replace('{root}', str(papers))}}}")
    assert [file.resolve() for file in item.files] == [papers / "one.pdf"]


def test_no_other_machine_is_contacted_for_an_address(papers: Path) -> None:
    (item,) = items(papers, "@article{a, title={Otters}, file={file://server/share/a.pdf}}")
    assert (item.files, item.missing) == ((), ("a.pdf",))


def test_a_file_outside_the_folder_is_noted_on_its_paper(tmp_path: Path) -> None:
    body = "Otters swim in rivers. " * 20
    (tmp_path / "far").mkdir()
    for name in ("far/linked.txt", "far/said.txt", "in/near.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"A Title\n\n{body}")
    (tmp_path / "in" / "link.txt").symlink_to(tmp_path / "far" / "linked.txt")
    entry = "@article{a, title={Said}, file={../far/said.txt}}\n@article{b, title={Near}, file={near.txt}}"
    (tmp_path / "in" / "refs.bib").write_text(entry)
    for added in ("in", "in/refs.bib"):
        sources = {source.name: source for source in locate([tmp_path / added]).sources}
        (paper,) = read_source(sources["said.txt"]).papers
        assert paper.notes == ("its file lies outside of the added folder: said.txt",)
        assert read_source(sources["near.txt"]).papers[0].notes == ()
    (paper,) = read_source({source.name: source for source in locate([tmp_path / "in"]).sources}["linked.txt"]).papers
    assert paper.notes == ("its file lies outside of the added folder: linked.txt",)
    (source,) = locate([tmp_path / "in" / "link.txt"]).sources  # named itself
    assert read_source(source).papers[0].notes == ()


def test_many_missing_files_are_one_line(tmp_path: Path) -> None:
    entry = "@article{k%d, title={Entry %d}, abstract={text}, file={lost%d.pdf}}\n"
    (tmp_path / "refs.bib").write_text("".join(entry % (i, i, i) for i in range(500)))
    (failure,) = locate([tmp_path / "refs.bib"]).failures
    assert failure.reason == (
        "500 files that its entries name are missing; first, the file 'lost0.pdf' of 'Entry 0' is missing"
    )


@pytest.mark.parametrize("names", ["a and " * 20_000, "}" * 100_000, "{" * 100_000, "family=" * 14_000, "a, " * 30_000])
def test_the_time_for_names_is_linear(names: str) -> None:
    start = time.perf_counter()
    bibtex_names(names)
    assert time.perf_counter() - start < 2
