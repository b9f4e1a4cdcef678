"""A pronoun at the beginning of a sentence stands for something, unless it is impersonal."""

import pytest

from rag.answering.checks.pronouns import opens_with_pronoun


@pytest.mark.parametrize(
    ("sentence", "opens"),
    [
        ("It counts otters.", True),
        ("It was shown to swim.", True),
        ("It is found that otters swim.", False),
        ("It has been widely reported that otters swim.", False),
        ("It turns out that otters swim.", False),
    ],
)
def test_an_impersonal_it_stands_for_nothing(sentence: str, opens: bool) -> None:
    assert opens_with_pronoun(sentence) == opens
