"""Where in a paper the kind of a question says to look: the abstract, a section of some name, a table or figure.

Only the papers that the question is about are looked through: the few that it is put to, or those that it names or
describes by words of their titles. Passages that are aimed at rank before all others, and a place that these papers
lack is reported.

A definition, a limitation or future work may be told anywhere: all candidate passages of these papers, or of the
library if there are none, are aimed at that have a sentence of the shape wanted (`shapes`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..store.search import Candidates
from ..text.kinds import ABSTRACT, BODY
from .places import is_place, mentions
from .scope import Scope
from .shapes import OF_SENTENCES, SECTIONS, fit
from .terms import stem, stems_in
from .wanted import TOPICS, Wanted

_CONCLUSION = re.compile(r"\bconclu|\bsummary\b", re.IGNORECASE)
_IN_ABSTRACT = {"summary": 1.0, "contributions": 0.7, "conclusions": 0.5}
_IN_CONCLUSION = {"summary": 0.7, "conclusions": 1.0, "contributions": 0.5, "limitations": 0.5, "future": 0.7}
"""How far these parts are where to look, by the kind of the question."""
_SHAPED = 0.9  # how far a passage is where to look whose best sentence fits in full
_SURE = 0.8  # from which a definition is sure to be one
_LEAST_SHAPE = 0.5  # how far its best sentence has to fit


@dataclass(frozen=True, slots=True)
class Aim:
    """What a question aims at.

    Attributes:
        at: how far each candidate chunk is where to look, from 0 to 1, (rows,).
        papers: keys of the papers that it is about, if its kind says where to look in them.
        missing: the places that it names and that none of these papers has, as `Table 9`.
        is_found: whether something is where the kind says to look, and is about the subject that the question names.
    """

    at: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    papers: tuple[int, ...] = ()
    missing: tuple[str, ...] = ()
    is_found: bool = False


def aim_of(wanted: Wanted, scope: Scope, candidates: Candidates) -> Aim:
    """Return where a question aims at in the papers that it is about.

    There are none if the question's kind does not say where to look, or if it is put to a library and names none.
    """
    if not wanted.places and wanted.kind not in TOPICS | OF_SENTENCES:
        return Aim(np.zeros(len(candidates)))
    papers = scope.papers or scope.named
    at = np.zeros(len(candidates))
    rows = [row for row, paper in enumerate(candidates.paper_keys) if paper in papers]
    for row in rows:
        at[row] = _aimed_at(wanted, candidates.chunk(row).section or "", candidates.kind(row))
    if wanted.kind in OF_SENTENCES:
        _add_shaped(at, wanted, candidates, rows or range(len(candidates)))
    if wanted.kind == "definition":
        return Aim(at, is_found=bool(at.max(initial=0.0) >= _SURE))
    found = [row for row in rows if at[row] >= 1.0]
    return Aim(at, papers, _missing(wanted, candidates, rows), _is_about(wanted, candidates, found))


def _add_shaped(at: NDArray[np.float64], wanted: Wanted, candidates: Candidates, rows: Sequence[int]) -> None:
    """Aim at the passages with a sentence that has the shape that the question wants."""
    for row, text in candidates.texts(rows).items():
        chunk, kind = candidates.chunk(row), candidates.kind(row)
        sentences = (text[start - chunk.start : end - chunk.start] for start, end in chunk.sentences)
        best = max((fit(wanted, chunk.section, kind, sentence) for sentence in sentences), default=0.0)
        at[row] = max(at[row], _SHAPED * best if best >= _LEAST_SHAPE else 0.0)


def _aimed_at(wanted: Wanted, section: str, kind: str) -> float:
    if any(is_place(section, place) for place in wanted.places):
        return 1.0
    named = SECTIONS.get(wanted.kind)
    if named and named.search(section):
        return 1.0
    if kind == ABSTRACT or (kind == BODY and not section):  # an abstract may have no heading
        return _IN_ABSTRACT.get(wanted.kind, 0.0)
    return _IN_CONCLUSION.get(wanted.kind, 0.0) if _CONCLUSION.search(section) else 0.0


def _is_about(wanted: Wanted, candidates: Candidates, rows: Sequence[int]) -> bool:
    """Return whether some passages with the titles of their papers hold half of the subject's words, if it has any."""
    subject = set(map(stem, wanted.subject))
    texts = candidates.texts(rows)
    held = set().union(*(stems_in(f"{candidates.readable_title(candidates.paper_keys[r])} {texts[r]}") for r in texts))
    return bool(texts) and len(subject & held) >= 0.5 * len(subject)


def _missing(wanted: Wanted, candidates: Candidates, rows: Sequence[int]) -> tuple[str, ...]:
    """Return the places that neither a section's title nor a passage in some rows names."""
    if not wanted.places or not rows:
        return ()
    texts = {candidates.paper_keys[row]: row for row in candidates.texts(rows)}
    titles = {candidates.chunk(row).section or "" for row in rows}
    return tuple(
        place
        for place in wanted.places
        if not any(is_place(title, place) for title in titles)
        and not any(mentions(candidates.paper_text(row), place) for row in texts.values())
    )
