"""Every format is read in every common encoding, and every bad file is reported with a reason."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers.reader import read, refusal
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.errors import SourceError
from rag.reading.formats import SUFFIXES, is_readable, read_file
from rag.text.cleaning import clean

HEADER = "new\n\nGet trending papers in your email inbox!\n\nSubscribe\n\nby someone and friends\n\nMar 3\n\n"


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "latin-1", "cp1252"]
)
@pytest.mark.parametrize("suffix", ["txt", "md", "html", "bib", "ris", "jsonl"])
def test_every_text_format_is_read_in_every_common_encoding(tmp_path: Path, suffix: str, encoding: str) -> None:
    title, body = "Der naïve Otter", "Où sont les loutres? Ils dorment à midi."
    content = {
        "txt": f"{title}\r\n\r\n{body}\r\n",
        "md": f"---\r\nyear: 2020\r\n---\r\n# {title}\r\n\r\n{body}\r\n",
        "html": f"<h1>{title}</h1><p>{body}</p>",
        "bib": f"@misc{{x, title={{{title}}},\n abstract={{{body}}}}}\n",
        "ris": f"TY  - JOUR\r\nTI  - {title}\r\nAB  - {body}\r\nER  - \r\n",
        "jsonl": json.dumps({"title": title, "text": body}, ensure_ascii=False) + "\r\n",
    }[suffix]
    assert read(tmp_path, f"a.{suffix}", content.encode(encoding)).text == f"{title}\n\n{body}"


@pytest.mark.parametrize("text", ["mi\u200ckh " * 30, "soft\u00adhy\u00adphens " * 30, "pri\ue000vate " * 30])
def test_characters_that_do_not_print_are_still_text(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, "a.txt", f"A Title\n\n{text}.").text.endswith(f"{clean(text)}.")


def test_a_few_broken_bytes_do_not_turn_a_utf8_file_into_latin1(tmp_path: Path) -> None:
    raw = "A Title\n\nCafé, naïve, Zürich.".encode() + b"\xe2\x80"
    assert read(tmp_path, "a.txt", raw).text == "A Title\n\nCafé, naïve, Zürich.\ufffd"


@pytest.mark.parametrize(
    "raw",
    [bytes(500), b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9, b"\xff\xfe\x00\xd8" * 40],
    ids=["zeros", "image", "broken utf-16"],
)
def test_bytes_that_are_not_text_are_refused(tmp_path: Path, raw: bytes) -> None:
    assert refusal(tmp_path, "a.txt", raw) == "its bytes are not text in any known encoding"


@pytest.mark.parametrize("suffix", sorted(SUFFIXES))
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
        ("a.odt", "x", "'.odt' files are not supported; supported formats: "),
        ("a", "x", "files without a suffix are not supported; supported formats: "),
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
MARKS += ["@article{a,", "title={", "}", "TY  - JOUR\n", "TI  - ", "AB  - ", "ER  - \n"]
MARKS += ['{"title": "a", "text": ', '"b"}\n']


@settings(deadline=None)
@given(
    st.sampled_from(sorted(SUFFIXES - {".pdf"})),
    st.one_of(
        st.binary(), st.lists(st.sampled_from(MARKS)).map(lambda parts: "".join(parts).encode(errors="surrogatepass"))
    ),
)
def test_any_bytes_yield_papers_or_a_reason(
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
