"""Each JSON line is a paper, and each broken line is a failure."""

from __future__ import annotations

import json
from pathlib import Path

from helpers.reader import failures, read, read_papers


def test_a_json_line_is_a_paper_with_all_its_metadata(tmp_path: Path) -> None:
    row = {"title": "Otters", "abstract": "We \ud800count.\u0000", "authors": ["Ann Lee", {"name": "Bo Roe"}]}
    row |= {"year": "2020-01-02", "doi": "doi:10.1/x", "arxiv_id": "https://arxiv.org/abs/2001.00001v2", "url": "u"}
    paper = read(tmp_path, "a.ndjson", json.dumps(row))
    assert (paper.text, paper.authors, paper.year) == ("Otters\n\nWe  count.", ("Ann Lee", "Bo Roe"), 2020)
    assert (paper.doi, paper.arxiv_id, paper.url, paper.extent) == ("10.1/x", "2001.00001v2", "u", "abstract")


def test_broken_json_lines_are_reported_and_do_not_affect_others(tmp_path: Path) -> None:
    reading = read_papers(
        tmp_path,
        "a.jsonl",
        b'\xef\xbb\xbf{"title": "One", "text": "text"}\n\n{"title": "Two", "te\n[1]\n{"title": "No text"}\n'
        b'{"text": "no title"}\n{"title": "T", "text": 5}\n\x00\x01\x02\x03\n' + b"[" * 100_000 + b'\n{"title": "", '
        b'"text": "x"}\n{"title": "Last", "text": "text", "year": "soon", "authors": 3}',
    )
    assert [(p.title, p.extent) for p in reading.papers] == [("One", "full"), ("Last", "full")]
    reasons = dict(failures(reading))
    assert sorted(reasons) == [3, 4, 5, 6, 7, 8, 9, 10]
    assert reasons[3] == "the line is not valid JSON (Unterminated string starting at, column 18)"
    assert reasons[4] == "the line is not a JSON object with `title` and `text`"
    assert reasons[5] == "the title 'No text' has no text"
    assert reasons[6] == reasons[7] == "`title` and `text` (or `abstract`) must be strings"
    assert reasons[8].startswith("the line cannot be read (its bytes are not text")
    assert reasons[9].startswith("the line cannot be read (")
    assert reasons[10] == "it has a text but no title"
