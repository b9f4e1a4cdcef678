"""Decide whether a model's answer is shown over the answer in quotes, and what of it.

It holds up if

- most of its sentences are supported, apart from those under four words ("Yes.") and other parts of sentences;
- none is contradicted: the quotes that it cites have most of its words, and say otherwise;
- it keeps the numbers and names that the quotes give for what was asked (kept_facts.py);
- where most of it is copied word for word, it has something of every quote: a model that copies adds nothing to the
  quotes, and chooses its sentences worse than the program does.

Of an answer that holds up, sentences that the passages do not support are left out, so that wherever its text goes (a
terminal, an export, the next question) it holds no claim without evidence; so is a sentence after one of these that
begins with a word such as "it", which would then speak of something else. The last three points are decided on what is
left. What is supported in part stays, and is marked.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from ..text.readable import readable
from ..types import Citation, Sentence
from .checks.statements import NOT_WHOLE
from .checks.support import SUPPORTED
from .draft import CheckedAnswer
from .kept_facts import Needed
from .quotable import share_of, stems

_STATEMENT_WORDS = 4
_MOST_WORDS = 0.6  # share of a sentence's words in its quotes from which these speak of the same
_POINTS_BACK = re.compile(
    r"(?:it|its|they|their|them|he|she|his|her|this|that|these|those|such|both|the (?:former|latter|same))\b",
    re.IGNORECASE,
)
_WORTH = {"quoted": 1.0, "supported": 1.0, "partly": 0.5, "unsupported": 0.0}


class Verdict(NamedTuple):
    """What is shown of a model's answer, and `reason`: why it does not hold up, as "wrote ..."; "" if it does."""

    shown: CheckedAnswer
    reason: str

    @property
    def holds(self) -> bool:
        return not self.reason

    @property
    def share_supported(self) -> float:
        """How much of what is shown is supported, from 0 to 1; a sentence supported in part counts half."""
        return sum(_WORTH[each.support] for each in self.shown.sentences) / max(len(self.shown.sentences), 1)


def judge(written: CheckedAnswer, needed: Needed, quotes: Sequence[Citation]) -> Verdict:
    """Return whether an answer holds up over `quotes`, which give the facts `needed`, and what of it is shown."""
    shown = _without_unsupported(written)
    return Verdict(shown, _fault(written, shown, needed, quotes))


def _fault(written: CheckedAnswer, shown: CheckedAnswer, needed: Needed, quotes: Sequence[Citation]) -> str:
    if not written.sentences:
        return "wrote no answer"
    if written.is_refusal:
        return "found no answer in the passages"
    statements = list(filter(_is_statement, written.sentences))
    supported = sum(each.support in SUPPORTED for each in written.sentences)
    if any(_is_contradicted(each, written.citations) for each in written.sentences):
        return "wrote an answer that the passages contradict"
    if not supported or 2 * supported <= len(statements):
        return "wrote an answer that the passages do not support"
    if missing := needed.missing_in(shown.text):
        return f"wrote an answer without what the quotes say ({', '.join(missing)})"
    if _is_copied(shown) and not all(_has_part_of(shown, each) for each in quotes if each.quote != each.title):
        return "only copied sentences, and fewer than are quoted"
    return ""


def _is_statement(sentence: Sentence) -> bool:
    return len(sentence.text.split()) >= _STATEMENT_WORDS and sentence.reason != NOT_WHOLE


def _is_copied(shown: CheckedAnswer) -> bool:
    return 2 * sum(each.support == "quoted" for each in shown.sentences) > len(shown.sentences)


def _has_part_of(shown: CheckedAnswer, quote: Citation) -> bool:
    return any(
        each.paper_id == quote.paper_id and each.start < quote.end and quote.start < each.end
        for each in shown.citations
    )


def _is_contradicted(sentence: Sentence, citations: Sequence[Citation]) -> bool:
    if sentence.support in SUPPORTED or not sentence.reason or not sentence.citations:
        return False
    quotes = " ".join(readable(citations[number - 1].quote) for number in sentence.citations)
    return share_of(stems(sentence.text), stems(quotes)) >= _MOST_WORDS


def _without_unsupported(written: CheckedAnswer) -> CheckedAnswer:
    kept: list[int] = []
    for at, sentence in enumerate(written.sentences):
        follows_left_out = at > 0 and kept[-1:] != [at - 1] and _may_be_spoken_of(written.sentences[at - 1])
        if sentence.support != "unsupported" and not (follows_left_out and _POINTS_BACK.match(sentence.text)):
            kept.append(at)
    cited = dict.fromkeys(number for at in kept for number in written.sentences[at].citations)
    numbers = {old: new for new, old in enumerate(cited, 1)}
    return written._replace(
        sentences=tuple(_renumbered(written.sentences[at], numbers) for at in kept),
        citations=tuple(replace(written.citations[old - 1], number=new) for old, new in numbers.items()),
        begins_line=tuple(written.begins_line[at] for at in kept),
    )


def _may_be_spoken_of(sentence: Sentence) -> bool:
    """Return whether the next sentence may speak of what this one does: it is no "Yes." and no question."""
    return len(sentence.text.split()) >= _STATEMENT_WORDS and not sentence.text.endswith("?")


def _renumbered(sentence: Sentence, numbers: Mapping[int, int]) -> Sentence:
    return replace(sentence, citations=tuple(numbers[number] for number in sentence.citations))
