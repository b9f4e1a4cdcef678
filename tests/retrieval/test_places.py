"""Tables, figures and sections are found by their labels, however these are written."""

import pytest

from rag.retrieval.places import is_place, mentions


@pytest.mark.parametrize(
    ("heading", "place"),
    [
        ("Table 2: Kelp by depth", "Table 2"),
        ("TABLE II. KELP", "Table 2"),
        ("Table 2. Kelp", "Table II"),
        ("Fig. 3 A kite", "Figure 3b"),
        ("3 Method", "Section 3"),
        ("3.1 Data", "Section 3"),
        ("IV. RESULTS", "Section 4"),
        ("Algorithm 1: Counting", "Algorithm 1"),
        ("Appendix B Forms", "Appendix B"),
    ],
)
def test_a_heading_is_that_of_its_place(heading: str, place: str) -> None:
    assert is_place(heading, place)


@pytest.mark.parametrize(
    ("heading", "place"),
    [
        ("Table 21: Kelp", "Table 2"),
        ("3 Method", "Section 3.1"),
        ("13 Method", "Section 3"),
        ("As Table 2 shows", "Table 2"),
    ],
)
def test_a_heading_is_not_that_of_another_place(heading: str, place: str) -> None:
    assert not is_place(heading, place)


def test_a_text_mentions_a_place() -> None:
    assert mentions("Pups dive deeper (see fig. 2).", "Figure 2")
    assert not mentions("Pups dive deeper (see Table 2.1).", "Table 2")
