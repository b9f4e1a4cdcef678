"""Fixtures for the tests of bibliographies."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.zotero_folder import ZoteroFolder


@pytest.fixture
def zotero(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ZoteroFolder]:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    made = ZoteroFolder(tmp_path / "library" / "Zotero")
    yield made
    made.database.close()


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    """Return a folder for a .bib file, with other files in and around it."""
    folder = tmp_path / "papers"
    for name in (
        "one.pdf",
        "files/12/Reed - 2020 - Otters.pdf",
        "files/12/page.html",
        "a_b.pdf",
        "Reeds: a study.pdf",
        "x; y.pdf",
        "reeds & moss.pdf",
        "über.pdf",
        "note.png",
        "../out.pdf",
        "../home/reed/mendeley.pdf",
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("content")
    return folder
