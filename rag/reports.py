"""Report what an `add` did."""

from dataclasses import dataclass, field

from .text.readable import readable
from .types import Failure, LeftOut, PaperRef

_LEFT_OUT = 3  # how many left-out papers are named


@dataclass(slots=True)
class AddReport:
    """What an `add` did. A paper is in at most one of the first three lists.

    Attributes:
        failed: sources that could not be read.
        failed_before: sources that failed in an earlier run and are unchanged; they were not tried again.
        passed_over: how many files in folders were skipped, by their suffix (`.doc`) or name (`README.md`).
        left_out: papers that a person removed.
    """

    added: list[PaperRef] = field(default_factory=list)
    updated: list[PaperRef] = field(default_factory=list)
    unchanged: list[PaperRef] = field(default_factory=list)
    removed: list[PaperRef] = field(default_factory=list)
    failed: list[Failure] = field(default_factory=list)
    failed_before: list[Failure] = field(default_factory=list)
    passed_over: dict[str, int] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)

    def __str__(self) -> str:
        parts = [
            f"{len(things)} {name.replace('_', ' ')}"
            for name in ("added", "updated", "unchanged", "removed", "failed", "failed_before")
            if (things := getattr(self, name)) or name == "added"
        ]
        return ", ".join(parts) + (f"; {self._left_out()}" if self.left_out else "")

    def _left_out(self) -> str:
        count = len(self.left_out)
        named = [f"{readable(title)} ({source})" if title else source for title, source in self.left_out[:_LEFT_OUT]]
        named += [f"and {count - _LEFT_OUT:,} more"] if count > _LEFT_OUT else []
        were = "1 paper that you removed was" if count == 1 else f"{count:,} papers that you removed were"
        return f"{were} left out: {', '.join(named)}. Add the file by name to bring it back"
