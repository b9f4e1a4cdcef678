"""Describe in words what a question searched."""

from collections.abc import Mapping, Sequence
from typing import Any

from .readable import readable

_FILTERS = 5  # values of a filter that are named


def searched_text(searched: Mapping[str, Any]) -> str:
    """Describe `Answer.searched`: `341 papers`, or `1 of 14 papers, tag: statics`."""
    return ", ".join(filter(None, [papers_text(searched), filters_text(searched.get("filters", {}))]))


def papers_text(searched: Mapping[str, Any]) -> str:
    """Return how many papers were searched: `341 papers (2 files could not be read)`, `1 of 14 papers`, or ""."""
    if "papers" not in searched:
        return ""
    count = searched.get("of", searched["papers"])
    text = f"{count:,} paper{'s' if count != 1 else ''}"
    if "of" in searched:
        return f"{searched['papers']:,} of {text}"
    failed = searched.get("failed", 0)
    return text + (f" ({failed:,} file{'s' if failed != 1 else ''} could not be read)" if failed else "")


def filters_text(filters: Mapping[str, Sequence[Any]]) -> str:
    """Return filters as text: `tag: statics; years: 2015-2019, 2021`. Long lists are shortened."""
    parts = []
    for name, values in filters.items():
        named = _year_ranges(values) if name == "years" else [" ".join(readable(str(v)).split()) for v in values]
        if len(named) > _FILTERS + 1:
            named[_FILTERS:] = [f"{len(named) - _FILTERS:,} more"]
        if named:
            parts.append(f"{name.removesuffix('s') if len(values) == 1 else name}: {', '.join(named)}")
    return "; ".join(parts)


def _year_ranges(years: Sequence[int]) -> list[str]:
    """Return years in order, consecutive ones as a range."""
    ranges: list[list[int]] = []
    for year in sorted(set(years)):
        if ranges and year == ranges[-1][-1] + 1:
            ranges[-1].append(year)
        else:
            ranges.append([year])
    return [f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in ranges]
