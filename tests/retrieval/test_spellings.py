"""Words that the library writes in another way are found, and other words stay."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from helpers.fake_embedder import fake_embedder
from helpers.records import record_of

from rag.models.protocols import Embedder
from rag.retrieval.spellings import respelled
from rag.store.papers import Records
from rag.types import Paper

TITLES = (
    "OTTERMAP: Rivers from Above",
    "Kite-3 and HeronQA in Practice",
    "Old literature on moss",
    "Prefix of Prefaces",
)


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Records]:
    opened = record_of(tmp_path_factory.mktemp("record"), [Paper(title, "") for title in TITLES])
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def letters() -> Embedder:
    """An embedder that knows no word, only letters."""
    return fake_embedder()


@pytest.mark.parametrize(
    ("question", "searched", "changes"),
    [
        ("How is Ottirmap made?", "How is OTTERMAP made?", (("OTTERMAP", "Ottirmap"),)),
        ("what does otter map see", "what does OTTERMAP see", (("OTTERMAP", "otter map"),)),
        ("heron qa scores", "HeronQA scores", (("HeronQA", "heron qa"),)),
        ("Does Kite3 fly?", "Does Kite-3 fly?", (("Kite-3", "Kite3"),)),
        ("what litrature is there", "what literature is there", (("literature", "litrature"),)),
        ("what litearture is there", "what literature is there", (("literature", "litearture"),)),
    ],
)
def test_a_word_is_searched_for_as_the_library_writes_it(
    records: Records, letters: Embedder, question: str, searched: str, changes: tuple[tuple[str, str], ...]
) -> None:
    assert respelled(records, question, letters) == (searched, changes)


@pytest.mark.parametrize(
    "question",
    [
        "Does Kite4 fly?",  # another number
        "What is Otter?",  # too short for another name
        "Is Litrature a model?",  # a name is taken for a name only
        "what literatures are there",  # another ending
        "prefit or preface",  # another letter in an ordinary word
        "the moss on rivers",
        "?!",
    ],
)
def test_other_words_stay(records: Records, letters: Embedder, question: str) -> None:
    assert respelled(records, question, letters) == (question, ())


def test_a_word_that_the_embedding_model_knows_is_no_mistake(records: Records, letters: Embedder) -> None:
    class Knowing:
        def token_spans(self, text: str) -> list[tuple[int, int]]:
            return letters.token_spans(text)[-1:]

    knowing: Embedder = Knowing()  # type: ignore[assignment]
    assert respelled(records, "what litrature is there", knowing).changes == ()
