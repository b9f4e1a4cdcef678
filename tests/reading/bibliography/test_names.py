"""Names of people in BibTeX, RIS and other records."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.bibliographies import case
from helpers.growth import growth
from helpers.reader import read_all

from rag.reading.bibliography.names import bibtex_names, ris_names, stated_names


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


@pytest.mark.parametrize(
    ("field", "people"),
    [
        (r"Mu\~noz, Jos\'e and Le\~ao, Bj\o rn", ["José Muñoz", "Bjørn Leão"]),
        (r"Nguy\~{\^e}n, V\u{a}n and {\uppercase{b}}ig, A", ["Văn Nguyễn", "A big"]),
        ("J. Oak, K. Elm, L. Ash", ["J. Oak", "K. Elm", "L. Ash"]),
        ("Oak, J., Elm, K., Ash, L.", ["J. Oak", "K. Elm", "L. Ash"]),
        ("Oak J, Elm K and Ash L", ["Oak J", "Elm K", "Ash L"]),
        (r"Oak, J. \& Elm, K.", ["J. Oak", "K. Elm"]),
        (r"Ernst \& Young", ["Ernst & Young"]),
        ("and Oak, Tim and and Elm, Kim and", ["Tim Oak", "Kim Elm"]),
        ("Oak, Tim, Jr. and Elm, III, Kim", ["Tim Oak, Jr.", "Kim Elm, III"]),
        (r"O{\'{}}Neil, Tip", ["Tip O'Neil"]),
        ("{Office for Reeds, Moss, and Sedges} and Oak, Tim", ["Office for Reeds, Moss, and Sedges", "Tim Oak"]),
        ("Rand and Land Grant and Anderson, B.", ["Rand", "Land Grant", "B. Anderson"]),
    ],
)
def test_bibtex_names_are_people_however_they_are_listed(field: str, people: list[str]) -> None:
    assert bibtex_names(field) == people


@pytest.mark.parametrize(
    ("line", "people"),
    [
        ("World Office for Reeds, Rushes and Sedges", ["World Office for Reeds, Rushes and Sedges"]),
        ("Reeds, Inc.", ["Reeds, Inc."]),
        ("Oak, T.; Elm, K.", ["T. Oak", "K. Elm"]),
        ("Oak, T. and Elm, K.", ["T. Oak", "K. Elm"]),
        ("Oak, Tim,", ["Tim Oak"]),
        ("de la Cruz, Ana", ["Ana de la Cruz"]),
        ("Oak, Tim, III", ["Tim Oak, III"]),
        ("et al.", []),
    ],
)
def test_ris_names_are_people_and_offices(line: str, people: list[str]) -> None:
    assert ris_names(line) == people


@pytest.mark.parametrize(
    ("field", "people"),
    [
        ("Oak, Tim", ["Tim Oak"]),
        ("Oak, Tim; Elm, Kim", ["Tim Oak", "Kim Elm"]),
        ("Tim Oak, Kim Elm", ["Tim Oak", "Kim Elm"]),
        ("Tim Oak, Kim Elm, and Lou Ash", ["Tim Oak", "Kim Elm", "Lou Ash"]),
        ("Oak, T., Elm, K.", ["T. Oak", "K. Elm"]),
        ("World Office for Reeds, Rushes and Sedges", ["World Office for Reeds, Rushes and Sedges"]),
        ("Tim Oak and Kim Elm, Jr.", ["Tim Oak", "Kim Elm, Jr."]),
    ],
)
def test_a_stated_list_of_authors_is_its_people(field: str, people: list[str]) -> None:
    assert stated_names(field) == people


def test_json_lines_and_front_matter_have_people_in_many_forms(tmp_path: Path) -> None:
    (paper,) = read_all(
        tmp_path,
        "a.jsonl",
        '{"title": "A", "text": "Reeds grow.", "year": 2003.0, "authors": ["Oak, Tim", '
        '{"given": "Kim", "family": "Elm"}, {"name": "Lou Ash"}, "Rushes and Sedges Society"]}',
    )
    assert paper.authors == ("Tim Oak", "Kim Elm", "Lou Ash", "Rushes and Sedges Society")
    assert paper.year == 2003
    (paper,) = read_all(
        tmp_path,
        "a.md",
        "---\ntitle: A &amp; <i>B</i>\nauthors: [{first: Tim, last: Oak}]\ndate-added: 2020-13-45\n---\nReeds grow.",
    )
    assert (paper.title, paper.authors) == ("A & B", ("Tim Oak",))


@pytest.mark.parametrize("names", ["a and ", "}", "{", "family=", "a, "])
def test_the_time_for_names_is_linear(names: str) -> None:
    assert growth(lambda count: bibtex_names(names * count), 5_000) < 8
