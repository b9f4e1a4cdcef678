"""What could not be read, as it is told and remembered: many failures of one kind in one source are one line."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ..types import Failure

MOST_ALIKE = 5  # failures of one kind in one source that are told one by one
_MOST_NAMES = 20  # of files that failed for the same reason
_MOST_KINDS = 12
_VARYING = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|\d+""")
_LINE = re.compile(r"line (\d+): ")


def grouped(failures: Sequence[Failure]) -> list[Failure]:
    """The failures in order; where many of one source are alike, one with their count and the first as an example.

    Reasons are alike where they differ only in what they quote and in numbers.
    """
    kinds: dict[tuple[str, str], list[Failure]] = {}
    for failure in failures:
        kinds.setdefault(_kind(failure), []).append(failure)
    kept = []
    for failure in failures:
        alike = kinds[_kind(failure)]
        if len(alike) <= MOST_ALIKE:
            kept.append(failure)
        elif failure is alike[0]:
            first = f"the first in line {failure.line}" if failure.line else "the first"
            kept.append(Failure(failure.source, None, f"{len(alike):,} entries, {first}: {failure.reason}"))
    return kept


def failure_lines(failures: Sequence[Failure]) -> list[str]:
    """A line for each failure as a person reads it; many of one source share one, and many files with one reason."""
    reasons: dict[tuple[int | None, str], list[str]] = {}
    for failure in grouped(failures):
        reasons.setdefault((failure.line, failure.reason), []).append(failure.source)
    lines = []
    for (line, reason), names in reasons.items():
        if len(names) <= MOST_ALIKE:
            lines += [str(Failure(name, line, reason)) for name in names]
        else:
            more = f" and {len(names) - _MOST_NAMES:,} more" if len(names) > _MOST_NAMES else ""
            lines.append(f"{len(names):,} files: {reason}: {', '.join(names[:_MOST_NAMES])}{more}")
    return lines


def kinds_line(kinds: Mapping[str, int]) -> str:
    """The kinds of files that were passed over, the most frequent first: `3 .doc, 1 .odt and 7 of 2 other kinds`."""
    order = sorted(kinds.items(), key=lambda kind: (-kind[1], kind[0]))
    text = ", ".join(f"{count:,} {kind}" for kind, count in order[:_MOST_KINDS])
    rest = order[_MOST_KINDS:]
    return text + (f" and {sum(count for _, count in rest):,} of {len(rest):,} other kinds" if rest else "")


def _kind(failure: Failure) -> tuple[str, str]:
    return failure.source, _VARYING.sub("'", failure.reason)


def as_reason(failures: Sequence[Failure]) -> str:
    """The failures of one source as a text of a line each, from which `from_reason` makes them again."""
    lines = [(f"line {f.line}: " if f.line else "", " ".join(f.reason.split())) for f in grouped(failures)]
    return "\n".join("".join(line) for line in lines)


def from_reason(source: str, reason: str) -> list[Failure]:
    """The failures of a source of which `as_reason` made a text."""
    failures = []
    for line in reason.splitlines() or [""]:
        number = _LINE.match(line)
        failures.append(Failure(source, int(number[1]) if number else None, line[number.end() if number else 0 :]))
    return failures
