"""Markdown is read into sections and tables, and its front matter into metadata."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.reader import read, refusal

from rag.types import Paper


def sections(paper: Paper) -> list[tuple[str | None, str]]:
    return [(s.title, paper.text[s.start : s.end]) for s in paper.sections]


def test_markdown_is_read_with_front_matter_sections_and_tables(tmp_path: Path) -> None:
    paper = read(
        tmp_path,
        "a.md",
        "---\ntitle: 'Kites: a Study'\nauthors: [Ann Lee, Bo Roe]\nyear: 2020\nvenue: River Journal\n"
        "doi: https://doi.org/10.1/Kite\narxiv_id: arXiv:2001.00001\ntags: [birds]\n---\n"
        "Some *intro* with `code`,\na [link](http://x.org) &amp; <b>more</b>.\n\n## Two **kites**\n\n"
        "| net | fish |\n|-----|------|\n| big | 12 |\n\n- one\n- two\n\n> quoted\n\n```\nx = 1\n```\n\n"
        "Three\n-----\n\nend\n\n### Nothing\n",
    )
    assert sections(paper) == [
        (None, "Some intro with code, a link & more."),
        ("Two kites [net | fish]", "net | fish\nbig | 12"),
        ("Two kites", "one\n\ntwo\n\nquoted\n\nx = 1"),
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
    assert read(tmp_path, "my_notes.md", content).title == title


def test_broken_front_matter_names_its_line(tmp_path: Path) -> None:
    reason = refusal(tmp_path, "a.md", "---\ntitle: fine\nvenue: : broken\n---\ntext")
    assert reason == "its front matter (line 3) is not valid YAML"
