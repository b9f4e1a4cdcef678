"""Names are compared ignoring accents, allowing initials and typing mistakes."""

import pytest

from rag.text.names import fits_name, is_near, name_key, plain_name


@pytest.mark.parametrize(
    ("asked", "author"),
    [
        ("Brook", "Eva van Brook"),
        ("E. Brook", "Eva van Brook"),
        ("van Brook", "Eva van Brook"),
        ("Brook, Eva", "Eva van Brook"),
        ("Ozturk", "Jürgen Öztürk"),
        ("Eva Maria Sole", "E. M. Sole"),
        ("King", "Martin King Jr."),
        ("ATLAS Collaboration", "ATLAS Collaboration"),
    ],
)
def test_a_name_matches_an_author(asked: str, author: str) -> None:
    assert fits_name(name_key(asked), name_key(author))


@pytest.mark.parametrize(
    ("asked", "author"),
    [("Eva", "Eva van Brook"), ("T. Brook", "Eva van Brook"), ("Hill", "Hillary Stone"), ("", "A B")],
)
def test_a_name_does_not_match_another_author(asked: str, author: str) -> None:
    assert not fits_name(name_key(asked), name_key(author))


@pytest.mark.parametrize(
    ("one", "other"), [("spector", "specter"), ("vaswnai", "vaswani"), ("transfomer", "transformers")]
)
def test_a_typing_mistake_is_near(one: str, other: str) -> None:
    assert is_near(one, other)


@pytest.mark.parametrize(
    ("one", "other"), [("bart", "bert"), ("llama2", "llama3"), ("retrain", "pretrain"), ("", "ab")]
)
def test_short_names_numbers_and_first_letters_are_never_taken_for_mistakes(one: str, other: str) -> None:
    assert not is_near(one, other)


def test_plain_names_have_no_accents_or_punctuation() -> None:
    assert plain_name("  Søren Łukasz-Öz, PhD ") == "soren lukasz oz phd"
