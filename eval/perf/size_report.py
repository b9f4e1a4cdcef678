"""Write the report of `python -m eval perf`: plots of cost against size, tables and profiles in one HTML file."""

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from rag import __version__

from ..report import write_page

_PLOTS = (
    ("Time of a question, ms", ("vectors, ms", "words, ms", "vectors and words, ms", "answer, ms")),
    ("Disk, KB a passage", ("KB a passage",)),
    ("Memory, MB", ("peak MB",)),
    ("Lists, ms", ("status, ms", "page of the list, ms", "facets, ms")),
)
_WIDTH, _HEIGHT, _EDGE = 560, 300, 48


class _Line(NamedTuple):
    """A line of a plot: its name, its points (x, y, what they say), and the style that draws it."""

    name: str
    points: list[tuple[float, float, str]]
    style: str


class _Plot(NamedTuple):
    title: str
    lines: list[_Line]
    x_labels: list[tuple[float, str]]
    y_labels: list[tuple[float, str]]


def write_size_report(measured: Mapping[str, Any], path: Path) -> None:
    """Write the report on what `eval perf` measured."""
    libraries = measured["libraries"]
    names = dict.fromkeys(name for each in libraries for name in each if name not in ("profile", "size"))
    write_page(
        path,
        "perf.html.jinja",
        date=date.today().isoformat(),
        version=__version__,
        plots=list(_plots(libraries)),
        sizes=[f"{each['passages']:,}" for each in libraries],
        rows={name: [_cell(each.get(name)) for each in libraries] for name in names},
        beside=measured["beside"],
        profiles={f"{each['passages']:,}": each["profile"] for each in libraries if "profile" in each},
        width=_WIDTH,
        height=_HEIGHT,
        edge=_EDGE,
    )


def _plots(libraries: Sequence[Mapping[str, Any]]) -> Iterator[_Plot]:
    for title, names in _PLOTS:
        found = {
            name: [(each["passages"], _number(each[name])) for each in libraries if name in each] for name in names
        }
        if any(found.values()):
            yield _plot(title, {name: points for name, points in found.items() if points})


def _plot(title: str, lines: Mapping[str, Sequence[tuple[float, float]]]) -> _Plot:
    """Return a plot with both axes logarithmic, so that what grows with the size is a straight line."""
    xs = [x for points in lines.values() for x, _ in points]
    ys = [max(y, 1e-3) for points in lines.values() for _, y in points]
    across, up = _Axis(xs, _EDGE, _WIDTH - _EDGE), _Axis(ys, _HEIGHT - _EDGE, _EDGE)
    return _Plot(
        title,
        [
            _Line(name, [(across.place(x), up.place(max(y, 1e-3)), f"{x:,}: {y:,}") for x, y in points], f"line-{at}")
            for at, (name, points) in enumerate(lines.items())
        ],
        [(across.place(value), f"{value:,.0f}") for value in sorted(set(xs))],
        [(up.place(value), f"{value:,g}") for value in sorted({min(ys), max(ys)})],
    )


class _Axis:
    """Places values of a logarithmic axis between two coordinates."""

    def __init__(self, values: Sequence[float], first: float, last: float) -> None:
        self._low, self._high = math.log10(min(values)), math.log10(max(values))
        self._first, self._last = first, last

    def place(self, value: float) -> float:
        share = (math.log10(value) - self._low) / ((self._high - self._low) or 1.0)
        return round(self._first + share * (self._last - self._first), 1)


def _number(value: Any) -> float:
    return float(value["median"] if isinstance(value, dict) else value)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, dict):
        return f"{value:,.4g}" if isinstance(value, float) else f"{value:,}"
    if all(isinstance(each, dict) for each in value.values()):
        return "; ".join(f"{name} {_cell(each)}" for name, each in value.items())
    return f"{value['median']:,g} (95 % {value['95 %']:,g})"
