"""A quote is completed with what it needs to be understood, and stays one span of the text."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from helpers.fake_embedder import fake_embedder

from rag.answering.completion import completed
from rag.answering.features import Candidate
from rag.assistant import Assistant
from rag.filters import Filters
from rag.retrieval.search import SearchResult, search
from rag.retrieval.wanted import wanted_by
from rag.types import Span

PAGE = """<h1>Boats of the Lagoon</h1>
<h2>Methods</h2>
<p>We measure boats. Their hulls are made of reed.</p>
<p>This study counts nets. It is known that nets tear. However, they dry in a day.</p>
<p>The aims of the work are:</p>
<ol><li>1. Count the boats of the lagoon.</li><li>2. Weigh the nets of each boat.</li></ol>
<p>Boats are painted as follows:</p><p>Red paint covers the bow. Blue paint covers the stern.</p>
<p>This work has several limitations. Nets were weighed once. Rope was not.</p>
<p>We ask: (1) How heavy is a net? (2) Who mends it? and (3) Is rope dear? Boats sink.</p>
<p>We call this loop a hawser. It ties the bow to the shore. Shores are steep.</p>
<p>Rope shows the following faults. First, it frays. Then it breaks.</p>
<p>Boat colours. Red and blue were common.</p>
<h2>Results</h2>
<p>The weights are given in Table 1. Table 1 shows that nets weigh 3.5 kg. Prices are listed in Table 9.</p>
<figure><figcaption>Table 1. Weights of nets.</figcaption><table>
<tr><th>Boat</th><th>Net (kg)</th><th>Rope (kg)</th></tr>
<tr><td>Skiff</td><td>3.5</td><td>1.2</td></tr><tr><td>Punt</td><td>4.0</td><td>0.8</td></tr></table></figure>
"""


@pytest.fixture(scope="module")
def boats(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    folder = tmp_path_factory.mktemp("completion")
    (folder / "boats.html").write_text(PAGE)
    off = {"cross_encoder": {"model": "none"}}
    with Assistant.open(folder / "library", mode="quote", embedder=fake_embedder(), overrides=off) as opened:
        opened.add([folder / "boats.html"])
        yield opened


@pytest.fixture(scope="module")
def found(boats: Assistant) -> SearchResult:
    result = search(boats.library, "boats", filters=Filters())
    result.candidates.texts(result.order)
    return result


def complete(found: SearchResult, sentence: str, question: str = "How do they work?") -> tuple[str, str]:
    """The quote and the text that a sentence is completed to."""
    row = found.order[0]
    text = found.candidates.paper_text(row)
    start = text.index(sentence)
    given = Candidate(row, found.candidates.paper_keys[row], Span(start, start + len(sentence)), sentence)
    (done,) = completed(found, wanted_by(question), [given])
    return text[slice(*done.span)], done.text


@pytest.mark.parametrize(
    ("sentence", "quote"),
    [
        ("Their hulls are made of reed.", "We measure boats. Their hulls are made of reed."),
        ("However, they dry in a day.", "It is known that nets tear. However, they dry in a day."),
        ("Boat colours.", "Boat colours. Red and blue were common."),
        ("This study counts nets.", "This study counts nets."),
        ("It is known that nets tear.", "It is known that nets tear."),
        (
            "The aims of the work are:",
            "The aims of the work are:\n\n1. Count the boats of the lagoon.\n\n2. Weigh the nets of each boat.",
        ),
        ("Boats are painted as follows:", "Boats are painted as follows:\n\nRed paint covers the bow."),
        (
            "Rope shows the following faults.",
            "Rope shows the following faults. First, it frays. Then it breaks.",
        ),
        ("2. Weigh the nets of each boat.", "2. Weigh the nets of each boat."),
        ("Blue paint covers the stern.", "Blue paint covers the stern."),
        (
            "The weights are given in Table 1.",
            "Table 1. Weights of nets.\nBoat | Net (kg) | Rope (kg)\nSkiff | 3.5 | 1.2\nPunt | 4.0 | 0.8",
        ),
        ("Table 1 shows that nets weigh 3.5 kg.", "Table 1 shows that nets weigh 3.5 kg."),
        ("Prices are listed in Table 9.", "Prices are listed in Table 9."),
    ],
)
def test_a_sentence_takes_along_what_it_needs(found: SearchResult, sentence: str, quote: str) -> None:
    assert complete(found, sentence)[0] == quote


@pytest.mark.parametrize(
    ("question", "sentence", "quote"),
    [
        (
            "What are the limitations?",
            "This work has several limitations.",
            "This work has several limitations. Nets were weighed once. Rope was not.",
        ),
        ("How often were nets weighed?", "This work has several limitations.", "This work has several limitations."),
        (
            "Which questions are asked?",
            "We ask: (1) How heavy is a net?",
            "We ask: (1) How heavy is a net? (2) Who mends it? and (3) Is rope dear?",
        ),
        (
            "What is a hawser?",
            "We call this loop a hawser.",
            "We call this loop a hawser. It ties the bow to the shore.",
        ),
        ("Which loop is a hawser?", "We call this loop a hawser.", "We call this loop a hawser."),
    ],
)
def test_a_sentence_takes_along_what_continues_it(
    found: SearchResult, question: str, sentence: str, quote: str
) -> None:
    assert complete(found, sentence, question)[0] == quote


def test_an_item_takes_its_list_along_where_a_list_is_asked_for(found: SearchResult) -> None:
    quote, _ = complete(found, "2. Weigh the nets of each boat.", "How heavy is a net?")
    listed, _ = complete(found, "2. Weigh the nets of each boat.", "List the aims.")
    assert listed.startswith("The aims of the work are:")
    assert listed.endswith("2. Weigh the nets of each boat.")
    assert quote.endswith("2. Weigh the nets of each boat.")


def test_a_row_is_told_by_its_headers_and_quoted_as_it_stands(found: SearchResult) -> None:
    assert complete(found, "Skiff | 3.5 | 1.2") == (
        "Skiff | 3.5 | 1.2", "Skiff, Net (kg): 3.5; Rope (kg): 1.2 (Table 1)"
    )  # fmt: skip


def test_a_cell_answers_first_and_its_quote_is_the_row(boats: Assistant) -> None:
    answer = boats.ask("How many kg of rope does the punt have?", papers=[boats.papers()[0].id])
    assert answer.text.startswith("Punt, Rope (kg): 0.8 (Table 1) [1]")
    assert answer.citations[0].quote == "Punt | 4.0 | 0.8"
