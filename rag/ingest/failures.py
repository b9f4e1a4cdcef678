"""Group and format failures for reports and the record: many similar failures of one source become one line."""

import re
from collections.abc import Mapping, Sequence

from ..types import Failure

MAX_SIMILAR = 5  # similar failures of one source that are listed one by one
_MAX_NAMES = 20  # of files that failed for the same reason
_MAX_KINDS = 12
_VARYING = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|\d+""")
_LINE = re.compile(r"line (\d+): ")


def grouped(failures: Sequence[Failure]) -> list[Failure]:
    """Return the failures in order, with many similar ones of one source replaced by their count and the first.

    Reasons are similar if they differ only in quoted text and numbers.
    """
    kinds: dict[tuple[str, str], list[Failure]] = {}
    for failure in failures:
        kinds.setdefault(_kind(failure), []).append(failure)
    kept = []
    for failure in failures:
        alike = kinds[_kind(failure)]
        if len(alike) <= MAX_SIMILAR:
            kept.append(failure)
        elif failure is alike[0]:
            first = f"the first in line {failure.line}" if failure.line else "the first"
            kept.append(Failure(failure.source, None, f"{len(alike):,} entries, {first}: {failure.reason}"))
    return kept


def failure_lines(failures: Sequence[Failure]) -> list[str]:
    """Return a line for each failure; similar ones of one source share a line, and files with the same reason."""
    reasons: dict[tuple[int | None, str], list[str]] = {}
    for failure in grouped(failures):
        reasons.setdefault((failure.line, failure.reason), []).append(failure.source)
    lines = []
    for (line, reason), names in reasons.items():
        if len(names) <= MAX_SIMILAR:
            lines += [str(Failure(name, line, reason)) for name in names]
        else:
            more = f" and {len(names) - _MAX_NAMES:,} more" if len(names) > _MAX_NAMES else ""
            lines.append(f"{len(names):,} files: {reason}: {', '.join(names[:_MAX_NAMES])}{more}")
    return lines


def kinds_line(kinds: Mapping[str, int]) -> str:
    """Return the kinds of skipped files, most frequent first: `3 .doc, 1 .odt and 7 of 2 other kinds`."""
    order = sorted(kinds.items(), key=lambda kind: (-kind[1], kind[0]))
    text = ", ".join(f"{count:,} {kind}" for kind, count in order[:_MAX_KINDS])
    rest = order[_MAX_KINDS:]
    return text + (f" and {sum(count for _, count in rest):,} of {len(rest):,} other kinds" if rest else "")


def _kind(failure: Failure) -> tuple[str, str]:
    return failure.source, _VARYING.sub("'", failure.reason)


def as_reason(failures: Sequence[Failure]) -> str:
    """Return the failures of one source as text, one line each; `from_reason` parses it."""
    lines = [(f"line {f.line}: " if f.line else "", " ".join(f.reason.split())) for f in grouped(failures)]
    return "\n".join("".join(line) for line in lines)


def from_reason(source: str, reason: str) -> list[Failure]:
    """Parse the failures of a source from the text of `as_reason`."""
    failures = []
    for line in reason.splitlines() or [""]:
        number = _LINE.match(line)
        failures.append(Failure(source, int(number[1]) if number else None, line[number.end() if number else 0 :]))
    return failures
