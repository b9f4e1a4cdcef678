"""Files that bibliographies name: found in every form, missing, and never on other machines."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from helpers.bibliographies import items
from helpers.reader import failures, read_papers

from rag.ingest.locate import locate
from rag.ingest.read import read_source


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
    "field",
    [
        "file={file://{root}/one.pdf}", "file={:file\\://{root}/one.pdf:PDF}", "local-url={file://localhost{root}/one.pdf}",
        "pdf={one.pdf}", "file={files%2F12/..%2F../one.pdf}", "url={file://{root}/on%65.pdf}", "file={:.\\one.pdf:PDF}",
    ],
)  # fmt: skip
def test_files_are_found_by_file_urls(papers: Path, field: str) -> None:
    (item,) = items(papers, f"@article{{a, title={{Otters}}, {field.replace('{root}', str(papers))}}}")
    assert [file.resolve() for file in item.files] == [papers / "one.pdf"]


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


def test_no_other_machine_is_contacted_for_a_file_url(papers: Path) -> None:
    (item,) = items(papers, "@article{a, title={Otters}, file={file://server/share/a.pdf}}")
    assert (item.files, item.missing) == ((), ("a.pdf",))


def test_files_are_found_in_the_folders_that_jabref_notes(papers: Path) -> None:
    entry = "@article{a, title={Otters}, file = {:Reed - 2020 - Otters.pdf:PDF}}\n"
    assert items(papers, entry)[0].files == ()
    noted = entry + "@comment{jabref-meta: fileDirectory:files/12;}\n@comment{jabref-meta: databaseType:bibtex;}\n"
    assert [file.parent.name for file in items(papers, noted)[0].files] == ["12"]


def test_a_file_outside_the_folder_is_noted_on_its_paper(tmp_path: Path) -> None:
    body = "Otters swim in rivers. " * 20
    (tmp_path / "far").mkdir()
    for name in ("far/linked.txt", "far/noted.txt", "in/near.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"A Title\n\n{body}")
    (tmp_path / "in" / "link.txt").symlink_to(tmp_path / "far" / "linked.txt")
    entry = "@article{a, title={Noted}, file={../far/noted.txt}}\n@article{b, title={Near}, file={near.txt}}"
    (tmp_path / "in" / "refs.bib").write_text(entry)
    for added in ("in", "in/refs.bib"):
        sources = {source.name: source for source in locate([tmp_path / added]).sources}
        (paper,) = read_source(sources["noted.txt"]).papers
        assert paper.notes == ("its file lies outside of the added folder: noted.txt",)
        assert read_source(sources["near.txt"]).papers[0].notes == ()
    (paper,) = read_source({source.name: source for source in locate([tmp_path / "in"]).sources}["linked.txt"]).papers
    assert paper.notes == ("its file lies outside of the added folder: linked.txt",)
    (source,) = locate([tmp_path / "in" / "link.txt"]).sources  # named explicitly
    assert read_source(source).papers[0].notes == ()


def test_many_missing_files_are_one_line(tmp_path: Path) -> None:
    entry = "@article{k%d, title={Entry %d}, abstract={text}, file={lost%d.pdf}}\n"
    (tmp_path / "refs.bib").write_text("".join(entry % (i, i, i) for i in range(500)))
    (failure,) = locate([tmp_path / "refs.bib"]).failures
    assert failure.reason == (
        "500 files that its entries name are missing; first, the file 'lost0.pdf' of 'Entry 0' is missing"
    )


def test_an_entry_needs_an_abstract_or_a_file(papers: Path) -> None:
    reading = read_papers(
        papers,
        "a.bib",
        "@article{a, title={One}, file={:one.pdf:PDF}}\n@article{b, title={Two}, file={:lost.pdf:PDF}}\n"
        "@article{c, title={Three}, abstract={text}, file={:one.pdf:PDF}}\n",
    )
    assert reading.papers == []  # the file is the paper
    reason = "the entry 'b' has no abstract and its file 'lost.pdf' is missing, so there is nothing to search"
    assert failures(reading) == [(2, reason)]


def test_entries_without_text_are_one_line(tmp_path: Path) -> None:
    text = "".join(f"@article{{k{i}, title={{Entry {i}}}, year=1990}}\n" for i in range(3000))
    reason = "3,000 entries have no abstract and no file, so there is nothing to search; the first is 'k0'"
    assert failures(read_papers(tmp_path, "refs.bib", text)) == [(1, reason)]
    text = "".join(f"TY  - JOUR\nTI  - Entry {i}\nER  - \n" for i in range(3000))
    reason = "3,000 records have no abstract and no file, so there is nothing to search; the first is 'Entry 0'"
    assert failures(read_papers(tmp_path, "refs.ris", text)) == [(1, reason)]
