"""How the sources of a paper's metadata combine into a value and its certainty."""

from __future__ import annotations

import pytest

from rag.reading.pdf.candidates import Candidate, combine

OWN, OTHER = "10.5555/otters.7", "10.5555/other.1"


def doi(value: str, source: str, certainty: float = 0.9) -> Candidate:
    return Candidate("doi", value, source, certainty)


@pytest.mark.parametrize(
    ("candidates", "value", "certainty"),
    [
        pytest.param([], "", 0.0, id="no source"),
        pytest.param([doi(OWN, "file")], OWN, 0.9, id="one source"),
        pytest.param([doi(OWN, "file", 0.4)], "", 0.0, id="one that is not enough"),
        pytest.param([doi(OWN, "file"), doi(OWN, "first page")], OWN, 0.98, id="two that agree"),
        pytest.param([doi(OWN, "file", 0.6), doi(OWN, "file", 0.6)], OWN, 0.6, id="one source says it twice"),
        pytest.param([doi(OWN, "file"), doi(OTHER, "first page")], "", 0.0, id="two that contradict each other"),
        pytest.param([doi(OWN, "file"), doi(OWN, "side"), doi(OTHER, "cover")], OWN, 0.91, id="two against one"),
        pytest.param([doi(OTHER, "text", 0.2), doi(OWN, "cover")], OWN, 0.88, id="a weak one against it"),
    ],
)
def test_agreeing_sources_raise_the_certainty_and_contradicting_ones_lower_it(
    candidates: list[Candidate], value: str, certainty: float
) -> None:
    found = combine("doi", [*candidates, Candidate("year", "2015", "file", 0.9)])
    assert (found.value, round(found.certainty, 2)) == (value, certainty)


def test_names_of_a_venue_do_not_contradict_each_other() -> None:
    names = [Candidate("venue", "Windy Ecology", "first page", 0.8), Candidate("venue", "Wind Ecol", "cover", 0.7)]
    assert combine("venue", names) == ("Windy Ecology", pytest.approx(0.8))
