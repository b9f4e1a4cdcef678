"""The kind of a question decides where in a paper its answer is looked for."""

from collections.abc import Iterator

import pytest

from rag.assistant import Assistant
from rag.filters import Filters
from rag.retrieval.search import search
from rag.types import Answer

OTTERS = """
<h1>Otterkit: Counting Otters by Ear</h1>
<h2>Abstract</h2><p>Otters are hard to see. We present Otterkit, a way to count them by their calls.</p>
<h2>1 Introduction</h2><p>Otters live in bays. Many have tried to count otters from boats and from kites.</p>
<h2>2 Method</h2><p>Otterkit is a set of four buoys that listen at night. The buoys are laid out in a square.
Calls are sorted by a clerk who knows otters. Otterkit does not yet tell seals
from otters. The clerk was not told which bay a call came from.</p>
<h2>3 Results</h2><p>Otters were heard in each bay. Table 1 has the counts.</p>
<table><caption>Table 1: Otters by bay</caption><tr><th>bay</th><th>otters</th></tr>
<tr><td>North bay</td><td>48</td></tr></table>
<h2>4 Limits of the study</h2><p>Pups do not call and are missed. Rain drowned the calls of one night in three.</p>
<h2>5 Conclusions and future work</h2><p>We conclude that ears beat eyes where otters are counted.
Next we plan to tell pups by their splashes.</p>
"""
KITES = """
<h1>Kites over the Bay</h1>
<h2>Abstract</h2><p>Kites carry cameras over bays. We show that kites see seals.</p>
<h2>Limitations</h2><p>Kites need wind.</p>
"""
BELLS = "<h1>Bells</h1><h2>Abstract</h2><p>Bells ring in the tower at noon.</p>"


@pytest.fixture(scope="module")
def bays(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    folder = tmp_path_factory.mktemp("bays")
    for name, page in (("otters", OTTERS), ("kites", KITES), ("bells", BELLS)):
        (folder / f"{name}.html").write_text(page)
    with Assistant.open(library=folder / "library", mode="quote") as opened:
        opened.add([folder / f"{name}.html" for name in ("otters", "kites", "bells")])
        yield opened


def quotes(answer: Answer) -> str:
    return " ".join(each.quote for each in answer.citations)


@pytest.mark.parametrize(
    ("question", "quote"),
    [
        ("What is Otterkit?", "Otterkit is a set"),
        ("Summarise the paper", "We present Otterkit"),
        ("What are the limitations?", "Pups do not call"),
        ("What does Otterkit not do yet?", "does not yet tell seals"),
        ("What do the authors conclude?", "We conclude"),
        ("future work?", "Next we plan"),
        ("What is in section 2?", "Otterkit is a set"),
    ],
)
def test_a_paper_is_quoted_where_the_kind_of_the_question_says(bays: Assistant, question: str, quote: str) -> None:
    answer = bays.ask(question, papers=["Otterkit: Counting Otters by Ear"])
    assert quote in quotes(answer)


@pytest.mark.parametrize(
    "question", ["limitations of Otterkit", "What are the limitations of the counting otters paper?"]
)
def test_a_paper_that_is_named_is_looked_through(bays: Assistant, question: str) -> None:
    answer = bays.ask(question)
    assert "Pups do not call" in quotes(answer)
    assert not answer.text.startswith("The papers may not answer")


def test_a_table_is_quoted_by_its_label(bays: Assistant) -> None:
    answer = bays.ask("What does Table 1 show?", papers=["Otterkit: Counting Otters by Ear"])
    assert any((each.section or "").startswith("Table 1") for each in answer.citations)
    assert not any("not in" in note for note in answer.notes)


def test_a_place_that_the_paper_lacks_is_named(bays: Assistant) -> None:
    answer = bays.ask("What does Table 9 show?", papers=["Kites over the Bay"])
    assert "Table 9 is not in Kites over the Bay." in answer.notes


def test_an_answer_says_that_the_paper_names_no_limitations_or_funding(bays: Assistant) -> None:
    assert any("names contributions" in note for note in bays.ask("contributions?", papers=["Bells"]).notes)
    assert any("No statement" in note for note in bays.ask("Who funded the work?", papers=["Bells"]).notes)


def test_a_topic_that_the_paper_is_not_about_is_not_taken_to_be_found(bays: Assistant) -> None:
    found = search(bays.library, "Summarise the French constitution", filters=Filters(papers=("Bells",)))
    assert not found.aim.is_found
    assert search(bays.library, "Summarise Bells", filters=Filters(papers=("Bells",))).aim.is_found
