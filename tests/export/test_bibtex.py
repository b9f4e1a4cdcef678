"""Export to BibTeX: entries that are read back unchanged, names, keys, and hostile fields."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from helpers.cited import ADA, BO, paper

from eval.questions import SAMPLE
from rag.export.bibtex import bibtex, cite_keys
from rag.reading.bibliography.bibtex import bibtex_items
from rag.reading.formats import read_file
from rag.text.readable import latex, readable


def read_back(text: str, folder: Path) -> list[dict[str, Any]]:
    (folder / "made.bib").write_text(text, encoding="utf-8")
    items, failures = bibtex_items(folder / "made.bib")
    assert failures == []
    return [{"title": item.title, **item.details} for item in items]


def test_an_exported_bibliography_is_read_back_unchanged(tmp_path: Path) -> None:
    papers = [each for path in sorted(SAMPLE.glob("*.md")) for each in read_file(path, path.name).papers]
    papers += [
        paper(
            "Naïve $\\alpha$-β Mixing of 50% R&D_1 #2: p<0.05 → ∞ for Łukasz “et” al. — or {not}",
            authors=(ADA, BO, "José Núñez Jr.", "The ATLAS Collaboration", "Ångström Ødegård-Şahin"),
            venue="Journal of Rivers & Kites", doi="10.1000/a_b(1)%3c2", citekey="brook", url="https://x.org/?a_b=1#c",
        ),
        paper(venue="Proceedings of the 3rd Kite Meeting", authors=("Brook, Ada",)),
        paper(arxiv_id="2101.00001v2", venue="arXiv preprint"),
    ]  # fmt: skip
    papers = [replace(each, id=f"p{number}") for number, each in enumerate(papers)]
    keys = cite_keys(papers)
    back = read_back(bibtex(papers), tmp_path)
    assert len(back) == len(papers) == 87
    for before, after in zip(papers, back, strict=True):
        wanted = readable(before.title).translate({ord(c): None for c in "{}"} | {ord(c): '"' for c in "“”"})
        assert after["title"] == wanted.replace("—", "–")
        assert after["citekey"] == keys[before.id]
        assert after["year"] == before.year
    *_, article, meeting, preprint = back
    assert article["authors"] == papers[-3].authors
    assert (article["venue"], article["doi"]) == (papers[-3].venue, papers[-3].doi)
    assert (article["url"], article["citekey"]) == (papers[-3].url, "brook")
    assert (meeting["venue"], meeting["authors"]) == ("Proceedings of the 3rd Kite Meeting", (ADA,))
    assert (preprint["venue"], preprint["arxiv_id"]) == (None, "2101.00001v2")


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({"venue": "Nature"}, "article"),
        ({"venue": "NeurIPS 2024"}, "inproceedings"),
        ({"venue": "CoRR abs/2101.1", "arxiv_id": "2101.00001"}, "misc"),
        ({}, "misc"),
    ],
)
def test_the_venue_sets_the_type_of_an_entry(more: dict[str, Any], kind: str) -> None:
    assert bibtex([paper(**more)]).startswith(f"@{kind}{{brook2001counting,\n")


def test_uncertain_identifiers_are_left_out() -> None:
    guessed = paper(doi="10.1000/x", arxiv_id="2101.00001", certainty=(("doi", 0.4), ("arxiv_id", 0.95)))
    assert "doi" not in bibtex([guessed])
    assert "eprint = {2101.00001}," in bibtex([guessed])


def test_a_hostile_field_does_not_break_an_entry(tmp_path: Path) -> None:
    bad = "}}, year = {1} } @article{evil, title = {\\input{/etc/passwd} \\write18{rm}\n@string{a=b}"
    hostile = paper(bad, authors=(bad, "others"), venue=bad, doi=f"10.1000/{bad}", arxiv_id=bad, url=f"https://x/{bad}")
    text = bibtex([replace(hostile, citekey=bad), paper(id="a2")])
    first, second = read_back(text, tmp_path)
    assert (first["year"], second["title"]) == (2001, "Counting Otters from Kites")
    assert not re.search(r"\\(?:input|write18)", text)
    assert (first["doi"], first["arxiv_id"]) == (None, None)


def test_bibtex_finds_the_surname_in_every_name() -> None:
    names = (BO, "José Núñez Jr.", "Rock and Water Group", "Brook, Ada", "bell hooks", "Élan")
    assert (
        "author = {Bo van der Reed and Jos{\\'e} {N{\\'u}{\\~n}ez Jr.} and {Rock and Water Group} and Brook, Ada and "
        "bell hooks and {\\'E}lan}"
    ) in bibtex([paper(authors=names)])
    assert "title = {{GravMAD} and {RL} for a Tale of Otters}" in bibtex([paper("GravMAD and RL for a Tale of Otters")])


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ({}, "brook2001counting"),
        ({"authors": (BO,)}, "vanderreed2001counting"),
        ({"authors": ("Þór Łoś-Müßig",), "year": None}, "losmussigcounting"),
        ({"authors": (), "title": "On RL"}, "2001rl"),
        ({"authors": ("Jae Lee",), "year": 2024, "title": "GravMAD: Maps"}, "lee2024gravmad"),
        ({"title": "The 2 Art of War"}, "brook2001art"),
        ({"title": "What Is It?"}, "brook2001it"),
        ({"title": "水獭"}, "brook2001"),
        ({"authors": ("王",), "title": "水獭", "year": None}, "paper"),
        ({"citekey": "Brook:2001 {x},~"}, "Brook:2001x"),
    ],
)
def test_a_key_is_made_of_surname_year_and_word(more: dict[str, Any], key: str) -> None:
    assert cite_keys([paper(**more)]) == {"a1": key}


def test_keys_are_unique_and_stay_when_papers_are_added() -> None:
    library = [paper(id="a"), paper(id="b"), paper(id="c", citekey="BROOK2001countingb"), paper(id="d")]
    keys = cite_keys(library)
    assert len({key.casefold() for key in keys.values()}) == 4
    assert keys["c"] == "BROOK2001countingb"
    assert cite_keys([*library, paper(id="e")]).items() >= keys.items()
    assert f"@misc{{{keys['d']}," in bibtex([library[3]], library)
    assert bibtex([]) == ""


@pytest.mark.parametrize("text", ["naïve Łukasz Ødegård Şahin ß æ Erdős ğ", "α-β → ∞, x² ≤ Ω", "a_1 & b # 5%", "中文"])
def test_the_readable_form_undoes_latex(text: str) -> None:
    assert readable(latex(text)) == text


def test_a_generational_suffix_is_between_surname_and_given_name() -> None:
    assert "author = {Oak, Jr, Tim}" in bibtex([paper(authors=("Tim Oak, Jr",))])
    assert cite_keys([paper(authors=("Tim Oak, Jr.",))]) == {"a1": "oak2001counting"}
