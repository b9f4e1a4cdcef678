"""Turn a model's streamed text into sentences that are checked against the passages they cite.

The model is never trusted: numbers that it was not given are removed, each sentence is compared with the sentences of
the passages that it cites, and labelled by how far these support it.
"""

import contextlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from ..errors import UnknownPaper
from ..models.protocols import Embedder, MarkedText, Vectors
from ..text.readable import folded, readable
from ..types import REFUSAL, Citation, Paper, Passage, Sentence, Span
from .boilerplate import BoilerplateFilter
from .checks.pronouns import opens_with_pronoun, other_antecedent
from .checks.quantities import find_quantities
from .checks.statements import NOT_WHOLE, statement_fault
from .checks.support import SUPPORTED, UNSUPPORTED, Support, support
from .citations import CitedSentence, parse_citations
from .prompts import INSTRUCTIONS
from .quotable import QuotablePassage, share_of, stems, strength
from .quotes import citation_of
from .sentence_stream import SentenceStream, StreamedSentence

_MAX_LOOKED_UP = 4  # quotes that are checked for a sentence without citation
_MIN_SHARED = 0.6  # share of its words that such a quote must hold, since the check accepts too many short ones
_MIN_STEMS = 3  # of a sentence for which a quote is looked up
_MIN_NEARNESS = 0.8  # cosine plus share of words, from which such a quote is checked
_REFUSAL_WORDS = 14  # that may stand around the refusal
_REFUSING = re.compile(
    r"\b(?:papers|passages|sources|documents|excerpts|texts?|context|library|information)\b[^.]{0,60}"
    r"\b(?:do not|don['’]t|does not|doesn['’]t|did not|cannot|can['’]t|fail to|fails to)\b[^.]{0,20}"
    r"\b(?:answer|contain|provide|mention|include|address|cover|discuss|say|state|specify|tell)\b",
    re.IGNORECASE,
)
_APOLOGY = re.compile(r"(?:i['’]m |i am |we are )?(?:very )?(?:sorry|unfortunately|i apologi[sz]e)\W*", re.IGNORECASE)

_COUNT = re.compile(r"\b(?:two|three|four|five|six|seven|eight|nine|ten)\s", re.IGNORECASE)  # of the items of a list

_Quotes = list[tuple[QuotablePassage, Span]]


class _Lead(NamedTuple):
    """What leads to a list ("It has three parts:"), its place among the sentences, and whether an item followed.

    After an item a whole sentence ends the list, on a new line too.
    """

    place: int
    cited: CitedSentence
    has_items: bool = False


class CheckedAnswer(NamedTuple):
    """A model's checked answer.

    Attributes:
        begins_line: whether a sentence begins a line, one entry each.
        notes: what was removed or added.
    """

    sentences: tuple[Sentence, ...]
    citations: tuple[Citation, ...]
    begins_line: tuple[bool, ...]
    notes: tuple[str, ...]

    @property
    def text(self) -> str:
        """The readable sentences with their [n]."""
        text = ""
        for sentence, begins_line in zip(self.sentences, self.begins_line, strict=True):
            gap = ("\n" if begins_line else " ") if text else ""
            text += gap + sentence.text + "".join(f" [{number}]" for number in sentence.citations)
        return text

    @property
    def is_refusal(self) -> bool:
        """Whether the answer says only that the papers do not answer."""
        return (
            any(map(_refuses, self.sentences))
            and self.nothing_supported
            and all(_refuses(s) or not s.citations for s in self.sentences)
        )

    @property
    def nothing_supported(self) -> bool:
        """Whether no sentence is quoted or supported, so that the quotes must be shown instead."""
        return not any(sentence.support in SUPPORTED for sentence in self.sentences)


