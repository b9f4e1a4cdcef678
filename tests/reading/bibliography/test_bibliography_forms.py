"""The forms in which programs and people write BibTeX and RIS, and the LaTeX in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.reading.bibliography.names import bibtex_names, ris_names, stated_names
from rag.reading.formats import read_file
from rag.text.readable import from_latex
from rag.types import Paper


def papers(folder: Path, name: str, content: str) -> list[Paper]:
    (folder / name).write_text(content)
    reading = read_file(folder / name, name)
    assert reading.failures == []
    return reading.papers


@pytest.mark.parametrize(
    ("field", "printed"),
    [
        (r"5\ensuremath{\mu}m", "5μm"),
        (r"\textalpha{}-helix and {\upmu}m", "α-helix and μm"),
        (r"\og{}Rives\fg{}, \glqq{}Ufer\grqq{}, \lq{}a\rq{}", "«Rives», „Ufer“, ‘a’"),
        (r"Fran\c cois, \k a, B{\h{a}}o, Sm\u\i th", "François, ą, Bảo, Smĭth"),
        (r"\protect\rmfamily A {\upshape b} \noindent c", "A b c"),
        (r"a.\par b", "a. b"),
        (r"\textcolor{red}{Red} {\color{blue}blue} \hbox{H}", "Red blue H"),
        (r"Title\thanks{Paid by X}, see \ref{fig}", "Title, see "),
        (r"It holds\footnote{Mostly.}.", "It holds (Mostly.)."),
        (r"$-5$ and $n-1$ of $100$", "-5 and n-1 of 100"),
        (r"$\left( x \ne 0 \right)$ and $\|x\|$", "( x ≠ 0 ) and ‖x‖"),
        (r"\numrange{1}{3}, \SIlist{1;2}{\metre}, \numlist{4;5}", "1–3, 1, 2 m, 4, 5"),
        (r"\isotope[14]{C}, $\sqrt[3]{x}$", "14C, 3√x"),
        (r"{\textbackslash}n {\textasciitilde}x", r"\n ~x"),
        (r"\textdagger \ddag{} \dag{}", "†‡ †"),
    ],
)
def test_latex_commands_leave_no_names_behind(field: str, printed: str) -> None:
    assert from_latex(field) == printed


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


def test_entries_without_a_key_or_a_comma_are_read(tmp_path: Path) -> None:
    first, second, third = papers(
        tmp_path,
        "a.bib",
        "@article{title={No Key}, author={Oak, Tim}, year=2001, abstract={Reeds grow.}}\n"
        "@article{\n  title={No Key Below}, author={Oak, Tim}, abstract={Reeds wither.}}\n"
        '@article{k, title={No Comma} author="Oak, Tim" year={2003}, abstract={The year = {2004} stays.}}\n',
    )
    assert (first.title, first.year, second.title) == ("No Key", 2001, "No Key Below")
    assert (third.title, third.authors, third.year) == ("No Comma", ("Tim Oak",), 2003)
    assert third.text.endswith("The year = 2004 stays.")


def test_urls_and_identifiers_are_verbatim(tmp_path: Path) -> None:
    (paper,) = papers(
        tmp_path,
        "a.bib",
        r"@article{a--b, title={Reeds}, doi={10.1000/a\_b--c}, url={\url{https://x.org/\~{}oak/a--b\%20c_{d}}},"
        "abstract={Reeds grow.}}",
    )
    assert (paper.citekey, paper.doi, paper.url) == ("a--b", "10.1000/a_b--c", "https://x.org/~oak/a--b%20c_d")
    (paper,) = papers(tmp_path, "a.ris", "TY  - JOUR\nTI  - Reeds\nDO  - 10.1/a--b\nAB  - Reeds grow.\nER  - \n")
    assert paper.doi == "10.1/a--b"


def test_entries_inherit_from_a_key_in_any_case(tmp_path: Path) -> None:
    first, second, third = papers(
        tmp_path,
        "a.bib",
        "@inproceedings{a, title={A}, author={Oak, T.}, crossref={proc}, abstract={Reeds grow.}}\n"
        "@incollection{b, title={B}, author={Oak, T.}, crossref={part}, abstract={Moss grows.}}\n"
        "@inbook{c, title={C}, crossref={part}, abstract={Ferns grow.}}\n"
        "@proceedings{Proc, title={Proceedings of Reeds}, year=2009}\n"
        "@book{part, title={Volume One}, author={Elm, K.}, crossref={all}}\n"
        "@book{all, title={All Volumes}, year=2014}\n",
    )
    assert (first.year, first.venue) == (2009, "Proceedings of Reeds")
    assert (second.year, second.venue, second.authors) == (2014, "Volume One", ("T. Oak",))
    assert (third.venue, third.authors) == ("Volume One", ("K. Elm",))


@pytest.mark.parametrize("field", ["journal={arXiv}, volume={2101.00001}", "series={arXiv}, number={2101.00001}"])
def test_a_number_next_to_arxiv_is_an_arxiv_number(tmp_path: Path, field: str) -> None:
    (paper,) = papers(tmp_path, "a.bib", f"@article{{a, title={{A}}, {field}, abstract={{Reeds grow.}}}}")
    assert paper.arxiv_id == "2101.00001"


def test_journal_macros_are_expanded(tmp_path: Path) -> None:
    first, second = papers(
        tmp_path,
        "a.bib",
        r"@article{a, title={A}, journal={\mnras}, abstract={Stars shine.}}"
        "\n@article{b, title={B}, journal=jacm, abstract={Sorting is quick.}}",
    )
    assert first.venue == "Monthly Notices of the Royal Astronomical Society"
    assert second.venue == "Journal of the ACM"


def test_repeated_and_empty_ris_tags_lose_nothing(tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text("One\n\nReeds grow three metres tall.")
    (tmp_path / "two.txt").write_text("Two\n\nMoss grows three millimetres tall.")
    (paper,) = papers(
        tmp_path,
        "a.ris",
        "TY  - JOUR\nTI  - \nTI  - Reeds\nAB  - \nAB  - Reeds grow.\nAB  - Moss\n  withers.\nKW  - reeds; moss\n"
        "T2  - Journal of Reeds\nJO  - J. Reeds\nER  - \n",
    )
    assert (paper.title, paper.text.partition("\n\n")[2]) == ("Reeds", "Reeds grow. Moss withers.")
    assert (paper.tags, paper.venue) == (("reeds", "moss"), "Journal of Reeds")
    from rag.reading.bibliography.ris import ris_items

    (tmp_path / "b.ris").write_text("TY  - JOUR\nTI  - Two files\nL1  - one.txt\nL1  - two.txt\nER  - \n")
    ((item,), _) = ris_items(tmp_path / "b.ris")
    assert [path.name for path in item.files] == ["one.txt", "two.txt"]


def test_ris_books_have_their_editors_and_their_title(tmp_path: Path) -> None:
    first, second = papers(
        tmp_path,
        "a.ris",
        "TY  - BOOK\nED  - Oak, Tim\nED  - Elm, Kim\nBT  - Book of Reeds\nAB  - Reeds grow.\nER  - \n\n"
        "TY  - UNPB\nAU  - Oak, Tim\nCT  - Notes on Reeds\nAB  - Reeds wither.\nER  - \n",
    )
    assert (first.title, first.authors, first.venue) == ("Book of Reeds", ("Tim Oak", "Kim Elm"), None)
    assert second.title == "Notes on Reeds"


# Names and titles in records of other kinds


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
    (paper,) = papers(
        tmp_path,
        "a.jsonl",
        '{"title": "A", "text": "Reeds grow.", "year": 2003.0, "authors": ["Oak, Tim", '
        '{"given": "Kim", "family": "Elm"}, {"name": "Lou Ash"}, "Rushes and Sedges Society"]}',
    )
    assert paper.authors == ("Tim Oak", "Kim Elm", "Lou Ash", "Rushes and Sedges Society")
    assert paper.year == 2003
    (paper,) = papers(
        tmp_path,
        "a.md",
        "---\ntitle: A &amp; <i>B</i>\nauthors: [{first: Tim, last: Oak}]\ndate-added: 2020-13-45\n---\nReeds grow.",
    )
    assert (paper.title, paper.authors) == ("A & B", ("Tim Oak",))


def test_ligatures_become_the_letters_that_people_search_for(tmp_path: Path) -> None:
    (paper,) = papers(tmp_path, "a.txt", "Of\ufb01ces\n\nThe of\ufb01ce has a \ufb02ag.")
    assert paper.text == "Offices\n\nThe office has a flag."


def test_nested_strings_do_not_expand_without_limit(tmp_path: Path) -> None:
    doubled = "".join(f"@string{{s{i + 1} = s{i} # s{i}}}\n" for i in range(40))
    (paper,) = papers(
        tmp_path, "a.bib", f'@string{{s0 = "reeds "}}\n{doubled}@misc{{a, title={{Reeds}}, abstract=s40}}'
    )
    assert len(paper.text) < 30_000
