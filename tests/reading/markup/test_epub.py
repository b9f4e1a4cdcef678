"""EPUB: authors and date, text hidden by styles, and unpacked books."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.markup_files import EPUB
from helpers.papers import CASES
from helpers.reader import read, refusal
from helpers.word_files import sections

from rag.assistant import Assistant
from rag.reading.markup.epub import is_book

CONTAINER = '<container><rootfiles><rootfile full-path="o.opf"/></rootfiles></container>'
PAGE = "<html><head><title>One</title></head><body><p>Bogs hold nine tenths of their weight as water.</p></body></html>"


def book(metadata: str = "", page: str | bytes = PAGE, **more: str) -> dict[str, str | bytes]:
    return {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": CONTAINER,
        "o.opf": '<package xmlns:dc="d" xmlns:opf="http://www.idpf.org/2007/opf"><metadata><dc:title>Marsh</dc:title>'
        f'{metadata}</metadata><manifest><item id="a" href="a.xhtml" media-type="application/xhtml+xml"/>'
        '<item id="p" href="p.jpg" media-type="image/jpeg"/></manifest>'
        '<spine><itemref idref="p"/><itemref idref="a"/></spine></package>',
        "a.xhtml": page,
        "p.jpg": bytes(range(256)),
        **more,
    }


def seq(name: str, role: str, place: int) -> str:
    return (
        f'<dc:creator id="c{place}">{name}</dc:creator><meta refines="#c{place}" property="role" '
        f'scheme="marc:relators">{role}</meta><meta refines="#c{place}" property="display-seq">{place}</meta>'
    )


@pytest.mark.parametrize(
    ("metadata", "authors"),
    [
        (
            '<dc:creator opf:role="edt">Editor, Sedge</dc:creator><dc:creator opf:role="aut">Ola Fen</dc:creator>',
            ["Ola Fen"],
        ),
        (
            '<dc:creator opf:file-as="Fen, Ola">Ola Fen</dc:creator><dc:creator>Moss, Ann</dc:creator>',
            ["Ola Fen", "Ann Moss"],
        ),
        ('<dc:creator opf:role="edt">Sedge, Sam</dc:creator>', ["Sam Sedge"]),
        (seq("Bo Lee", "aut", 2) + seq("Sam Sedge", "edt", 3) + seq("Ola Fen", "aut", 1), ["Ola Fen", "Bo Lee"]),
        ("<dc:creator>Ola Fen, Ann Moss and Bo Lee</dc:creator>", ["Ola Fen", "Ann Moss", "Bo Lee"]),
        (
            '<dc:creator opf:role="trl">Tom Rush</dc:creator><dc:contributor opf:role="aut">Ola Fen</dc:contributor>'
            "<dc:contributor>calibre</dc:contributor>",
            ["Ola Fen"],
        ),
        ("<dc:creator>Мария Болотова</dc:creator>", ["Мария Болотова"]),
        ("<dc:creator>Ola Fen &amp; Ann Moss</dc:creator><dc:creator>Unknown</dc:creator>", ["Ola Fen", "Ann Moss"]),
        ("<dc:creator>Moss &amp; Sons</dc:creator>", ["Moss & Sons"]),
    ],
)
def test_authors_are_the_creators_with_that_role(tmp_path: Path, metadata: str, authors: list[str]) -> None:
    assert list(read(tmp_path, "a.epub", book(metadata)).authors) == authors


@pytest.mark.parametrize(
    ("metadata", "year"),
    [
        (
            '<dc:date opf:event="modification">2021-01-01</dc:date><dc:date opf:event="publication">1998</dc:date>'
            '<dc:date opf:event="creation">2020</dc:date>',
            1998,
        ),
        ('<dc:date opf:event="conversion">2021</dc:date>', None),
        ('<dc:date>2003-04-05</dc:date><meta property="dcterms:modified">2022-01-01T00:00:00Z</meta>', 2003),
        ('<meta property="dcterms:modified">2022-01-01</meta><meta property="dcterms:issued">1999</meta>', 1999),
        ('<dc:date id="d">2015</dc:date><meta refines="#d" property="event">publication</meta>', 2015),
        ("<dc:date>0101-01-01T00:00:00+00:00</dc:date>", None),
    ],
)
def test_the_year_is_that_of_the_publication(tmp_path: Path, metadata: str, year: int | None) -> None:
    assert read(tmp_path, "a.epub", book(metadata)).year == year


def test_the_main_title_is_the_title(tmp_path: Path) -> None:
    titles = (
        '<dc:title id="s">Life in Bogs</dc:title><meta refines="#s" property="title-type">subtitle</meta>'
        '<dc:title id="m">Bogs</dc:title><meta refines="#m" property="title-type">main</meta>'
    )
    whole = book(titles)
    whole["o.opf"] = str(whole["o.opf"]).replace("<dc:title>Marsh</dc:title>", "")
    assert read(tmp_path, "a.epub", whole).title == "Bogs"


def test_text_hidden_by_a_book_s_style_sheet_is_left_out(tmp_path: Path) -> None:
    page = "<html><head><link rel=stylesheet href=css/b.css></head><p class=x>Hidden.</p><p>Seen.</p></html>"
    paper = read(tmp_path, "a.epub", book(page=page, **{"css/b.css": ".x{display:none}"}))
    assert paper.text == "Marsh\n\nSeen."
    assert paper.notes == ("7 invisible characters were left out",)


@pytest.fixture
def assistant(tmp_path: Path) -> Iterator[Assistant]:
    with Assistant.open(library=tmp_path / "library", mode="quote") as assistant:
        yield assistant


def test_a_folder_named_epub_needs_no_mimetype(tmp_path: Path) -> None:
    shutil.copytree(CASES / "21-epub" / "bookdir.epub", tmp_path / "bogs.epub")
    (tmp_path / "bogs.epub" / "mimetype").unlink()
    assert is_book(tmp_path / "bogs.epub")
    (tmp_path / "bogs.epub").rename(tmp_path / "bogs")
    assert not is_book(tmp_path / "bogs")


def test_a_title_in_a_package_has_no_tags(tmp_path: Path) -> None:
    whole = book()
    whole["o.opf"] = str(whole["o.opf"]).replace(">Marsh<", ">Reeds &amp;amp; &lt;i&gt;Moss&lt;/i&gt;<")
    assert read(tmp_path, "a.epub", whole).title == "Reeds & Moss"


@pytest.mark.parametrize("given", ["shelf", "shelf/bogs.epub", "shelf/bogs"])
def test_an_unpacked_book_is_one_paper_from_its_folder_and_from_the_one_above(
    tmp_path: Path, assistant: Assistant, given: str
) -> None:
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    name = Path(given).name if "/" in given else "bogs.epub"
    shutil.copytree(CASES / "21-epub" / "bookdir.epub", shelf / name)
    report = assistant.add([tmp_path / given])
    assert [paper.title for paper in report.added] == ["Unpacked Bogs"]
    assert report.failed == []
    (paper,) = assistant.papers()
    assert (paper.authors, paper.sources) == (("Ola Fen",), (name,))
    assert "Sundews eat eleven gnats" in assistant.search("sundews eat gnats")[0].text
    assert len(assistant.add([tmp_path / given]).unchanged) == 1

    two = shelf / name / "OEBPS" / "two.xhtml"
    two.write_text(two.read_text().replace("eleven", "twelve"))
    assert [paper.title for paper in assistant.add([tmp_path / given]).updated] == ["Unpacked Bogs"]


def test_links_in_an_unpacked_book_are_ignored(tmp_path: Path) -> None:
    from rag.reading.markup.archives import open_archive

    (tmp_path / "secret.xhtml").write_text("<p>Secret.</p>")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "a.xhtml").symlink_to(tmp_path / "secret.xhtml")
    with open_archive(tmp_path / "b", "EPUB") as archive:
        assert list(archive) == []


def test_an_epub_is_a_paper_of_its_chapters(tmp_path: Path) -> None:
    paper = read(tmp_path, "a.epub", EPUB)
    assert (paper.title, paper.authors, paper.year) == ("Moss", ("Fern Green",), 2018)
    assert sections(paper) == [
        ("body", "One", "Moss grows."),
        ("footnote", "One", "Slowly."),
        ("body", "Two", "Ferns too."),
    ]


def encrypted(algorithm: str) -> dict[str, str | bytes]:
    method = f'<EncryptionMethod Algorithm="{algorithm}"/>'
    return EPUB | {"META-INF/encryption.xml": f"<e><EncryptedData>{method}</EncryptedData></e>"}


def test_an_epub_with_obscured_fonts_is_read(tmp_path: Path) -> None:
    assert read(tmp_path, "a.epub", encrypted("http://www.idpf.org/2008/embedding")).title == "Moss"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"words", "it is not a valid EPUB"),
        ({"a.txt": "words"}, "it is a zip archive, but not an EPUB"),
        ({"META-INF/container.xml": "<container/>"}, "its package document is missing"),
        (encrypted("http://www.w3.org/2001/04/xmlenc#aes128-cbc"), "it is locked by copy protection (DRM)"),
        (EPUB | {"../b.xhtml": "<p>words"}, "it holds a file with a path outside of it"),
        (EPUB | {"big.css": b" " * 30_000_000}, "it unpacks to 30 MB"),
        (EPUB | {"b.xhtml": "", "in/text/a a.xhtml": ""}, "the title 'Moss' has no text"),
    ],
    ids=["no zip", "other zip", "no package", "locked", "outside", "bomb", "no text"],
)
def test_an_invalid_epub_is_refused(tmp_path: Path, content: bytes | dict[str, str | bytes], reason: str) -> None:
    assert refusal(tmp_path, "a.epub", content).startswith(reason)
