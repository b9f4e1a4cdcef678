"""Search terms and their stems."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from rag.retrieval.terms import has_stem, search_terms, stem, stems_in

WORDS = st.sampled_from("between betweenness cat catalog catal_og otter otters l'otter ßtraße a an the İx x2 2".split())
TEXTS = st.lists(st.one_of(WORDS, st.text(max_size=6))).map(" ".join)


def test_a_word_of_any_length_is_read_once() -> None:
    assert not has_stem("b" + "a" * 400_000, "aaaaa")  # read again from each letter this would take minutes
    assert has_stem("b" + "a" * 400_000 + " aaaaab", "aaaaa")


@given(question=TEXTS, text=TEXTS)
@example(question="betweenness", text="between")  # a stop word with the same stem does not count
@example(question="cat", text="catalog")  # a short term is a whole word
@example(question="otters", text="potters and otterly")
@settings(max_examples=300, deadline=None)
def test_a_text_has_the_stems_of_its_words(question: str, text: str) -> None:
    held = stems_in(text)
    for term in search_terms(question):
        assert has_stem(text.casefold(), stem(term)) == (stem(term) in held)


def test_short_plurals_have_the_stem_of_their_singular() -> None:
    assert [stem(word) for word in ("lions", "rates", "dogs", "otters")] == [
        stem(word) for word in ("lion", "rate", "dog", "otter")
    ]
    assert [stem(word) for word in ("loss", "bus", "axis", "was")] == ["loss", "bus", "axis", "was"]
