"""Questions about funding, data, interests and licence are known from those about a paper's content."""

import pytest

from rag.retrieval.back_matter import asks_about_back_matter


@pytest.mark.parametrize(
    "question",
    [
        "Who funded the study?",
        "Is the data available?",
        "Where can I find the code?",
        "What is the licence?",
        "Are there competing interests?",
        "What does DALY stand for?",
    ],
)
def test_a_question_about_back_matter_is_known(question: str) -> None:
    assert asks_about_back_matter(question)


@pytest.mark.parametrize(
    "question",
    [
        "What is the aim of the paper?",
        "What data were used?",
        "What are the limitations?",
        "Which dataset has the most tracks?",
        "Who were the participants?",
        "Which financial assistants were tested?",
        "Which exam is needed for licensing?",
        "What is the training material of the freely available model?",
        "What do the authors contribute to the theory?",
    ],
)
def test_a_question_about_the_content_is_not(question: str) -> None:
    assert not asks_about_back_matter(question)
