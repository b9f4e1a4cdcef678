"""Words that mean the same are known in their irregular forms too."""

from __future__ import annotations

import pytest

from rag.answering.checks.synonyms import means_the_same


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("spoken", "speech", True),
        ("spoke", "speaks", True),
        ("hidden", "latent", True),
        ("chosen", "selects", True),
        ("rose", "rises", True),
        ("hidden", "spoken", False),
        ("rose", "fell", False),
    ],
)
def test_an_irregular_form_means_what_its_base_means(one: str, other: str, expected: bool) -> None:
    assert means_the_same(one, other) is expected
    assert means_the_same(other, one) is expected
