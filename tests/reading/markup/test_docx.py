"""Word documents: title and byline by their formatting, without hidden text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.markup_files import WORD_FORMULA
from helpers.papers import CASES
from helpers.reader import read, refusal
from helpers.word_files import WORD, docx, line, sections

from rag.assistant import Assistant

TEXT = "Reeds grow one metre each spring in still water of less than half a metre depth."


def run(text: str, look: str = "") -> str:
    return f"<w:r><w:rPr>{look}</w:rPr><w:t xml:space='preserve'>{text}</w:t></w:r>"


def para(*runs: str) -> str:
    return f"<w:p>{''.join(runs)}</w:p>"


def bold(text: str) -> str:
    return para(run(text, "<w:b/>"))


def document(*blocks: str, title: str = "", creator: str = "python-docx", styles: str = "") -> dict[str, str | bytes]:
    whole = docx(*blocks, title=title)
    whole["docProps/core.xml"] = str(whole["docProps/core.xml"]).replace("Fern Green", creator)
    if styles:
        whole["word/styles.xml"] = f"<w:styles {WORD}>{styles}</w:styles>"
    return whole


def test_a_byline_in_the_body_names_the_authors(tmp_path: Path) -> None:
    paper = read(tmp_path, "byline.docx", (CASES / "16-docx" / "byline.docx").read_bytes())
    assert paper.title == "Willow Dams and Slow Water"
    assert paper.authors == ("Ada Willow", "Ben Sedge", "Cy Alder")


def test_a_bold_first_line_is_the_title_and_bold_lines_are_headings(tmp_path: Path) -> None:
    paper = read(tmp_path, "bold.docx", (CASES / "16-docx" / "bold.docx").read_bytes())
    assert (paper.title, paper.authors) == ("Bold Title of a Paper about Reeds", ())
    assert [(s.kind, s.title) for s in paper.sections] == [("body", "1. Introduction"), ("references", "References")]


@pytest.mark.parametrize(
    "creator",
    [
        "python-docx",
        "Microsoft Office User",
        "user",
        "Admin",
        "Un-named",
        "Reed Consulting Ltd",
        "DELL",
        "jdoe",
        "LENOVO PC",
    ],
)
def test_an_account_name_is_not_an_author(tmp_path: Path, creator: str) -> None:
    assert read(tmp_path, "a.docx", document(bold("On Reeds"), line(TEXT), creator=creator)).authors == ()


@pytest.mark.parametrize(
    ("lines", "authors"),
    [
        (["Ada Willow¹, Ben Sedge²"], ["Ada Willow", "Ben Sedge"]),
        (["Ada Willow", "Institute of Slow Rivers", "Ben Sedge", "University of Meadow"], ["Ada Willow", "Ben Sedge"]),
        (["Ада Ивова, Борис Камышев"], ["Ада Ивова", "Борис Камышев"]),
        (["by Ada Willow and Ben Sedge"], ["Ada Willow", "Ben Sedge"]),
        (["A. Willow, B. Sedge, and C. D. Alder", "a.willow@meadow.edu"], ["A. Willow", "B. Sedge", "C. D. Alder"]),
        (["李明，王芳", "草地大学"], ["李明", "王芳"]),
        (["12 March 2018", "Draft version"], []),
        (["A Study of Slow Water", "Case Report"], []),
        ([TEXT, "Ada Willow"], []),
    ],
)
def test_the_lines_under_the_title_name_the_authors(tmp_path: Path, lines: list[str], authors: list[str]) -> None:
    paper = read(tmp_path, "a.docx", document(bold("On the Reeds"), *map(line, lines), bold("Abstract"), line(TEXT)))
    assert list(paper.authors) == authors
    assert [s.kind for s in paper.sections if s.kind != "furniture"] == ["body", "abstract"]


def test_a_bold_byline_is_not_a_heading(tmp_path: Path) -> None:
    blocks = [line("On Reeds", "Title"), bold("Ada Willow, Ben Sedge"), bold("Methods"), line(TEXT)]
    paper = read(tmp_path, "a.docx", document(*blocks))
    assert paper.authors == ("Ada Willow", "Ben Sedge")
    assert sections(paper) == [("body", None, "Ada Willow, Ben Sedge"), ("body", "Methods", TEXT)]


def test_superscript_marks_separate_the_names_of_a_byline(tmp_path: Path) -> None:
    raised = "<w:vertAlign w:val='superscript'/>"
    byline = para(run("Ada Willow"), run("1,*", raised), run(" Ben Sedge"), run("2", raised))
    paper = read(tmp_path, "a.docx", document(bold("On the Reeds"), byline, bold("Methods"), line(TEXT)))
    assert paper.authors == ("Ada Willow", "Ben Sedge")


@pytest.mark.parametrize(
    ("blocks", "stated", "title"),
    [
        ((bold("On Reeds"), line(TEXT)), "Word Document", "On Reeds"),
        ((line("On Reeds"), line(TEXT)), "Microsoft Word - paper_v3.doc", "On Reeds"),
        ((line("On Reeds"), line(TEXT)), "manuscript-template", "On Reeds"),
        ((line("On Reeds"), line(TEXT)), "Document1", "On Reeds"),
        ((bold("DRAFT"), line("On Reeds"), line(TEXT)), "On Reeds", "On Reeds"),
        ((line("Journal of Reeds"), para(run("On Reeds", "<w:sz w:val='36'/>")), line(TEXT)), "", "On Reeds"),
        ((bold("Abstract"), line(TEXT)), "", "my file"),
        ((bold("1. Introduction"), line(TEXT)), "On Reeds", "On Reeds"),
    ],
)
def test_the_title_is_the_line_that_looks_like_one(
    tmp_path: Path, blocks: tuple[str, ...], stated: str, title: str
) -> None:
    assert read(tmp_path, "my_file.docx", document(*blocks, title=stated)).title == title


@pytest.mark.parametrize(
    "heading", ["References", "REFERENCES", "Literature Cited", "7. References", "Acknowledgements"]
)
def test_a_plain_heading_begins_the_references(tmp_path: Path, heading: str) -> None:
    paper = read(
        tmp_path, "a.docx", document(line("On Reeds", "Title"), line(TEXT), line(heading), line("Alder C. 2001."))
    )
    assert sections(paper)[-1][1:] == (heading, "Alder C. 2001.")
    assert sections(paper)[-1][0] in ("references", "back_matter")


@pytest.mark.parametrize(
    "look",
    [
        "<w:vanish/>",
        "<w:vanish w:val='1'/>",
        "<w:color w:val='FFFFFF'/>",
        "<w:sz w:val='2'/>",
        "<w:rStyle w:val='Gone'/>",
    ],
)
def test_hidden_text_of_a_document_is_left_out_with_a_note(tmp_path: Path, look: str) -> None:
    styles = "<w:style w:type='character' w:styleId='Gone'><w:rPr><w:vanish/></w:rPr></w:style>"
    body = para(run(TEXT), run(" Reeds are nine metres tall.", look))
    paper = read(tmp_path, "a.docx", document(bold("On Reeds"), body, styles=styles))
    assert paper.text == f"On Reeds\n\n{TEXT}"
    assert paper.notes == ("23 invisible characters were left out",)


@pytest.mark.parametrize(
    "block",
    [
        para(run("Seen words.", "<w:vanish w:val='0'/>")),
        para(run("Seen words.", "<w:color w:val='FFFFFF'/><w:shd w:val='clear' w:fill='000000'/>")),
        para(run("Seen words.", "<w:color w:val='FFFFFF'/><w:highlight w:val='black'/>")),
        "<w:tbl><w:tr><w:tc>" + para(run("Seen words.", "<w:color w:val='FFFFFF'/>")) + "</w:tc></w:tr></w:tbl>",
        para(
            "<w:ins w:id='1'>" + run("Seen words.") + "</w:ins>",
            "<w:del><w:r><w:delText>Gone.</w:delText></w:r></w:del>",
        ),
        para("<w:moveFrom>" + run("Gone.") + "</w:moveFrom>", "<w:moveTo>" + run("Seen words.") + "</w:moveTo>"),
        para("<w:commentRangeStart w:id='0'/>", run("Seen words."), "<w:r><w:commentReference w:id='0'/></w:r>"),
    ],
)
def test_visible_text_of_a_document_is_read(tmp_path: Path, block: str) -> None:
    paper = read(tmp_path, "a.docx", document(bold("On Reeds"), line(TEXT), block))
    assert "Seen words." in paper.text
    assert "Gone." not in paper.text
    assert paper.notes == ()


def test_a_text_box_is_read_once_and_is_not_part_of_the_title(tmp_path: Path) -> None:
    inside = para(run("Boxed words."))
    box = (
        "<w:r><mc:AlternateContent xmlns:mc='http://schemas.openxmlformats.org/markup-compatibility/2006'>"
        f"<mc:Choice Requires='wps'><w:drawing><w:txbxContent>{inside}</w:txbxContent></w:drawing></mc:Choice>"
        f"<mc:Fallback><w:pict><v:textbox xmlns:v='urn:schemas-microsoft-com:vml'><w:txbxContent>{inside}"
        "</w:txbxContent></v:textbox></w:pict></mc:Fallback></mc:AlternateContent></w:r>"
    )
    title = para(run("On Reeds", "<w:b/>"), box)
    paper = read(tmp_path, "a.docx", document(title, line(TEXT)))
    assert paper.title == "On Reeds"
    assert paper.text.count("Boxed words.") == 1


@pytest.fixture
def assistant(tmp_path: Path) -> Iterator[Assistant]:
    with Assistant.open(library=tmp_path / "library", mode="quote") as assistant:
        yield assistant


def test_words_with_soft_hyphens_are_found_whole_in_every_format(tmp_path: Path, assistant: Assistant) -> None:
    words = "Reeds are co\u00adopera\u00adtive plants\u2060 of inter\u200bnatio\ufeffnal lakes."
    epub = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": '<container><rootfile full-path="o.opf"/></container>',
        "o.opf": '<package xmlns:dc="x"><metadata><dc:title>On Re\u00adeds E</dc:title></metadata><manifest>'
        '<item id="a" href="a.xhtml"/></manifest><spine><itemref idref="a"/></spine></package>',
        "a.xhtml": f"<html><body><p>{words.replace(chr(0xAD), '&shy;')}</p></body></html>",
    }
    jats = (
        "<article><front><article-meta><title-group><article-title>On Re\u00adeds J</article-title></title-group>"
        f"</article-meta></front><body><p>{words}</p></body></article>"
    )
    soft = para(
        run("Reeds are co"), "<w:r><w:softHyphen/></w:r>", run("operative plants of inter\u00adnational lakes.")
    )
    papers = [
        read(tmp_path, "a.html", (CASES / "17-soft-hyphen" / "a.html").read_bytes()),
        read(tmp_path, "b.epub", epub),
        read(tmp_path, "c.xml", jats),
        read(tmp_path, "d.docx", document(bold("On Re\u00adeds D"), soft)),
    ]
    assert [paper.title for paper in papers] == ["Soft Reeds", "On Reeds E", "On Reeds J", "On Reeds D"]
    assert all("cooperative plants of international lakes" in paper.text for paper in papers)
    assistant.add([tmp_path / name for name in ("a.html", "b.epub", "c.xml", "d.docx")])
    found = assistant.search("cooperative international")
    assert len({passage.title for passage in found}) == 4
    assert all("cooperative" in passage.text for passage in found)


def test_a_word_document_is_a_paper_with_its_tables_and_notes(tmp_path: Path) -> None:
    cells = ["".join(f"<w:tc>{line(c)}</w:tc>" for c in row) for row in (("month", "cover"), ("May", "3"))]
    paper = read(
        tmp_path,
        "a.docx",
        docx(
            line("Moss on Roofs", "Title"),
            line("Methods", "H1"),
            '<w:p><w:r><w:t>Moss grows</w:t></w:r><w:r><w:footnoteReference w:id="2"/></w:r>'
            "<w:r><w:t>.</w:t></w:r></w:p>",
            line("Then").replace("</w:p>", f" <w:r><w:t> </w:t></w:r>{WORD_FORMULA}</w:p>"),
            f"<w:p><m:oMathPara>{WORD_FORMULA}</m:oMathPara></w:p>",
            line("Table 1: Cover.", "Caption"),
            "<w:tbl>" + "".join(f"<w:tr>{row}</w:tr>" for row in cells) + "</w:tbl>",
            line("Figure 1: A roof.", "Caption"),
            line("References", "H1"),
            line("Stone. Old moss."),
            title="Document1",
        ),
    )
    assert (paper.title, paper.authors) == ("Moss on Roofs", ("Fern Green",))
    assert sections(paper) == [
        ("body", "Methods", "Moss grows."),
        ("footnote", "Methods", "Slowly in winter."),
        ("body", "Methods", "Then x_i ≤ (a+b)/2\n\nx_i ≤ (a+b)/2"),
        ("table", "Table 1: Cover. [month | cover]", "Table 1: Cover.\nmonth | cover\nMay | 3"),
        ("caption", "Figure 1", "Figure 1: A roof."),
        ("references", "References", "Stone. Old moss."),
    ]


@pytest.mark.parametrize(
    ("blocks", "stated", "title"),
    [
        ((line("Styled", "Title"), line("Head", "H1"), line("Moss grows.")), "Stated", "Styled"),
        ((line("Head", "H1"), line("Moss grows.")), "Stated", "Stated"),
        ((line("Head", "H1"), line("Moss grows.")), "", "Head"),
        ((line("Moss on Roofs"), line("Moss grows.")), "", "Moss on Roofs"),
        ((line("Moss grows."),), "", "my file"),
    ],
)
def test_the_title_of_a_word_document(tmp_path: Path, blocks: tuple[str, ...], stated: str, title: str) -> None:
    assert read(tmp_path, "my_file.docx", docx(*blocks, title=stated)).title == title


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"words", "it is not a valid Word document (.docx)"),
        (b"\xd0\xcf\x11\xe0" + bytes(600), "it is protected with a password, or in the format of Word before 2007"),
        ({"notes.txt": "words"}, "it is a zip archive, but not a Word document"),
        ({"word/document.xml": b" " * 30_000_000}, "it unpacks to 30 MB in 1 files, more than a paper holds"),
        ({"word/document.xml": "<w:p>" * 10}, "it is not a valid Word document"),
        ({"../a.xml": "words"}, "it holds a file with a path outside of it"),
        (docx("<w:p>" * 3000 + "</w:p>" * 3000), "it is not a valid Word document"),
        (docx(line("Moss on Roofs", "Title")), "the title 'Moss on Roofs' has no text"),
    ],
    ids=["no zip", "password", "other zip", "bomb", "broken", "outside", "deep", "no text"],
)
def test_an_invalid_word_document_is_refused(
    tmp_path: Path, content: bytes | dict[str, str | bytes], reason: str
) -> None:
    assert refusal(tmp_path, "a.docx", content).startswith(reason)
