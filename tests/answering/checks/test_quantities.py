"""Numbers in a text."""

from __future__ import annotations

from decimal import Decimal

import pytest

from rag.answering.checks.quantities import find_quantities, share_of_numbers


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("over 10⁶ cells", "1e6"),
        ("5 × 10⁶ cells", "5e6"),
        ("2.28×10⁻⁷ a year", "2.28e-7"),
        ("3 x 10^{-4} of them", "3e-4"),
        ("10^6 cells", "1e6"),
        ("the 45¹² otters", "45"),
    ],
)
def test_powers_of_ten_are_numbers(text: str, value: str) -> None:
    assert [each.value for each in find_quantities(text)] == [Decimal(value)]


def test_an_exponent_is_no_digit() -> None:
    assert share_of_numbers("There were 106 cells.", "over 10⁶ cells") == 0
    assert share_of_numbers("There were 5 million cells.", "over 5 × 10⁶ cells") == 1


def test_a_part_is_a_share_and_not_the_number_below_its_line() -> None:
    assert share_of_numbers("It needs 38% of the data.", "It needs under 1/38 of the data.") == 0.0
    assert share_of_numbers("It needs 1/38 of the data.", "It needs under 1/38 of the data.") == 1.0
    assert share_of_numbers("It needs 25% of the data.", "It needs 1/4 of the data.") == 1.0
    assert share_of_numbers("It came on 1/2/2020.", "It came on 1/2/2020.") == 1.0
