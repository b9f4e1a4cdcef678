"""References and furniture are never quoted, and back matter only where it is asked for."""

from collections.abc import Iterator

import pytest

from rag.assistant import Assistant
from rag.types import Citation

ENTRIES = [f"<p>{n}. Reed A, Brook B: Salt kilns and their results. J Salt 201{n}, {n}:11-19.</p>" for n in range(1, 7)]
PAGE = f"""
<h1>Salt Kilns of the Coast</h1>
<h2>Abstract</h2><p>We melt salt in kilns on the coast and measure how long it takes.</p>
<h2>Results</h2><p>Salt melts in the kiln after two days. The kiln of brick is the quickest of all kilns.</p>
<p>Keywords: salt, kiln, coast, results</p>
<h2>Funding</h2><p>The study of salt kilns was funded by the Glass Guild.</p>
<h2>Availability of data</h2><p>The data of this study are available from the Salt Office.</p>
<p>This article is distributed under the terms of the Creative Commons Attribution licence.</p>
<h2>What we read</h2>{"".join(ENTRIES)}
"""


@pytest.fixture(scope="module")
def salt(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    folder = tmp_path_factory.mktemp("salt")
    (folder / "salt.html").write_text(PAGE)
    with Assistant.open(library=folder / "library", mode="quote") as opened:
        opened.add([folder / "salt.html"])
        yield opened


def quoted(assistant: Assistant, question: str) -> list[Citation]:
    (paper,) = assistant.papers()
    return list(assistant.ask(question, papers=[paper.id]).citations)


@pytest.mark.parametrize("question", ["What are the results?", "What is the aim?", "Which salt kilns were studied?"])
def test_a_question_about_the_content_is_answered_from_the_text(salt: Assistant, question: str) -> None:
    quotes = quoted(salt, question)
    assert quotes
    assert {quote.section for quote in quotes if quote.quote != quote.title} <= {"Abstract", "Results"}


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Who funded the study?", "Glass Guild"),
        ("Is the data available?", "Salt Office"),
        ("What is the licence?", "Creative Commons"),
    ],
)
def test_back_matter_answers_questions_about_it(salt: Assistant, question: str, answer: str) -> None:
    assert any(answer in quote.quote for quote in quoted(salt, question))
