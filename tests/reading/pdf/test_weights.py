"""Which typefaces are bold."""

import pytest

from rag.reading.pdf.weights import Face, Weights

HEAVY, USUAL = Face("Garalde10", 744, False), Face("Garalde10", 420, False)


@pytest.mark.parametrize(
    ("commonest", "face", "bold"),
    [
        (HEAVY, HEAVY, False),
        (HEAVY, Face("Garalde10-Mono", 820, False), False),
        (HEAVY, Face("Garalde10-Bold", 820, False), True),
        (HEAVY, Face("Grotesk", 400, True), True),
        (USUAL, Face("Grotesk", 700, False), True),
        (USUAL, Face("Garalde10-Regular", 744, False), False),
        (USUAL, Face("Garalde10-BookOblique", 744, False), False),
        (USUAL, Face("CMR10", 744, False), False),
        (USUAL, Face("CMB10", 500, False), True),
    ],
)
def test_a_face_is_bold_by_name_or_compared_with_the_most_common_one(commonest: Face, face: Face, bold: bool) -> None:
    weights = Weights()
    weights.add([commonest] * 9 + [face])
    assert weights.is_bold(face) == bold
