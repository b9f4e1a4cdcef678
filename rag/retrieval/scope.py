"""Scope: the papers that a question is put to, and how its passages are shared among them.

- One paper (named, left by the filters, or the only one in the library): all its passages are candidates, and it may
  give any number of them.
- A few papers (2 to 5): all their passages are candidates, and each paper gives its fair share, as far as it has that
  many.
- The library, or more papers than these: at most `[retrieval] passages_per_paper` of one paper.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ..store.papers import Records

MAX_FEW = 5
"""The most papers that a question may be limited to and still be taken to be about each of them."""

_WHOLE = 1000  # chunks: longer papers, such as books, give their nearest chunks and those with the question's words


@dataclass(frozen=True, slots=True)
class Scope:
    """The papers that a question is put to.

    Attributes:
        papers: keys of the papers that the question is about, at most `MAX_FEW`; none where it is put to a library.
        per_paper: the most passages of one paper in a library.
    """

    papers: tuple[int, ...]
    per_paper: int

    def shared(self, order: Sequence[int], papers: Sequence[int], count: int) -> list[int]:
        """Return the best `count` rows of `order`, in its order, with as many of each paper as the scope grants.

        `papers` has the paper of each row.
        """
        if not self.papers:
            return _at_most(order, papers, self.per_paper)[:count]
        share = _at_most(order, papers, math.ceil(count / len(self.papers)))[:count]
        is_taken = set(share)
        rest = [row for row in order if row not in is_taken][: count - len(share)]
        taken = is_taken.union(rest)
        return [row for row in order if row in taken]


def scope_of(records: Records, papers: Sequence[int] | None, per_paper: int) -> Scope:
    """Return the scope of a question that is limited to some papers, None for all; `per_paper` is the setting."""
    few = records.first_papers(2) if papers is None else papers
    most = 1 if papers is None else MAX_FEW
    return Scope(tuple(few) if len(few) <= most else (), per_paper)


def chunks_of_papers(records: Records, papers: Sequence[int]) -> list[int] | None:
    """Return the keys of all chunks of some papers; None where they are too many to compare one by one."""
    return records.chunks_of(papers, _WHOLE) if papers else None


def _at_most(order: Sequence[int], papers: Sequence[int], most: int) -> list[int]:
    """Return the rows of `order` without those of a paper after its best `most`."""
    count: Counter[int] = Counter()
    rows = []
    for row in order:
        count[papers[row]] += 1
        if count[papers[row]] <= most:
            rows.append(row)
    return rows
