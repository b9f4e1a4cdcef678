"""Make a record of papers with metadata and without vectors, for what is found without a search."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from rag.store.papers import Records
from rag.types import Paper

READ = (
    Paper("OTTERNET: Counting Otters from Kites", "", authors=("Eva van Brook", "Tom Hill"), year=2019,
          venue="Journal of River Studies", doi="10.1234/otter", citekey="brook2019otter", tags=("rivers",)),
    Paper("Tidal Clocks for Sensor Networks", "", authors=("Tom Hill", "Jürgen Öztürk"), year=2021,
          venue="Proceedings of TIDE", citekey="hill2021"),
    Paper("A Grammar of Bird Alarm Calls", "", authors=("Thomas B. Hill",), year=2021,
          venue="Journal of River Studies"),
    Paper("Moss on Roofs: A Survey of Cities", "", authors=("Eva van Brook",), tags=("rivers",)),
    Paper("Attention: How Owls Listen", "", authors=("Maria Ruiz",), year=1998, collections=("Night",)),
)  # fmt: skip
"""Invented papers, some with complete metadata and some with gaps."""


def record_of(folder: Path, papers: Iterable[Paper] = READ) -> Records:
    """Return a record of papers, with their positions from 1 as keys."""
    records = Records(folder / "footnote.sqlite")
    with records.transaction() as db:
        for number, paper in enumerate(papers):
            text = f"{paper.title}\n\n{paper.text}"
            stored = Paper(**{name: getattr(paper, name) for name in _FIELDS} | {"text": text})
            records.put_paper(
                db, stored, np.zeros(4, np.float32), [], reading=(paper.title, str(number)), corrections={}
            )
    return records


_FIELDS = ("title", "authors", "year", "venue", "doi", "citekey", "tags", "collections", "certainty")
