"""BibTeX entries: metadata, inheritance, LaTeX, and broken entries."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.bibliographies import case, items
from helpers.reader import failures, read, read_all, read_papers


def test_a_bibtex_entry_is_a_paper_with_all_its_metadata(tmp_path: Path) -> None:
    entry = r"""@string{jr = "Journal of Rivers"}
@article{lee2020, title = {The {DNA} of na{\"i}ve {O}tters}, author = {M{\"u}ller, J{\'e}r{\^o}me and Ann Lee},
  year = 2020, journal = jr, doi = {https://doi.org/10.1/x}, eprint = {2001.00001}, archivePrefix = {arXiv},
  keywords = {otters, rivers}, url = {https://x.org/a},
  abstract = {We find 34.0\% more otters in {1, 2}
    rivers, a {\em big} gain.}}"""
    details = read(tmp_path, "a.bib", entry)
    assert details.text == "The DNA of naïve Otters\n\nWe find 34.0% more otters in 1, 2 rivers, a big gain."
    assert (details.authors, details.year, details.venue) == (("Jérôme Müller", "Ann Lee"), 2020, "Journal of Rivers")
    assert (details.doi, details.arxiv_id, details.url) == ("10.1/x", "2001.00001", "https://x.org/a")
    assert (details.citekey, details.tags, details.extent) == ("lee2020", ("otters", "rivers"), "abstract")


def test_broken_bibtex_entries_are_reported_and_do_not_affect_others(tmp_path: Path) -> None:
    reading = read_papers(
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


def test_braces_protect_letters_and_are_not_symbols() -> None:
    (paper,) = case("01-braced-symbol", "b.bib")
    assert paper.title == "Studies of the Delta Variant in Vivo: SARS and Alpha-Synuclein"
    assert paper.authors == ("Ann Storm",)


def test_pieces_and_macros_of_a_value_are_joined(tmp_path: Path) -> None:
    (paper,) = case("05-bib-concat", "a.bib")
    assert paper.authors == ("Ann Maple", "Tom Birch")
    assert paper.venue == "Proceedings of the Workshop on Kites"
    text = '@string(a = {Rivers, } # "Reeds")\n@STRING{B = a # { #2}}\n@article(x, title = {On } # b # " {#}1", '
    assert read(tmp_path, "a.bib", text + "abstract = {text})").title == "On Rivers, Reeds #2 #1"


def test_nested_strings_do_not_expand_without_limit(tmp_path: Path) -> None:
    doubled = "".join(f"@string{{s{i + 1} = s{i} # s{i}}}\n" for i in range(40))
    (paper,) = read_all(
        tmp_path, "a.bib", f'@string{{s0 = "reeds "}}\n{doubled}@misc{{a, title={{Reeds}}, abstract=s40}}'
    )
    assert len(paper.text) < 30_000


def test_repeated_keys_and_fields_lose_no_paper() -> None:
    papers = case("07-bib-lost-entries", "a.bib")
    assert [paper.title for paper in papers] == [
        "No Key One", "No Key Two", "Annotated Tides", "Two File Fields", "Key Twin A", "Key Twin B",
    ]  # fmt: skip
    assert [paper.citekey for paper in papers] == [None, None, "d", "f", "t", "t"]
    assert papers[3].tags == ("a", "b")


def test_entries_without_a_key_or_a_comma_are_read(tmp_path: Path) -> None:
    first, second, third = read_all(
        tmp_path,
        "a.bib",
        "@article{title={No Key}, author={Oak, Tim}, year=2001, abstract={Reeds grow.}}\n"
        "@article{\n  title={No Key Below}, author={Oak, Tim}, abstract={Reeds wither.}}\n"
        '@article{k, title={No Comma} author="Oak, Tim" year={2003}, abstract={The year = {2004} stays.}}\n',
    )
    assert (first.title, first.year, second.title) == ("No Key", 2001, "No Key Below")
    assert (third.title, third.authors, third.year) == ("No Comma", ("Tim Oak",), 2003)
    assert third.text.endswith("The year = 2004 stays.")


def test_entries_inherit_fields_and_have_preprint_numbers_anywhere() -> None:
    first, second, third, sorted_, journal, address = case("08-bib-inherit", "a.bib")
    assert (first.year, first.venue) == (2009, "The Whole Book of Crosses")
    assert (second.year, second.venue) == (2008, "Proceedings of X")
    assert third.title == "The Main Title: And What Stands below It"
    assert (sorted_.year, journal.arxiv_id, address.arxiv_id) == (2003, "2102.00002", "2103.00003")


def test_entries_inherit_from_a_key_in_any_case(tmp_path: Path) -> None:
    first, second, third = read_all(
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
    paper = read(tmp_path, "a.bib", f"@misc{{a, title={{One}}, abstract={{text}}, {fields}}}")
    assert paper.arxiv_id == "2102.00002"


@pytest.mark.parametrize("field", ["journal={arXiv}, volume={2101.00001}", "series={arXiv}, number={2101.00001}"])
def test_a_number_next_to_arxiv_is_an_arxiv_number(tmp_path: Path, field: str) -> None:
    (paper,) = read_all(tmp_path, "a.bib", f"@article{{a, title={{A}}, {field}, abstract={{Reeds grow.}}}}")
    assert paper.arxiv_id == "2101.00001"


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


def test_urls_and_identifiers_are_verbatim(tmp_path: Path) -> None:
    (paper,) = read_all(
        tmp_path,
        "a.bib",
        r"@article{a--b, title={Reeds}, doi={10.1000/a\_b--c}, url={\url{https://x.org/\~{}oak/a--b\%20c_{d}}},"
        "abstract={Reeds grow.}}",
    )
    assert (paper.citekey, paper.doi, paper.url) == ("a--b", "10.1000/a_b--c", "https://x.org/~oak/a--b%20c_d")
    (paper,) = read_all(tmp_path, "a.ris", "TY  - JOUR\nTI  - Reeds\nDO  - 10.1/a--b\nAB  - Reeds grow.\nER  - \n")
    assert paper.doi == "10.1/a--b"


def test_journal_macros_are_expanded(tmp_path: Path) -> None:
    first, second = read_all(
        tmp_path,
        "a.bib",
        r"@article{a, title={A}, journal={\mnras}, abstract={Stars shine.}}"
        "\n@article{b, title={B}, journal=jacm, abstract={Sorting is quick.}}",
    )
    assert first.venue == "Monthly Notices of the Royal Astronomical Society"
    assert second.venue == "Journal of the ACM"
