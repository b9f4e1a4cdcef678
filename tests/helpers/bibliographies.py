"""Read BibTeX items, and the bibliographies among the test cases."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from helpers.papers import CASES
from rag.reading.bibliography.bibtex import bibtex_items
from rag.reading.formats import read_file
from rag.reading.sources import Item
from rag.types import Paper


def items(folder: Path, content: str, **options: Any) -> list[Item]:
    """Return the items of BibTeX text, which must have no broken entries."""
    (folder / "a.bib").write_text(content)
    found, broken = bibtex_items(folder / "a.bib", **options)
    assert broken == []
    return found


def case(name: str, file: str) -> list[Paper]:
    """Return the papers in a file of the test cases."""
    reading = read_file(CASES / name / file, file)
    assert reading.failures == []
    return reading.papers
