"""An answer that a model copied from the passages is shown over the quotes only if it has something of each."""

from __future__ import annotations

from helpers.answers import citation

from rag.answering.checks.statements import NOT_WHOLE
from rag.answering.draft import CheckedAnswer
from rag.answering.kept_facts import Needed
from rag.answering.verdict import judge
from rag.types import Sentence

MOST = "Most otters are seen by the kite."
ROWS = "Divers see the rest of them."
QUOTES = (citation(quote=MOST, end=9 + len(MOST)), citation(number=2, quote=ROWS, start=900, end=900 + len(ROWS)))
TITLE = citation(number=3, quote=QUOTES[0].title, start=0, end=8)


def written(*texts: str, support: str = "quoted") -> CheckedAnswer:
    """What a model wrote: sentences that are supported by the quotes of the same order."""
    sentences = tuple(Sentence(text, (number,), support) for number, text in enumerate(texts, 1))
    return CheckedAnswer(sentences, QUOTES[: len(texts)], (False,) * len(texts), ())


def test_copied_sentences_hold_up_if_they_are_of_every_quote() -> None:
    assert judge(written(MOST, ROWS), Needed(()), (*QUOTES, TITLE)).holds


def test_copied_sentences_of_some_quotes_do_not_hold_up() -> None:
    verdict = judge(written(MOST), Needed(()), QUOTES)
    assert verdict.reason == "only copied sentences, and fewer than are quoted"


def test_sentences_in_own_words_may_leave_out_a_quote() -> None:
    assert judge(written(MOST, support="supported"), Needed(()), QUOTES).holds


def test_an_opening_that_is_no_sentence_does_not_count_against_an_answer() -> None:
    opening = Sentence("No, not in the end.", (), "unsupported", NOT_WHOLE)
    answer = written(MOST, support="supported")
    assert judge(
        answer._replace(sentences=(opening, *answer.sentences), begins_line=(True, False)), Needed(()), QUOTES
    ).holds