class Draft:
    """An answer that grows while a model writes it.

    `passages` are in the order in which the prompt numbers them, from 1; `paper_of` returns the stored paper of an id,
    with its text. A passage that no longer equals its span of the paper, because the paper changed, counts as not
    given. `question` is what the model was asked: a sentence that only repeats it is not supported.
    """

    def __init__(
        self,
        passages: Sequence[Passage],
        paper_of: Callable[[str], Paper],
        embedder: Embedder,
        question: str = "",
    ) -> None:
        papers: dict[str, Paper] = {}
        for paper_id in dict.fromkeys(p.paper_id for p in passages):
            with contextlib.suppress(UnknownPaper):  # removed a moment ago
                papers[paper_id] = paper_of(paper_id)
        self._given = {
            number: QuotablePassage(passage, papers[passage.paper_id], embedder)
            for number, passage in enumerate(passages, 1)
            if passage.paper_id in papers and papers[passage.paper_id].text[passage.start : passage.end] == passage.text
        }
        self._embedder = embedder
        self._question = question
        self._titles = tuple(dict.fromkeys(given.paper.title for given in self._given.values()))
        self._stream = SentenceStream()
        self._boilerplate = BoilerplateFilter(self._titles)
        self._begin()

    def _begin(self) -> None:
        self._sentences: list[Sentence] = []
        self._begins_line: list[bool] = []  # one entry per sentence
        self._citations: list[Citation] = []
        self._unknown: set[int] = set()
        self._added = 0  # citations found for sentences without one
        self._removed = 0  # citations that do not support their sentence
        self._said: set[str] = set()
        self._spoken_of = ""  # the last sentence that does not begin with a pronoun
        self._lead: _Lead | None = None  # to a list that is being written
        self.repeated = 0  # sentences that were written before, and count once

    def feed(self, text: str) -> None:
        """Add streamed text."""
        self._take(self._stream.feed(text))

    def checked(self, *, final: bool, was_cut: bool = False) -> CheckedAnswer:
        """Return the finished sentences; with `final`, including the one that is being written.

        With `was_cut` the model was stopped: a last sentence without a full stop is not whole.
        """
        if final:
            self._take(self._stream.close(), was_cut=was_cut)
        return CheckedAnswer(tuple(self._sentences), tuple(self._citations), tuple(self._begins_line), self._notes())

    def _take(self, streamed: Iterator[StreamedSentence | None], *, was_cut: bool = False) -> None:
        for sentence in streamed:
            if sentence is None:  # everything before was reasoning
                self._begin()
                self._boilerplate.reset()
                self._boilerplate.removed.add("Removed the model's reasoning before its answer.")
            elif text := self._boilerplate.keep(sentence, is_first=not self._sentences):
                self._add(parse_citations(text), sentence.begins_line, was_cut=was_cut)

    def _add(self, cited: CitedSentence, begins_line: bool, *, was_cut: bool) -> None:
        if not any(character.isalnum() for character in cited.text):
            return
        self._unknown.update(number for number in cited.numbers if number not in self._given)
        if (same := folded(cited.text)) in self._said:
            self.repeated += 1
            return
        self._said.add(same)
        found, quotes = self._check(cited, was_cut=was_cut)
        is_lead = found.reason == NOT_WHOLE and cited.text.endswith(":")
        is_item = found.reason == NOT_WHOLE and not is_lead and begins_line and self._lead is not None
        if is_item:
            found, quotes = self._check_item(cited)
        if found.label in SUPPORTED and (doubt := self._doubt_on_pronoun(cited.text, quotes)):
            found = found._replace(label="partly", reason=doubt)
        if not opens_with_pronoun(cited.text):
            self._spoken_of = cited.text
        numbers = tuple(dict.fromkeys(self._citation_number(passage, span) for passage, span in quotes))
        self._sentences.append(Sentence(cited.text, numbers, found.label, found.reason))
        self._begins_line.append(begins_line)
        if is_item:
            self._judge_lead()
            self._lead = self._lead._replace(has_items=True) if self._lead else None
        elif is_lead:
            self._lead = _Lead(len(self._sentences) - 1, cited)
        elif self._lead is not None and (not begins_line or self._lead.has_items):
            self._lead = None

    def _check_item(self, item: CitedSentence) -> tuple[Support, _Quotes]:
        """Check an item of a list as the end of the sentence that leads to it."""
        assert self._lead
        lead = self._lead.cited
        passages = [self._given[number] for number in item.numbers or lead.numbers if number in self._given]
        text = f"{_COUNT.sub('', lead.text.rstrip(': '), count=1)} {item.text.rstrip('.;,')}."
        return self._check_cited(text, passages) if passages else self._look_up(text)

    def _judge_lead(self) -> None:
        """Call what leads to a list supported if all that follows it is, and is as much as it says."""
        assert self._lead
        lead, items = self._sentences[self._lead.place], self._sentences[self._lead.place + 1 :]
        count = _COUNT.search(lead.text)
        is_right = count is None or find_quantities(count[0])[0].value == len(items)
        if is_right and all(item.support in SUPPORTED for item in items):
            lead = replace(lead, support="supported", reason="", citations=items[0].citations)
        else:
            lead = replace(lead, support="unsupported", reason=NOT_WHOLE, citations=())
        self._sentences[self._lead.place] = lead

    def _doubt_on_pronoun(self, text: str, quotes: _Quotes) -> str:
        """Return why "it" or "they" at the beginning stands for something that the quotes do not speak of, or ""."""
        if not self._sentences or not opens_with_pronoun(text):
            return ""
        before = {self._citations[number - 1].paper_id for number in self._sentences[-1].citations}
        if before and quotes and before.isdisjoint(passage.paper.id for passage, _ in quotes):
            return "The sentence before is about another paper."
        own = {name for passage, _ in quotes for name in passage.own_names}
        texts = [readable(passage.quote(span)) for passage, span in quotes]
        other = other_antecedent(text, self._spoken_of, texts, own)
        return f"The quote says so of {other}." if other else ""

    def _check(self, cited: CitedSentence, *, was_cut: bool) -> tuple[Support, _Quotes]:
        """Return the support of a sentence and the quotes to cite for it."""
        if _refuses(Sentence(cited.text, cited.numbers, "")):
            return UNSUPPORTED, []
        if fault := statement_fault(cited.text, self._question, self._titles, INSTRUCTIONS, was_cut=was_cut):
            return UNSUPPORTED._replace(reason=fault), []
        passages = [self._given[number] for number in cited.numbers if number in self._given]
        return self._check_cited(cited.text, passages) if passages else self._look_up(cited.text)

    def _check_cited(self, sentence: str, passages: Sequence[QuotablePassage]) -> tuple[Support, _Quotes]:
        """Check against the best quote of each cited passage; drop citations that do not help."""
        vector = self._vector(sentence)
        best = [(passage, *passage.best_quote(sentence, vector)) for passage in passages]
        quotes = [(passage, span) for passage, span, _ in best]
        found = [each for *_, each in best]
        if any(each.label in SUPPORTED for each in found):
            useful = [quote for quote, each in zip(quotes, found, strict=True) if each.label != "unsupported"]
            self._removed += len(quotes) - len(useful)
            return max(found, key=strength), useful
        if len(best) > 1:  # perhaps they support it together
            for passage in passages:
                sentence = passage.without_title(sentence)
            known = {name for passage in passages for name in passage.own_names}
            texts = [passage.quote(span) for passage, span in quotes]
            found.append(support(sentence, texts, self._embedder, known=known))
        return max(found, key=strength), quotes

    def _look_up(self, sentence: str) -> tuple[Support, _Quotes]:
        """Find a quote in any passage that supports a sentence without citation.

        Not for single words and numbers, which occur somewhere in any library.
        """
        wanted = stems(sentence)
        if len(wanted) < _MIN_STEMS:
            return UNSUPPORTED, []
        vector = self._vector(sentence)
        rows = [
            (-score, number, span)
            for number, passage in self._given.items()
            for score, span in passage.ranked(sentence, vector)[:_MAX_LOOKED_UP]
            if score >= _MIN_NEARNESS and share_of(wanted, stems(readable(passage.quote(span)))) >= _MIN_SHARED
        ]
        for _, number, span in sorted(rows)[:_MAX_LOOKED_UP]:
            passage = self._given[number]
            quotes = [passage.quote(span)]
            found = support(passage.without_title(sentence), quotes, self._embedder, known=passage.own_names)
            if found.label in SUPPORTED:
                self._added += 1
                return found, [(passage, span)]
        return UNSUPPORTED, []

    def _vector(self, sentence: str) -> Vectors:
        return self._embedder.encode_texts([MarkedText(sentence, ())])[0].vector

    def _citation_number(self, passage: QuotablePassage, span: Span) -> int:
        """Return the number of a span's citation, a new one at its first use."""
        for citation in self._citations:
            if (citation.paper_id, citation.start, citation.end) == (passage.paper.id, *span):
                return citation.number
        self._citations.append(citation_of(passage.paper, len(self._citations) + 1, span, passage.quote(span)))
        return len(self._citations)

    def _notes(self) -> tuple[str, ...]:
        notes = sorted(self._boilerplate.removed)
        if self._unknown:
            listed = ", ".join(f"[{number}]" for number in sorted(self._unknown)[:5])
            more = " and more" if len(self._unknown) > 5 else ""
            notes.append(f"Removed citations of passages that the model was not given: {listed}{more}.")
        if self._added:
            sentences = "1 sentence" if self._added == 1 else f"{self._added} sentences"
            notes.append(f"Added a supporting quote to {sentences} without a citation.")
        if self._removed == 1:
            notes.append("Removed 1 citation that does not support its sentence.")
        elif self._removed:
            notes.append(f"Removed {self._removed} citations that do not support their sentences.")
        return tuple(notes)


def _refuses(sentence: Sentence) -> bool:
    """Return whether a sentence says that the papers do not answer: the refusal itself, or words like it."""
    words, refusal = folded(sentence.text), folded(REFUSAL)
    if refusal in words:
        return len(words.split()) - len(refusal.split()) <= _REFUSAL_WORDS
    if _APOLOGY.fullmatch(sentence.text):
        return True
    return not sentence.citations and len(words.split()) <= 2 * _REFUSAL_WORDS and bool(_REFUSING.search(sentence.text))
