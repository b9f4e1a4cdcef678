"""RIS records in the variants that programs write, and broken records."""

from __future__ import annotations

from pathlib import Path

from helpers.bibliographies import case
from helpers.papers import CASES
from helpers.reader import failures, read, read_all, read_papers

from rag.ingest.locate import locate
from rag.ingest.read import read_source
from rag.reading.bibliography.ris import ris_items


def test_a_ris_record_is_a_paper_with_all_its_metadata(tmp_path: Path) -> None:
    paper = read(
        tmp_path,
        "a.ris",
        "A Database\n\nTY  - JOUR\nAU  - Müller, Jérôme\nAU  - Lee, Ann\nTI  - Otters\nAB  - We count otters\n"
        "from kites.\nPY  - 2019/02/03/\nJO  - River Journal\nDO  - 10.1/x\nUR  - https://x.org\nKW  - rivers\n"
        "KW  - kites\nID  - lee19\nER  - \n",
    )
    assert paper.text == "Otters\n\nWe count otters from kites."
    assert (paper.authors, paper.year, paper.venue) == (("Jérôme Müller", "Ann Lee"), 2019, "River Journal")
    assert (paper.doi, paper.url, paper.citekey, paper.tags) == (
        "10.1/x",
        "https://x.org",
        "lee19",
        ("rivers", "kites"),
    )


def test_broken_ris_records_are_reported_and_do_not_affect_others(tmp_path: Path) -> None:
    reading = read_papers(
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


def test_ris_is_read_in_the_forms_that_programs_write(tmp_path: Path) -> None:
    (paper,) = case("19-ris-forms", "loose.ris")
    assert (paper.title, paper.authors, paper.year) == ("One blank before the hyphen", ("Lou Fern",), 2015)
    for record in (
        "ty  - JOUR\nau  - Fern, Lou\nti  - One\nab  - Frogs walk, as\nwe - and they - say.\ner  -\n",
        "TY  -JOUR\nAU  -Fern, Lou\nT1  -One\nN2  -Frogs walk, as\nwe - and they - say.\nER  -\n",
        "\ufeffTY-JOUR\nAU-Fern, Lou\nST-One\nAB-Frogs walk, as\nwe - and they - say.\nER-\n",
    ):
        paper = read(tmp_path, "a.ris", record)
        assert paper.text == "One\n\nFrogs walk, as we - and they - say."
        assert paper.authors == ("Lou Fern",)


def test_repeated_and_empty_ris_tags_lose_nothing(tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text("One\n\nReeds grow three metres tall.")
    (tmp_path / "two.txt").write_text("Two\n\nMoss grows three millimetres tall.")
    (paper,) = read_all(
        tmp_path,
        "a.ris",
        "TY  - JOUR\nTI  - \nTI  - Reeds\nAB  - \nAB  - Reeds grow.\nAB  - Moss\n  withers.\nKW  - reeds; moss\n"
        "T2  - Journal of Reeds\nJO  - J. Reeds\nER  - \n",
    )
    assert (paper.title, paper.text.partition("\n\n")[2]) == ("Reeds", "Reeds grow. Moss withers.")
    assert (paper.tags, paper.venue) == (("reeds", "moss"), "Journal of Reeds")
    (tmp_path / "b.ris").write_text("TY  - JOUR\nTI  - Two files\nL1  - one.txt\nL1  - two.txt\nER  - \n")
    ((item,), _) = ris_items(tmp_path / "b.ris")
    assert [path.name for path in item.files] == ["one.txt", "two.txt"]


def test_ris_books_have_their_editors_and_their_title(tmp_path: Path) -> None:
    first, second = read_all(
        tmp_path,
        "a.ris",
        "TY  - BOOK\nED  - Oak, Tim\nED  - Elm, Kim\nBT  - Book of Reeds\nAB  - Reeds grow.\nER  - \n\n"
        "TY  - UNPB\nAU  - Oak, Tim\nCT  - Notes on Reeds\nAB  - Reeds wither.\nER  - \n",
    )
    assert (first.title, first.authors, first.venue) == ("Book of Reeds", ("Tim Oak", "Kim Elm"), None)
    assert second.title == "Notes on Reeds"


def test_a_ris_record_describes_the_file_that_it_names() -> None:
    located = locate([CASES / "19-ris-forms"])
    (source,) = [source for source in located.sources if source.name == "fulltext.txt"]
    (paper,) = read_source(source).papers
    assert (paper.title, paper.authors, paper.year) == (
        "Ladder kites lift more than box kites", ("Nia Berg",), 2021,
    )  # fmt: skip
