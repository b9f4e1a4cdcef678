"""References and furniture are never quoted, and back matter only where it is asked for."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.assistant import Assistant
from rag.text.cleaning import UNREAD
from rag.types import Citation

ENTRIES = [f"<p>{n}. Reed A, Brook B: Salt kilns and their results. J Salt 201{n}, {n}:11-19.</p>" for n in range(1, 7)]
PAGE = f"""
<h1>Salt Kilns of the Coast</h1>
<h2>Abstract</h2><p>We melt salt in kilns on the coast and measure how long it takes.
© 2019 Kiln Press B.V. All rights reserved.</p>
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
    assert not any("©" in quote.quote or "rights reserved" in quote.quote for quote in quotes)
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
    assert all(answer in quote.quote for quote in quoted(salt, question))


def test_a_paper_that_is_named_or_the_only_one_answers_with_its_statement_alone(salt: Assistant) -> None:
    for question in ("Who paid for the salt kilns study?", "Which grants supported the research?"):
        answer = salt.ask(question)
        assert [quote.section for quote in answer.citations] == ["Funding"]
        assert answer.text.startswith("The study of salt kilns was funded")


def test_a_sentence_with_an_unread_character_is_not_quoted(tmp_path: Path) -> None:
    page = f"<h1>Tin Bells</h1><h2>Results</h2><p>Tin bells ring {UNREAD} times a day. Tin bells ring in the tower.</p>"
    (tmp_path / "bells.html").write_text(page)
    with Assistant.open(library=tmp_path / "library", mode="quote") as opened:
        opened.add([tmp_path / "bells.html"])
        quotes = [quote.quote for quote in quoted(opened, "How often do tin bells ring?")]
    assert "Tin bells ring in the tower." in quotes
    assert not any(UNREAD in quote for quote in quotes)


def test_a_paper_with_nothing_else_to_quote_is_answered_with_its_title(tmp_path: Path) -> None:
    page = f"<h1>Tin Bells of the Tower</h1><h2>Results</h2><p>Tin bells ring {UNREAD} times a day.</p>"
    (tmp_path / "bells.html").write_text(page)
    with Assistant.open(library=tmp_path / "library", mode="quote") as opened:
        opened.add([tmp_path / "bells.html"])
        assert [quote.quote for quote in quoted(opened, "How often do tin bells ring?")] == ["Tin Bells of the Tower"]
