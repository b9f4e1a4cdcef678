"""Files to papers: every format, every kind of bad file, and what a text reads like without LaTeX left-overs."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.errors import SourceError
from rag.reading import formats as readers
from rag.reading.formats import is_readable, read_file
from rag.reading.sources import Reading
from rag.text.cleaning import clean
from rag.text.readable import folded, readable
from rag.types import Paper

HEADER = "new\n\nGet trending papers in your email inbox!\n\nSubscribe\n\nby someone and friends\n\nMar 3\n\n"
TITLES = [f"Counting {animal} From Camera Kites Over Rivers" for animal in ("Otters", "Beavers", "Herons", "Newts")]
ABSTRACTS = [f"We count {n} animals in café number {n} by the river. " * 9 + "They rest." for n in range(4)]
ENTRIES = "\n\n".join(block for pair in zip(TITLES, ABSTRACTS, strict=True) for block in pair)


def read(folder: Path, name: str, content: str | bytes) -> Reading:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_file(path, name)


def refusal(folder: Path, name: str, content: str | bytes) -> str:
    with pytest.raises(SourceError) as caught:
        read(folder, name, content)
    return str(caught.value)


def only(reading: Reading) -> Paper:
    assert not reading.failures
    (paper,) = reading.papers
    return paper


def sections(paper: Paper) -> list[tuple[str | None, str]]:
    return [(s.title, paper.text[s.start : s.end]) for s in paper.sections]


def failures(reading: Reading) -> list[tuple[int | None, str]]:
    return [(failure.line, failure.reason) for failure in reading.failures]


# Text


def test_a_text_is_a_title_and_its_paragraphs(tmp_path: Path) -> None:
    paper = only(read(tmp_path, "a.txt", "A Title\n\nOne is here.\n \n\nTwo is\nthere.\n"))
    assert (paper.title, paper.text, paper.sections) == ("A Title", "A Title\n\nOne is here.\n\nTwo is\nthere.", ())


def test_a_lone_paragraph_takes_the_file_s_name_as_title(tmp_path: Path) -> None:
    paper = only(read(tmp_path, "river_notes.txt", "Otters swim. They rest at noon."))
    assert (paper.title, paper.text) == ("river notes", "river notes\n\nOtters swim. They rest at noon.")


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "latin-1", "cp1252"]
)
@pytest.mark.parametrize("suffix", ["txt", "md", "html", "bib", "ris", "jsonl"])
def test_every_text_format_is_read_in_every_usual_encoding(tmp_path: Path, suffix: str, encoding: str) -> None:
    title, body = "Der naïve Otter", "Où sont les loutres? Ils dorment à midi."
    content = {
        "txt": f"{title}\r\n\r\n{body}\r\n",
        "md": f"---\r\nyear: 2020\r\n---\r\n# {title}\r\n\r\n{body}\r\n",
        "html": f"<h1>{title}</h1><p>{body}</p>",
        "bib": f"@misc{{x, title={{{title}}},\n abstract={{{body}}}}}\n",
        "ris": f"TY  - JOUR\r\nTI  - {title}\r\nAB  - {body}\r\nER  - \r\n",
        "jsonl": json.dumps({"title": title, "text": body}, ensure_ascii=False) + "\r\n",
    }[suffix]
    assert only(read(tmp_path, f"a.{suffix}", content.encode(encoding))).text == f"{title}\n\n{body}"


@pytest.mark.parametrize("text", ["mi\u200ckh " * 30, "soft\u00adhy\u00adphens " * 30, "pri\ue000vate " * 30])
def test_characters_that_do_not_print_are_still_text(tmp_path: Path, text: str) -> None:
    assert only(read(tmp_path, "a.txt", f"A Title\n\n{text}.")).text.endswith(f"{clean(text)}.")


def test_a_few_broken_bytes_do_not_turn_a_utf8_file_into_latin1(tmp_path: Path) -> None:
    raw = "A Title\n\nCafé, naïve, Zürich.".encode() + b"\xe2\x80"
    assert only(read(tmp_path, "a.txt", raw)).text == "A Title\n\nCafé, naïve, Zürich.\ufffd"


@pytest.mark.parametrize(
    "raw",
    [
        bytes(500),
        b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9,
        b"\xff\xfe\x00\xd8" * 40,
    ],
    ids=["zeros", "image", "broken utf-16"],
)
def test_bytes_that_are_no_text_are_refused(tmp_path: Path, raw: bytes) -> None:
    assert refusal(tmp_path, "a.txt", raw) == "its bytes are not text in any known encoding"


@pytest.mark.parametrize("suffix", sorted(readers.SUFFIXES))
def test_an_empty_file_of_any_format_is_refused(tmp_path: Path, suffix: str) -> None:
    assert is_readable(tmp_path / f"a{suffix.upper()}")
    assert refusal(tmp_path, f"a{suffix}", b"") == "the file is empty"


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.txt", " \n\t\n", "the file has only white space"),
        ("a.txt", "A Title Alone\n", "the title 'A Title Alone' has no text"),
        ("a.txt", "A Title\n\n* * *\n", "the title 'A Title' has no text"),
        ("a.md", "# A Title\n", "the title 'A Title' has no text"),
        ("a.html", "<h1>A Title</h1><script>text()</script>", "the title 'A Title' has no text"),
        ("a.bib", "no entry in here", "there is no entry in it"),
        ("a.ris", "nor a record here", "there is no record in it"),
        ("a.jsonl", "\n\n", "there is no paper in it"),
        ("a.txt", HEADER, "there is no paper in it"),
        ("a.odt", "x", "files of the kind '.odt' are not read; known are "),
        ("a", "x", "files of the kind '(no suffix)' are not read; known are "),
    ],
)
def test_a_file_without_a_paper_says_what_is_wrong(tmp_path: Path, name: str, content: str, reason: str) -> None:
    assert refusal(tmp_path, name, content).startswith(reason)


@pytest.mark.parametrize("suffix", ["txt", "md", "html", "bib", "ris"])
def test_a_100_mb_text_is_refused_before_it_is_read(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    with path.open("wb") as file:
        file.truncate(100_000_000)
    with pytest.raises(SourceError, match="it has 100 MB; texts above 20 MB are not read as papers"):
        read_file(path, path.name)


@pytest.mark.parametrize("name", ["a.txt", "a.pdf", "a.jsonl"])
def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(SourceError, match="the file cannot be read: No such file or directory"):
        read_file(tmp_path / name, name)
    (tmp_path / name).mkdir()
    with pytest.raises(SourceError, match="the file cannot be read: Is a directory"):
        read_file(tmp_path / name, name)


MARKS = ["---\n", "title: x\n", "\n\n", "# ", "|", "[", "<p>", "<tr><td>", "<h1>", "\0", "\ud800", "é", "a b. ", HEADER]
MARKS += [
    "@article{a,",
    "title={",
    "}",
    "TY  - JOUR\n",
    "TI  - ",
    "AB  - ",
    "ER  - \n",
    '{"title": "a", "text": ',
    '"b"}\n',
]


@settings(deadline=None)
@given(
    st.sampled_from(sorted(readers.SUFFIXES - {".pdf"})),
    st.one_of(
        st.binary(), st.lists(st.sampled_from(MARKS)).map(lambda parts: "".join(parts).encode(errors="surrogatepass"))
    ),
)
def test_any_bytes_give_papers_or_a_reason(
    tmp_path_factory: pytest.TempPathFactory, suffix: str, content: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / f"any{suffix}"
    path.write_bytes(content)
    try:
        reading = read_file(path, path.name)
    except SourceError:
        return
    assert reading.papers or reading.failures
    for paper in reading.papers:
        paper.text.encode()
        assert paper.text.startswith(f"{paper.title}\n\n")
        assert all(0 < s.start < s.end <= len(paper.text) for s in paper.sections)


# Pages of titles and abstracts


def test_a_page_gives_a_paper_a_pair_of_blocks(tmp_path: Path) -> None:
    reading = read(tmp_path, "page.txt", HEADER + ENTRIES)
    assert [(p.title, p.text) for p in reading.papers] == [
        (t, f"{t}\n\n{a}") for t, a in zip(TITLES, ABSTRACTS, strict=True)
    ]
    assert not reading.failures


@pytest.mark.parametrize("lines", [1, 2, 3, 4, 5])
def test_a_page_that_lost_its_header_is_read_and_reported(tmp_path: Path, lines: int) -> None:
    rest = "\n\n".join((HEADER + ENTRIES).split("\n\n")[lines:])
    reading = read(tmp_path, "page.txt", rest)
    assert [p.title for p in reading.papers] == TITLES
    reason = "the page's header of five blocks is incomplete; its titles and abstracts were read anyway"
    assert failures(reading) == [(1, reason)]


def test_a_page_that_begins_in_an_abstract_keeps_titles_and_abstracts_together(tmp_path: Path) -> None:
    reading = read(tmp_path, "page.txt", ENTRIES[len(TITLES[0]) + 30 :])
    assert [(p.title, p.text) for p in reading.papers] == [
        (t, f"{t}\n\n{a}") for t, a in zip(TITLES[1:], ABSTRACTS[1:], strict=True)
    ]
    assert [line for line, _ in failures(reading)] == [1, 1]
    assert failures(reading)[1][1].endswith("has no title")


@pytest.mark.parametrize("kept", [3, 60, 310], ids=["in its first word", "in its second sentence", "in the middle"])
@pytest.mark.parametrize("header", [HEADER, ""], ids=["with header", "without"])
def test_a_page_cut_off_in_an_abstract_loses_that_paper_alone(tmp_path: Path, header: str, kept: int) -> None:
    whole = header + ENTRIES
    reading = read(tmp_path, "page.txt", whole[: whole.index(ABSTRACTS[3]) + kept])
    assert [p.title for p in reading.papers] == TITLES[:3]
    line = 25 if header else 15
    assert failures(reading)[-1] == (line, f"the page ends in the middle of the abstract of {TITLES[3]!r}")


def test_a_page_cut_off_within_a_character_keeps_its_other_characters(tmp_path: Path) -> None:
    raw = (HEADER + ENTRIES).encode()
    reading = read(tmp_path, "page.txt", raw[: raw.rindex("é".encode()) + 1])
    assert [p.text for p in reading.papers] == [f"{t}\n\n{a}" for t, a in zip(TITLES[:3], ABSTRACTS[:3], strict=True)]
    assert failures(reading) == [(25, f"the page ends in the middle of the abstract of {TITLES[3]!r}")]


@pytest.mark.parametrize("title", ["A", "A Title About Newts"])
def test_a_page_cut_off_after_a_title_names_it(tmp_path: Path, title: str) -> None:
    reading = read(tmp_path, "page.txt", f"{HEADER}{ENTRIES}\n\n{title}")
    assert len(reading.papers) == 4
    assert failures(reading) == [(27, f"the page ends after the title {title!r}, before its abstract")]


def test_a_title_without_a_text_does_not_shift_the_entries_after_it(tmp_path: Path) -> None:
    reading = read(tmp_path, "page.txt", HEADER + ENTRIES.replace(ABSTRACTS[1] + "\n\n", ""))
    assert [p.title for p in reading.papers] == [TITLES[0], TITLES[2], TITLES[3]]
    assert failures(reading) == [(15, f"the title {TITLES[1]!r} has no text")]


def test_a_text_with_short_and_long_paragraphs_is_no_page(tmp_path: Path) -> None:
    text = "\n\n".join(["Introduction", "We count otters on the river. " * 20] * 4)
    assert only(read(tmp_path, "a.txt", text)).title == "Introduction"


def test_the_five_pages_hold_402_entries_and_341_papers(seeds: Path) -> None:
    readings = [read_file(path, path.name) for path in sorted(seeds.glob("*.txt"))]
    papers = [paper for reading in readings for paper in reading.papers]
    assert [len(reading.papers) for reading in readings] == [78, 81, 71, 92, 80]
    assert not any(reading.failures for reading in readings)
    assert (len(papers), len({(folded(p.title), p.text) for p in papers})) == (402, 341)
    assert all(paper.text.startswith(paper.title + "\n\n") for paper in papers)


def test_a_real_page_cut_anywhere_loses_one_paper_at_most(tmp_path: Path, seeds: Path) -> None:
    raw = (seeds / sorted(p.name for p in seeds.iterdir())[3]).read_bytes()
    whole = read(tmp_path, "whole.txt", raw).papers
    for size in range(400, len(raw), 7919):
        papers = read(tmp_path, "cut.txt", raw[:size]).papers
        entries = len(raw[:size].strip().split(b"\n\n")) - 5
        assert papers[: entries // 2 - 1] == whole[: entries // 2 - 1]
        assert entries // 2 - 1 <= len(papers) <= (entries + 1) // 2


# Markdown


def test_markdown_gives_front_matter_sections_and_rows(tmp_path: Path) -> None:
    paper = only(
        read(
            tmp_path,
            "a.md",
            "---\ntitle: 'Kites: a Study'\nauthors: [Ann Lee, Bo Roe]\nyear: 2020\nvenue: River Journal\n"
            "doi: https://doi.org/10.1/Kite\narxiv_id: arXiv:2001.00001\ntags: [birds]\n---\n"
            "Some *intro* with `code`,\na [link](http://x.org) &amp; <b>more</b>.\n\n## Two **kites**\n\n"
            "| net | fish |\n|-----|------|\n| big | 12 |\n\n- one\n- two\n\n> quoted\n\n```\nx = 1\n```\n\n"
            "Three\n-----\n\nend\n\n### Nothing\n",
        )
    )
    assert sections(paper) == [
        (None, "Some intro with code, a link & more."),
        ("Two kites", "net | fish\n\nbig | 12\n\none\n\ntwo\n\nquoted\n\nx = 1"),
        ("Three", "end"),
    ]
    assert paper.text == "\n\n".join(["Kites: a Study", *(text for _, text in sections(paper))])
    details = paper.to_dict()
    assert {key: details[key] for key in ("title", "authors", "year", "venue", "doi", "arxiv_id", "tags")} == {
        "title": "Kites: a Study",
        "authors": ["Ann Lee", "Bo Roe"],
        "year": 2020,
        "venue": "River Journal",
        "doi": "10.1/Kite",
        "arxiv_id": "2001.00001",
        "tags": ["birds"],
    }


@pytest.mark.parametrize(
    ("content", "title"),
    [
        ("# First *one*\n\ntext\n\n# Second\n\nmore", "First one"),
        ("---\ntitle:\n---\n# Heading\n\ntext", "Heading"),
        ("---\ntitle: ''\n---\n# Heading\n\ntext", "Heading"),
        ("---\ntitle: 1984\n---\n# Heading\n\ntext", "1984"),
        ("just text", "my notes"),
    ],
)
def test_a_markdown_title_is_the_front_matter_s_else_the_first_heading(
    tmp_path: Path, content: str, title: str
) -> None:
    assert only(read(tmp_path, "my_notes.md", content)).title == title


def test_broken_front_matter_names_its_line(tmp_path: Path) -> None:
    reason = refusal(tmp_path, "a.md", "---\ntitle: fine\nvenue: : broken\n---\ntext")
    assert reason == "its front matter (line 3) is not valid YAML"


# JSON lines


def test_a_json_line_gives_a_paper_with_all_that_it_states(tmp_path: Path) -> None:
    row = {"title": "Otters", "abstract": "We \ud800count.\u0000", "authors": ["Ann Lee", {"name": "Bo Roe"}]}
    row |= {"year": "2020-01-02", "doi": "doi:10.1/x", "arxiv_id": "https://arxiv.org/abs/2001.00001v2", "url": "u"}
    paper = only(read(tmp_path, "a.ndjson", json.dumps(row)))
    assert (paper.text, paper.authors, paper.year) == ("Otters\n\nWe  count.", ("Ann Lee", "Bo Roe"), 2020)
    assert (paper.doi, paper.arxiv_id, paper.url) == ("10.1/x", "2001.00001v2", "u")


def test_broken_json_lines_are_named_and_cost_no_other(tmp_path: Path) -> None:
    reading = read(
        tmp_path,
        "a.jsonl",
        b'\xef\xbb\xbf{"title": "One", "text": "text"}\n\n{"title": "Two", "te\n[1]\n{"title": "No text"}\n'
        b'{"text": "no title"}\n{"title": "T", "text": 5}\n\x00\x01\x02\x03\n' + b"[" * 100_000 + b'\n{"title": "", '
        b'"text": "x"}\n{"title": "Last", "text": "text", "year": "soon", "authors": 3}',
    )
    assert [p.title for p in reading.papers] == ["One", "Last"]
    reasons = dict(failures(reading))
    assert sorted(reasons) == [3, 4, 5, 6, 7, 8, 9, 10]
    assert reasons[3] == "the line is not valid JSON (Unterminated string starting at, column 18)"
    assert reasons[4] == "the line is not a JSON object with `title` and `text`"
    assert reasons[5] == "the title 'No text' has no text"
    assert reasons[6] == reasons[7] == "`title` and `text` (or `abstract`) must be strings"
    assert reasons[8].startswith("the line cannot be read (its bytes are not text")
    assert reasons[9].startswith("the line cannot be read (")
    assert reasons[10] == "it has a text but no title"


# The readable form


@pytest.mark.parametrize(
    ("text", "form"),
    [
        (r"na\"ive na{\"i}ve na\"{\i}ve", "naïve naïve naïve"),
        (r"Erd\H{o}s, \'{E}mile, {\c c}a, \v{S}, \o re, stra\ss{}e", "Erdős, Émile, ça, Š, øre, straße"),
        (r"34.0\% of R\&D, item \#1, \$5, a\_b", "34.0% of R&D, item #1, $5, a_b"),
        ("``quotes'' and `single' ones", "\"quotes\" and 'single' ones"),
        (r"\ours{} beats \ours", "ours beats ours"),
        (r"\textbf{a \emph{b}}, {\em c} and {\bf d}", "a b, c and d"),
        (r"10$\times$ faster, $O(n \log n)$, $\alpha$-cut, $$x_{i}^{2}$$", "10× faster, O(n log n), α-cut, x_i^2"),
        (r"\frac{1}{2} of \sqrt{2}, 10$^{-3}$, H\textsubscript{2}O", "1/2 of √2, 10^(-3), H2O"),
        (r"code\url{https://x.org/~me/a_b}", "codehttps://x.org/~me/a_b"),
        (r"\href{https://x.org}{here}, as \citep{lee20} says", "here, as [lee20] says"),
        (r"Fig.~3, 5--6, x---y, 5\,cm", "Fig. 3, 5–6, x–y, 5 cm"),
        (r"{{{{DNA}}}} and \\ next", "DNA and  next"),
        (r"30\textdegree{} C, \pounds 5, \textless{}5, 20$^\circ$C", "30° C, £5, <5, 20°C"),
        (r"{\DJ}or{\dj}evi\'c, Nguy{\~{\^e}}n, Th{\d i}, Garc\'\i a", "Đorđević, Nguyễn, Thị, García"),
        (r"\SI{3}{\micro\metre}, \qty{5}{\kilo\gram\per\metre}, \ang{30}", "3 μm, 5 kg/m, 30°"),
        (r"{\ours}, pre\-historic {\textquotedblleft}North{\textquotedblright}", "ours, prehistoric “North”"),
        (r"$x_{in}$, $\frac{\sqrt{2}}{3}$, \emph{{S} x}, $f:\alpha\to\R$", "x_in, √2/3, S x, f:α→R"),
        (r"\$5 and \$6, 10\textsuperscript{3}, \revised{this} one", "$5 and $6, 10^3, this one"),
    ],
)
def test_latex_left_overs_are_resolved(text: str, form: str) -> None:
    assert readable(text) == form


@pytest.mark.parametrize(
    "text",
    [
        "It costs $5 here and $6 there.",
        "The set {1, 2} and the object {'a': 1}.",
        "Call `f(x)` with --flag on https://x.org/~me.",
        "Don't: it's 3.5% of ~100, e.g. a_b or x^2 [3].",
        "naïve – “quoted” … 标题 🦦\n\nsecond",
        r"Let {S} be the set, {in} its entries, {Delta} and {le} two names; read C:\temp\new first.",
        r"See \\server\share\alpha, D:\data\in\times, C:\\temp\\new, a\sub\x.txt, C:\Program Files\in and CORP\alice.",
        r"It\'s \"quoted\", say \d+, \w*, \S+ or \n and \u00e9.",
        "Set $HOME/a_b:$PATH for $5; y~x in {DNA}.",
    ],
)
def test_a_text_without_left_overs_is_unchanged(text: str) -> None:
    assert readable(text) == text


PIECES = r"\ { } $ ` ' ~ ^ _ - -- % \" \textbf{ \em \c \o \alpha \frac{ \cite{ }{ a B 1 é".split()
LATEX = st.lists(st.sampled_from([*PIECES, " ", "\n"])).map("".join)


@settings(deadline=None)
@given(st.one_of(LATEX, st.text()))
def test_the_readable_form_of_any_text_is_its_own_readable_form(text: str) -> None:
    once = readable(text)
    assert readable(once) == once


@settings(deadline=None)
@given(st.text(st.characters(exclude_characters="\\{}$`~'-")))
def test_without_a_mark_of_latex_nothing_is_changed(text: str) -> None:
    assert readable(text) == text


def test_titles_are_compared_without_case_marks_or_left_overs() -> None:
    assert folded(r"The {DNA} of  Na\"ive Otters!") == folded("the dna of naïve otters") == "the dna of naïve otters"


@pytest.mark.parametrize(
    "piece", ["a.", "$a", "\\emph{", "C:\\a", '\\"a', "\\(", "{a", "^{a", "a\\b", "\\frac{a}{", "`a", "\\SI{", "{\\em "]
)
def test_the_readable_form_costs_time_in_step_with_length(piece: str) -> None:
    def seconds(length: int) -> float:
        start = time.perf_counter()
        readable("\\% " + piece * (length // len(piece)))
        return time.perf_counter() - start

    seconds(1000)
    assert seconds(20_000) < 8 * seconds(5_000) + 0.2
