"""The state of an `add`: sources that were read, and papers that wait to be embedded."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..types import Failure, Paper
from .plan import PaperKey


@dataclass(slots=True)
class Pending:
    """A paper to embed; `stored` is the key of its old version, and of the paper itself once it is stored."""

    paper: Paper
    key: PaperKey
    job: Job
    stored: int | None
    corrections: dict[str, Any] = field(default_factory=dict)  # already applied to `paper`
    done: bool = False  # stored, or left out because it was removed meanwhile


@dataclass(slots=True)
class Job:
    """A source that was read, and its papers. `digest` is None if only abstracts were read."""

    location: str
    name: str
    named: bool  # by the user, not found in a folder
    digest: str | None
    source: int = 0
    papers: list[int | Pending] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)  # of some of its entries
    reported: bool = False

    @property
    def is_ready(self) -> bool:
        """Whether all its papers are stored."""
        return all(isinstance(paper, int) or paper.done for paper in self.papers)

    @property
    def stored(self) -> set[int]:
        """The keys of its papers that are stored."""
        keys = (paper if isinstance(paper, int) else paper.stored for paper in self.papers)
        return {key for key in keys if key is not None}
