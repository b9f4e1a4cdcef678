"""What a local model is given and what it wrote: passages fitted to its context, sentences checked as they come.

The model's words are never trusted. Numbers that it was not given are removed, each sentence is held against the
exact sentences of the passages that it cites, and what these do not support is marked so. A `Draft` reads the text in
pieces cut anywhere, and comes to the same result wherever they are cut: whether a sentence ends somewhere is decided
once `_AHEAD` more characters are there, on these alone.
"""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from ..errors import ConfigError, UnknownPaper
from ..ingest.sentences import split_lines, split_sentences
from ..models.protocols import Embedder, MarkedText, Message, Vectors
from ..models.reasoning import ReasoningFilter
from ..text.readable import folded, readable
from ..types import REFUSAL, Citation, Paper, Passage, Sentence, Span
from .prompts import History, messages, visible
from .quotes import citation_of
from .support import Support, support

# Budget

_MARGIN = 1.05
_OVERHEAD = 24  # tokens that a model's own template puts around two messages
_HISTORY_SHARE = 0.25  # of what is left for passages and earlier turns, as much goes to the latter
_UNIT = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|\d|\n|[^\S\n]{2,}|[^\sA-Za-z\d]")
_VOWELLESS = re.compile(r"[^aeiouy]{5}|.{16}")


class Fitted(NamedTuple):
    """A prompt that fits. `passages` in the order in which they are numbered; `history` what is left of it.

    `tokens` are at least as many as the model will count, `fewest` at most as many.
    """

    passages: list[Passage]
    history: list[tuple[str, str]]
    messages: list[Message]
    tokens: int
    fewest: int


def fit_prompt(
    question: str,
    passages: Sequence[Passage],
    history: History,
    context_tokens: int,
    answer_tokens: int,
    seconds_per_token: float | None = None,
    budget_seconds: float | None = None,
    widen: Callable[[Passage], Passage | None] | None = None,
) -> Fitted:
    """As many of the passages, best first, as fit into the context beside the question and the reserved answer.

    The best one stands first, the next best last, and so on inwards: models overlook what stands in the middle (Liu
    et al. 2023, "Lost in the Middle"). Of earlier turns the last ones are kept. With `seconds_per_token` and
    `budget_seconds` there are fewer passages, but always one. Where there is room, what `widen` gives for a passage
    takes its place, and that of others which lie inside it.

    Raises:
        ConfigError: not even one passage fits; the message says what to set.
    """
    room = context_tokens - answer_tokens
    if seconds_per_token and budget_seconds is not None:
        room = min(room, int(budget_seconds / seconds_per_token))
    least = _tokens(question, passages[:1], ())
    if least > context_tokens - answer_tokens:
        raise ConfigError(
            f"The question and one passage take up to {least:,} tokens and the answer {answer_tokens:,}, but "
            f"[ollama] context_tokens is {context_tokens:,}. Set it to {_rounded(least + answer_tokens):,} or more."
        )
    room = max(room, least)
    turns = _last_turns(question, passages[:1], history, room)
    chosen = _best_that_fit(question, passages, turns, room)
    if widen is not None:
        chosen = _widened(question, chosen, turns, room, widen)
    ordered = first_and_last(chosen)
    asked = messages(question, ordered, turns)
    return Fitted(ordered, turns, asked, most_tokens(asked), fewest_tokens(asked))


def most_tokens(asked: Sequence[Message]) -> int:
    """An upper estimate of the tokens of a prompt, without the model's tokenizer.

    A word counts a token for every four letters, one in capitals or with no vowels for every two, a digit and a sign
    one each, and what is not ASCII a token a byte, which is the most that any byte-level tokenizer makes. On English
    prose that is 1.3 to 1.8 times what the tokenizer of GPT-4 counts (100,000 words of vocabulary, as those of Llama 3
    and Qwen have or more), so that vocabularies of 32,000, which need a sixth more, stay below it too.
    """
    return math.ceil(_MARGIN * sum(_most(message["content"]) for message in asked)) + _OVERHEAD


def fewest_tokens(asked: Sequence[Message]) -> int:
    """A lower estimate of the tokens of a prompt: its words, since no tokenizer makes one token of two."""
    return sum(len(re.findall(r"[^\W\d_]+|\d+", message["content"])) for message in asked)


def foretold_seconds(prompt_tokens: int, seconds_per_token: float) -> float:
    """How long the model will read a prompt, by what it took for earlier ones."""
    return prompt_tokens * seconds_per_token


def was_cut(fewest: int, prompt_eval_count: int | None) -> bool:
    """Whether a prompt of at least `fewest` tokens (`Fitted.fewest`) was cut before the model read it.

    A server that counts none, or gives no count, says nothing about it.
    """
    return bool(prompt_eval_count) and (prompt_eval_count or 0) < fewest


def first_and_last(passages: Sequence[Passage]) -> list[Passage]:
    """Passages, best first, with the best at both ends: 1 3 5 ... 6 4 2."""
    return [*passages[::2], *reversed(passages[1::2])]


def whole_section(passage: Passage, paper: Paper) -> Passage | None:
    """The passage widened to its section of the paper, or None where that is no longer than it."""
    section = paper.section_at(passage.start)
    if section is None or section.end < passage.end:
        return None
    text = paper.text[section.start : section.end]
    start = section.start + len(text) - len(text.lstrip())
    end = section.start + len(text.rstrip())
    if end - start <= len(passage.text):
        return None
    page = paper.page_at(start)
    return replace(
        passage,
        text=paper.text[start:end],
        start=start,
        end=end,
        page=page.number if page else passage.page,
        page_label=page.label if page else passage.page_label,
    )


def _most(text: str) -> int:
    return sum(map(_most_of_unit, _UNIT.findall(text)))


def _most_of_unit(unit: str) -> int:
    if not unit.isascii():
        return len(unit.encode("utf-8", "replace"))
    if not unit.isalpha():
        return len(unit)
    return 1 + (len(unit) - 1) // 4 if unit[-1].islower() and not _VOWELLESS.search(unit) else 1 + len(unit) * 2 // 3


def _tokens(question: str, passages: Sequence[Passage], history: History) -> int:
    return most_tokens(messages(question, passages, history))


def _rounded(tokens: int) -> int:
    return math.ceil(tokens / 512) * 512


def _last_turns(question: str, best: Sequence[Passage], history: History, room: int) -> list[tuple[str, str]]:
    left = room - _tokens(question, best, ())
    turns = list(history)
    without = _tokens(question, (), ())
    while turns and _tokens(question, (), turns) - without > left * _HISTORY_SHARE:
        turns.pop(0)
    return turns


def _best_that_fit(question: str, passages: Sequence[Passage], history: History, room: int) -> list[Passage]:
    chosen: list[Passage] = []
    for passage in passages:
        if _tokens(question, [*chosen, passage], history) <= room:
            chosen.append(passage)
    return chosen


def _widened(
    question: str,
    passages: Sequence[Passage],
    history: History,
    room: int,
    widen: Callable[[Passage], Passage | None],
) -> list[Passage]:
    chosen = list(passages)
    for passage in passages:
        wide = widen(passage) if passage in chosen else None
        if wide is None:
            continue
        outside = [p for p in chosen if not _inside(p, wide)]
        if any(_overlap(p, wide) for p in outside):
            continue
        wider = [wide if p is passage else p for p in chosen if p is passage or p in outside]
        if _tokens(question, wider, history) <= room:
            chosen = wider
    return chosen


def _inside(passage: Passage, wide: Passage) -> bool:
    return passage.paper_id == wide.paper_id and wide.start <= passage.start and passage.end <= wide.end


def _overlap(passage: Passage, wide: Passage) -> bool:
    return passage.paper_id == wide.paper_id and wide.start < passage.end and passage.start < wide.end


# Drafts

_SUPPORTED = ("quoted", "supported")
_LABELS = ("unsupported", "partly", "supported", "quoted")
_LOOKED_UP = 4  # quotes that an uncited sentence is held against
_SHARED = 0.6  # share of its words that such a quote has to hold: of short sentences the check alone lets too many pass
_LEAST_STEMS = 3  # of a sentence that a quote is looked up for
_NEAR = 0.8  # cosine and share of words, added up, below which a quote is not tried for an uncited sentence
_REFUSAL_WORDS = 14  # that may stand around the refusal
_REFUSING = re.compile(
    r"\b(?:papers|passages|sources|documents|excerpts|texts?|context|library|information)\b[^.]{0,60}"
    r"\b(?:do not|don['’]t|does not|doesn['’]t|did not|cannot|can['’]t|fail to|fails to)\b[^.]{0,20}"
    r"\b(?:answer|contain|provide|mention|include|address|cover|discuss|say|state|specify|tell)\b",
    re.IGNORECASE,
)
_APOLOGY = re.compile(r"(?:i['’]m |i am |we are )?(?:very )?(?:sorry|unfortunately|i apologi[sz]e)\W*", re.IGNORECASE)


class Written(NamedTuple):
    """What a model wrote, checked: `text` is its sentences in readable form, each followed by its [n].

    `notes` say what was removed from it or done to it.
    """

    sentences: tuple[Sentence, ...]
    citations: tuple[Citation, ...]
    text: str
    notes: tuple[str, ...]

    @property
    def is_refusal(self) -> bool:
        """Whether it says no more than that the papers do not answer."""
        return (
            any(map(_refuses, self.sentences))
            and self.nothing_supported
            and all(_refuses(s) or not s.citations for s in self.sentences)
        )

    @property
    def nothing_supported(self) -> bool:
        """Whether no sentence is quoted or supported, so that quotes are to be shown instead."""
        return not any(sentence.support in _SUPPORTED for sentence in self.sentences)


class Draft:
    """An answer that grows while a model writes it.

    Args:
        passages: as they were numbered in the prompt, from 1.
        paper_of: the stored paper of an id, with its text.
        embedder: ranks sentences and is what the check reads with.

    A passage that is no longer a span of its paper, since that has changed, counts as not given.
    """

    def __init__(self, passages: Sequence[Passage], paper_of: Callable[[str], Paper], embedder: Embedder) -> None:
        papers: dict[str, Paper] = {}
        for paper_id in dict.fromkeys(p.paper_id for p in passages):
            with contextlib.suppress(UnknownPaper):  # it was removed a moment ago
                papers[paper_id] = paper_of(paper_id)
        self._sources = {
            number: _Source(passage, papers[passage.paper_id], embedder)
            for number, passage in enumerate(passages, 1)
            if passage.paper_id in papers and papers[passage.paper_id].text[passage.start : passage.end] == passage.text
        }
        self._embedder = embedder
        self._reader = _Reader()
        self._begin()

    def _begin(self) -> None:
        self._sentences: list[Sentence] = []
        self._opens: list[bool] = []  # whether a line begins with the sentence
        self._citations: list[Citation] = []
        self._unknown: set[int] = set()
        self._found = 0
        self._useless = 0
        self._known: dict[_Parsed, tuple[str, list[_Quote]]] = {}  # models that go wrong repeat themselves
        self._dropped: set[str] = set()
        self._line = _Line()

    @property
    def unfinished(self) -> str:
        """The sentence that is being written, unchecked and without citations, to show that something comes."""
        if self._line.ended or self._line.skipped:
            return ""
        return _parsed(_plain(self._reader.pending)).text

    def feed(self, text: str) -> bool:
        """Takes in what the model wrote next; whether a sentence was finished by it."""
        return self._take(self._reader.feed(text))

    def written(self, *, final: bool) -> Written:
        """The finished sentences; with `final` nothing more is to come, and the last one is finished too."""
        if final:
            self._take(self._reader.close())
        text = ""
        for sentence, opens in zip(self._sentences, self._opens, strict=True):
            gap = ("\n" if opens else " ") if text else ""
            text += gap + sentence.text + "".join(f" [{number}]" for number in sentence.citations)
        return Written(tuple(self._sentences), tuple(self._citations), text, self._notes())

    def _take(self, pieces: Iterator[_Piece | None]) -> bool:
        before = len(self._sentences)
        for piece in pieces:
            if piece is None:  # everything until here was reasoning
                self._begin()
                self._dropped.add("What the model thought before its answer was left out.")
                before = -1
                continue
            said = self._said(piece)
            if said:
                self._add(_parsed(said), piece.opens)
        return len(self._sentences) > before

    def _said(self, piece: _Piece) -> str:
        """What a piece says, without what is no sentence of the answer."""
        if piece.opens:
            self._line.skipped = False
        if self._line.ended or self._line.skipped:
            return ""
        text = _TOKENS.sub(" ", piece.text).strip()
        if piece.opens:
            if self._sentences and _TURN.match(text):
                self._line.ended = True
                self._dropped.add("A conversation with itself, which the model went on with, was left out.")
                return ""
            if self._sentences and _LIST_HEADING.match(text):
                self._line.ended = True
            if self._line.ended or (self._sentences and self._is_reference(text)):
                self._line.skipped = True
                self._dropped.add("A list of references that the model wrote was left out.")
                return ""
            if _HEADING.match(text):
                self._line.skipped = True
                return ""
        return _plain(text, opens=piece.opens)

    def _is_reference(self, text: str) -> bool:
        """Whether a line is an entry of a list of references: "[1] Title ...", "[1] Names (2020) ..."."""
        entry = _ENTRY.match(text)
        if not entry:
            return False
        title, rest = folded(entry["rest"]), entry["rest"]
        known = (folded(source.paper.title) for source in self._sources.values())
        return bool(_BIBLIOGRAPHIC.search(rest)) or any(t and title.startswith(t) for t in known)

    def _add(self, parsed: _Parsed, opens: bool) -> None:
        if not any(character.isalnum() for character in parsed.text):
            return
        self._unknown.update(number for number in parsed.numbers if number not in self._sources)
        if parsed not in self._known:
            self._known[parsed] = self._held_against(parsed)
        label, quotes = self._known[parsed]
        numbers = dict.fromkeys(self._number(source, span) for source, span in quotes)
        self._sentences.append(Sentence(parsed.text, tuple(numbers), label))
        self._opens.append(opens)

    def _held_against(self, parsed: _Parsed) -> tuple[str, list[_Quote]]:
        known = [number for number in parsed.numbers if number in self._sources]
        if _refuses(Sentence(parsed.text, (), "")):
            return "unsupported", []
        return self._checked(parsed.text, known) if known else self._looked_up(parsed.text)

    def _checked(self, sentence: str, numbers: Sequence[int]) -> tuple[str, list[_Quote]]:
        """How far the passages cited support a sentence, and the best quote of each; without those of no use."""
        vector = self._vector(sentence)
        best = [(self._sources[n], *_best_quote(sentence, vector, self._sources[n], self._embedder)) for n in numbers]
        quotes = [(source, span) for source, span, _ in best]
        found = [each for *_, each in best]
        if any(each.label in _SUPPORTED for each in found):
            useful = [quote for quote, each in zip(quotes, found, strict=True) if each.label != "unsupported"]
            self._useless += len(quotes) - len(useful)
            return max(found, key=_strength).label, useful
        if len(best) > 1:
            for source, _ in quotes:
                sentence = source.without_title(sentence)
            found.append(support(sentence, [source.quote(span) for source, span in quotes], self._embedder))
        return max(found, key=_strength).label, quotes

    def _looked_up(self, sentence: str) -> tuple[str, list[_Quote]]:
        """The quote that supports a sentence which cites nothing, of whatever passage, if one does.

        A word or a number alone stands somewhere in any library, and says nothing.
        """
        if len(_stems(sentence)) < _LEAST_STEMS:
            return "unsupported", []
        vector = self._vector(sentence)
        rows = [
            (-score, number, span)
            for number, source in self._sources.items()
            for score, span in source.ranked(sentence, vector)[:_LOOKED_UP]
            if score >= _NEAR and _held(_stems(sentence), _stems(readable(source.quote(span)))) >= _SHARED
        ]
        for _, number, span in sorted(rows)[:_LOOKED_UP]:
            source = self._sources[number]
            found = support(source.without_title(sentence), [source.quote(span)], self._embedder)
            if found.label in _SUPPORTED:
                self._found += 1
                return found.label, [(source, span)]
        return "unsupported", []

    def _vector(self, sentence: str) -> Vectors:
        return self._embedder.encode_texts([MarkedText(sentence, ())])[0].vector

    def _number(self, source: _Source, span: Span) -> int:
        """The number of the citation of a span, a new one where it is cited for the first time."""
        for citation in self._citations:
            if (citation.paper_id, citation.start, citation.end) == (source.paper.id, *span):
                return citation.number
        self._citations.append(citation_of(source.paper, len(self._citations) + 1, span, source.quote(span)))
        return len(self._citations)

    def _notes(self) -> tuple[str, ...]:
        notes = sorted(self._dropped)
        if self._unknown:
            listed = ", ".join(f"[{number}]" for number in sorted(self._unknown)[:5])
            more = " and more" if len(self._unknown) > 5 else ""
            notes.append(f"The model cited {listed}{more}, which it was not given; that was removed.")
        if self._found:
            count = "A sentence" if self._found == 1 else f"{self._found} sentences"
            notes.append(f"{count} came without a citation; a quote that supports it was found for it.")
        if self._useless:
            count = "A citation" if self._useless == 1 else f"{self._useless} citations"
            notes.append(f"{count} beside a better one, of a passage that does not support the sentence, went.")
        return tuple(notes)


@dataclass(slots=True)
class _Line:
    """Where in its text a draft is: in a line that is left out, or past the answer's end."""

    skipped: bool = False
    ended: bool = False


def _refuses(sentence: Sentence) -> bool:
    """Whether a sentence says that the papers do not answer: the refusal with a few words around it, or like it."""
    text = sentence.text
    words, wanted = folded(text), folded(REFUSAL)
    if wanted in words:
        return len(words.split()) - len(wanted.split()) <= _REFUSAL_WORDS
    apology = _APOLOGY.match(text)
    if apology and apology.end() == len(text):
        return True
    return not sentence.citations and len(words.split()) <= 2 * _REFUSAL_WORDS and bool(_REFUSING.search(text))


def _strength(found: Support) -> tuple[int, float]:
    return _LABELS.index(found.label), found.probability


# Quotes

_Quote = tuple["_Source", Span]

_PAIRED = 0.03  # a single sentence goes before two that are no better than it by as much


class _Source:
    """A passage that was given, its paper, and the spans of it that can be quoted."""

    def __init__(self, passage: Passage, paper: Paper, embedder: Embedder) -> None:
        self.passage = passage
        self.paper = paper
        self._embedder = embedder

    def quote(self, span: Span) -> str:
        return self.paper.text[span.start : span.end]

    @cached_property
    def spans(self) -> list[Span]:
        """The sentences of the passage, as spans of the paper."""
        section = self.paper.section_at(self.passage.start)
        split = split_lines if section and section.kind == "table" else split_sentences
        return split(self.paper.text, self.passage.start, self.passage.end)

    @cached_property
    def title(self) -> re.Pattern[str] | None:
        """What finds the paper's title in a sentence, with or without its part after a colon; none for short ones."""
        words = [re.findall(r"\w+", part) for part in (readable(self.paper.title), _before_colon(self.paper.title))]
        forms = [r"\W+".join(map(re.escape, part)) for part in words if len(part) > 2]
        return re.compile(rf"[\"“'‘]?\b(?:{'|'.join(forms)})\b[?!\"”'’]*", re.IGNORECASE) if forms else None

    def without_title(self, sentence: str) -> str:
        """`sentence` with "the paper" for the paper's title, whose words prove nothing of what is said of it."""
        return self.title.sub("the paper", sentence) if self.title else sentence

    def title_for(self, sentence: str) -> Span | None:
        """The span of the title, where the sentence says hardly more than it."""
        found = self.title.search(sentence) if self.title else None
        if not found or not self.paper.text.startswith(self.paper.title):
            return None
        rest = _stems(sentence[: found.start()] + " " + sentence[found.end() :])
        return Span(0, len(self.paper.title)) if all(len(w) < 4 or w in _NAMING for w in rest) else None

    @cached_property
    def vectors(self) -> Vectors:
        """A row a span."""
        texts = [MarkedText(visible(readable(self.quote(span))), ()) for span in self.spans]
        return np.array([encoded.vector for encoded in self._embedder.encode_texts(texts)])

    @cached_property
    def words(self) -> list[set[str]]:
        return [_stems(readable(self.quote(span))) for span in self.spans]

    def ranked(self, sentence: str, vector: Vectors) -> list[tuple[float, Span]]:
        """Sentences and pairs of neighbours, those first that share most words and meaning with `sentence`."""
        if not self.spans:
            return []
        wanted = _stems(sentence)
        near = self.vectors @ vector
        rows = [(float(near[i]) + _held(wanted, self.words[i]), span) for i, span in enumerate(self.spans)]
        for i, (first, second) in enumerate(zip(self.spans, self.spans[1:], strict=False)):
            both = _held(wanted, self.words[i] | self.words[i + 1])
            rows.append((float(max(near[i], near[i + 1])) + both - _PAIRED, Span(first.start, second.end)))
        return sorted(rows, key=lambda row: (-row[0], row[1].end - row[1].start, row[1]))


_TRIED = 3  # quotes of a passage that a sentence is held against
_NAMING = {word[:5] for word in "paper work study article called named titled title entitled that this".split()}


def _best_quote(sentence: str, vector: Vectors, source: _Source, embedder: Embedder) -> tuple[Span, Support]:
    """The sentence or two of a passage that support a sentence best."""
    title = source.title_for(sentence)
    if title:
        return title, Support("supported", 1.0)
    tried: list[tuple[Span, Support]] = []
    sentence = source.without_title(sentence)
    for _, span in source.ranked(sentence, vector)[:_TRIED]:
        tried.append((span, support(sentence, [source.quote(span)], embedder)))
        if tried[-1][1].label in _SUPPORTED:
            break
    if not tried:
        return Span(source.passage.start, source.passage.end), Support("unsupported", 0.0)
    return max(tried, key=lambda each: _strength(each[1]))


def _before_colon(title: str) -> str:
    return readable(title).split(":")[0]


def _stems(text: str) -> set[str]:
    words = re.findall(r"[^\W_]+", text.casefold())
    return {word[:5] for word in words if len(word) > 3 or any(c.isdigit() for c in word)} or set(words)


def _held(wanted: set[str], words: set[str]) -> float:
    return len(wanted & words) / max(len(wanted), 1)


# Citations as models write them

_LABEL = r"(?:passages?|sources?|papers?|refs?\.?|references?|citations?|quotes?|documents?|no\.?)"
_ITEM = (
    rf"(?:{_LABEL}\s?)?[#^№]?\d{{1,4}}(?:\s?[-–—]\s?\d{{1,4}})?"
    r"(?:,?\s(?:pp?\.|pages?)\s?\d{1,4}(?:\s?[-–]\s?\d{1,4})?)?(?:†[^\]】]{0,30})?"
)
_ITEMS = rf"{_ITEM}(?:\s?(?:[,;&]|and\b)\s?(?:and\s)?{_ITEM}){{0,30}}"
_SQUARE = rf"\\?[\[【［〔]{{1,2}}\s?(?P<square>{_ITEMS})\s?\\?[\]】］〕]{{1,2}}"
_CITED = re.compile(
    rf"{_SQUARE}"
    rf"|\(\s?(?:see\s)?(?P<round>(?={_LABEL}\s?#?\d){_ITEMS})\s?\)"
    rf"|\b(?P<bare>passages?\s#?\d{{1,3}}(?:(?:,\s|\sand\s|,\sand\s)\d{{1,3}})*)\b",
    re.IGNORECASE,
)
_LAST_ROUND = re.compile(r"(?P<before>\S+)\s\((?P<items>\d{1,2}(?:\s?,\s?\d{1,2}){0,5})\)(?=\W*$)")
_NO_CITATION = re.compile(  # before a number in round brackets, this makes it that of something else
    r"\W*(?:eqs?|equations?|figs?|figures?|tables?|sections?|steps?|levels?|class|types?|stages?|phases?|parts?|cases?"
    r"|items?|numbers?|versions?|appendix|rules?|points?|options?|n|is|are|was|were|of|to|equals?|=|[\d.,%]+)\W*",
    re.IGNORECASE,
)
_SUBJECT = re.compile(r"(?:^|[.!?:][\"'”’)]*\s+|^\W+)$")
_PREPOSITION = re.compile(
    r"\b(?:in|by|from|of|to|per|with|see|and|than|unlike|like|following|both|as)\s+$", re.IGNORECASE
)
_PAGES = re.compile(r",?\s(?:pp?\.|pages?)\s?\d{1,4}(?:\s?[-–]\s?\d{1,4})?|†[^,;\]】]*", re.IGNORECASE)


class _Parsed(NamedTuple):
    """A sentence without its citations, and the numbers that it cites, each once."""

    text: str
    numbers: tuple[int, ...]


def _parsed(text: str) -> _Parsed:
    numbers: list[int] = []

    def removed(match: re.Match[str]) -> str:
        cited = _numbers(match)
        if 0 in cited:  # an interval, or an index: passages are numbered from 1
            return match[0]
        numbers.extend(cited)
        if _is_noun(match):
            return "The paper" if not match.string[: match.start()].strip() else "the paper"
        return ""

    plain = _CITED.sub(removed, text)
    last = None if numbers else _LAST_ROUND.search(plain)
    if last and not _NO_CITATION.fullmatch(last["before"]):
        numbers.extend(map(int, re.findall(r"\d+", last["items"])))
        plain = plain[: last.end("before")] + plain[last.end() :]
    plain = " ".join(readable(plain).split())
    return _Parsed(_tidied(plain) if numbers else plain, tuple(dict.fromkeys(numbers)))


def _numbers(match: re.Match[str]) -> list[int]:
    items = _PAGES.sub("", match["square"] or match["round"] or match["bare"])
    numbers: list[int] = []
    for first, last in re.findall(r"(\d+)(?:\s?[-–—]\s?(\d+))?", items):
        low, high = int(first), int(last or first)
        numbers += range(low, high + 1) if low <= high < low + 50 else [low, high]
    return numbers


def _is_noun(match: re.Match[str]) -> bool:
    """Whether a citation is a part of its sentence, as in "[1] shows that" or "as in passage 2"."""
    before = match.string[max(0, match.start() - 24) : match.start()]
    if match["bare"]:
        return True
    if _PREPOSITION.search(before):
        return match["square"] is not None
    return bool(_SUBJECT.search(before)) and bool(re.match(r"\s[a-z]", match.string[match.end() : match.end() + 2]))


def _tidied(text: str) -> str:
    """A text from which citations were taken, without the gaps that they leave."""
    text = re.sub(r"\(\s*\)|\[\s*\]", "", text)
    text = re.sub(r"(?:\s*[,;])+(?=\s*[.!?]|\s*$)", "", text)
    text = re.sub(r"\s+([.,;:!?。！？])", r"\1", text)
    text = re.sub(r"(?<=[^.][.!?])\.+$", "", text)
    return re.sub(r"^[,;:.]+\s*", "", text).strip()


# Plain text of what models write

_TOKENS = re.compile(
    r"<\|[^|<>]{1,40}\|>|<｜[^｜<>]{1,40}｜>|</?s>|\[/?INST\]|<</?SYS>>|<(?:start|end)_of_turn>"
    r"|</?(?:passage|quote|conversation)>",
    re.IGNORECASE,
)
_TURN = re.compile(r"(?:[#*\s]*)(?:user|human|(?:last |next |new )?question|instruction)[*\s]*(?::|$)", re.IGNORECASE)
_LIST_HEADING = re.compile(
    r"[\W_]*(?:references?|sources?|bibliography|works cited|citations?|literature|footnotes|"
    r"(?:cited |used )(?:passages?|papers?|sources?))[\s*_]*(?::|$)",
    re.IGNORECASE,
)
_HEADING = re.compile(
    r"#{1,6}\s[^.!?\[]*$"
    r"|(?:\*\*|__)[^*_.\[]{1,60}(?:\*\*|__):?\s*$|[`=~_*-]{3,}\w*\s*$|(?:final )?(?:answer|response):?$"
    r"|(?:here (?:is|are)|here['’]s|sure|based on|according to)\b[^.\[]{0,80}:$",
    re.IGNORECASE,
)
_ENTRY = re.compile(r"[-*•\s]*(?:\[\^?\d{1,3}\]:?|\d{1,3}\.)\s*[\"“*_]*(?P<rest>.+)", re.DOTALL)
_BIBLIOGRAPHIC = re.compile(r"\bet al\b|\(\d{4}[a-z]?\)|\bdoi\b|\barXiv\b|https?://|\bpp?\. ?\d|\bProc\.|\bvol\. ?\d")
_BULLET = re.compile(r"\A(?:[-*•+–>]\s+|#{1,6}\s+|\(?\d{1,2}[.)]\s+(?=\D)|[a-z]\)\s+)+")
_SPEAKER = re.compile(
    r"\A[*_]*(?:assistant|ai|bot|model|system|(?:final |short )?answer|response)[*_]*\s*:\s*[*_]*\s*", re.IGNORECASE
)
_EMPHASIS = re.compile(
    r"\*{2,3}|(?<!\w)_{1,3}(?=\w)|(?<=[\w.,!?])_{1,3}(?!\w)|`{1,3}|(?<![\w*])\*(?=\w)|(?<=[\w.,!?])\*(?![\w*])"
)


def _plain(text: str, *, opens: bool = True) -> str:
    """A sentence of a model without Markdown and without the name of who speaks."""
    if opens:
        text = _SPEAKER.sub("", _BULLET.sub("", text.lstrip(), count=1), count=1) if text else text
    return _EMPHASIS.sub("", text)


# Text that comes in pieces

_AHEAD = 64  # characters after a full stop that tell whether a sentence ends there, and what is cited after it
_LONGEST = 1500  # characters of a sentence; one that goes on is cut between words
_KNOWN = 2  # characters that are there after those: whether a line ends there is known too
_BEHIND = 120  # characters before a full stop that tell whether a sentence ends there
_CLOSERS = 8
_STOP = re.compile(r"[.!?…]{1,16}[\"'”’)\]}»*_]{0,6}(?=[\s\\\[【［〔(*_]|$)|[。！？]")
_AFTER = rf"(?:\s?{_SQUARE}\.?)+".replace("?P<square>", "?:").replace(r"(?:\s?", "(?:[ ]?", 1)
_CITED_AFTER = re.compile(_AFTER, re.IGNORECASE)
_ROUND_LAST = re.compile(r"[ ]\(\d{1,2}(?:,[ ]?\d{1,2}){0,5}\)(?=\n|$)")
_CITED_BELOW = re.compile(rf"\n{_AFTER}(?=\n|$)", re.IGNORECASE)


class _Piece(NamedTuple):
    """About a sentence as the model wrote it, and whether a line begins with it."""

    text: str
    opens: bool


class _Reader:
    """Cuts a stream of text into sentences; None among them says that everything before it was reasoning."""

    def __init__(self) -> None:
        self.pending = ""  # what is no finished sentence yet; white space in it is single
        self._answer = ReasoningFilter()
        self._space = ""  # what white space the text read so far ends with
        self._scanned = 0  # up to here no sentence ends in `pending`
        self._opens = True

    def feed(self, text: str) -> Iterator[_Piece | None]:
        yield from self._read(self._answer.feed(visible(text)), final=False)

    def close(self) -> Iterator[_Piece | None]:
        yield from self._read(self._answer.close(), final=True)

    def _read(self, parts: Iterator[str | None], *, final: bool) -> Iterator[_Piece | None]:
        for part in parts:
            if part is None:
                self.pending, self._space, self._scanned, self._opens = "", "", 0, True
                yield None
            else:
                self._append(part)
        yield from self._pieces(final=final)

    def _append(self, text: str) -> None:
        text = self._space + text.replace("\r", "\n")
        kept = text.rstrip()
        after = text[len(kept) :]
        self._space = "\n" if "\n" in after else " " if after else ""
        kept = re.sub(r"\s+", lambda space: "\n" if "\n" in space[0] else " ", kept)
        self.pending += kept if self.pending else kept.lstrip()

    def _pieces(self, *, final: bool) -> Iterator[_Piece]:
        while (end := self._end(final=final)) is not None:
            text, rest = self.pending[:end], self.pending[end:]
            opened = self._opens
            self.pending, self._scanned = rest.lstrip(), 0
            self._opens = rest.startswith("\n") or text.endswith("\n")
            if text.strip():
                yield _Piece(text.strip(), opened)

    def _end(self, *, final: bool) -> int | None:
        """Where the first sentence of `pending` ends, None while that cannot be told."""
        text = self.pending
        line = text.find("\n")
        upto = line if line >= 0 else len(text)
        for match in _STOP.finditer(text, self._scanned, min(len(text), _LONGEST + _CLOSERS)):
            if match.start() >= min(upto, _LONGEST):
                break
            if not final and match.end() + _AHEAD + _KNOWN > len(text):
                return None
            self._scanned = match.end()
            window = text[: match.end() + _AHEAD]
            end = _sentence_end(window, match)
            if end is not None:
                return _with_citations(window, end)
        if line >= 0 and line < _LONGEST:
            known = final or line + _AHEAD + _KNOWN <= len(text)
            return _with_citations(text[: line + _AHEAD], line) if known else None
        if len(text) >= _LONGEST + _AHEAD + _KNOWN or (final and len(text) > _LONGEST):
            space = text.rfind(" ", _LONGEST // 2, _LONGEST)
            return space if space > 0 else _LONGEST
        return len(text) if final and text else None


def _sentence_end(window: str, stop: re.Match[str]) -> int | None:
    """Where a sentence ends that a full stop may end, by what stands around it; None where it goes on."""
    begin = max(0, stop.start() - _BEHIND)
    line = window.find("\n", stop.start())
    around = _masked(window[begin : line if line >= 0 else len(window)])
    if stop[0][0] in "?!" and re.match(r"\s+[a-z]+\b", around[stop.end() - begin :]):
        return None  # of a title in the sentence
    for _, end in split_sentences(around):
        if stop.start() < begin + end <= stop.end() + _CLOSERS:
            return max(begin + end, stop.end())
    return None


def _masked(text: str) -> str:
    """`text`, as long as before, with nothing in it that hides a sentence's end: citations and emphasis are blanks."""
    blank = _CITED.sub(lambda m: ("X" if _is_noun(m) else " ") * len(m[0]), text)
    return re.sub(r"[*`]+|__+", lambda m: " " * len(m[0]), blank)


def _with_citations(window: str, end: int) -> int:
    """The end of a sentence together with the citations after it, unless they begin the next one."""
    cited = _CITED_AFTER.match(window, end)
    if cited and not re.match(r"\s?[a-z]", window[cited.end() : cited.end() + 2]):
        return cited.end()
    below = _CITED_BELOW.match(window, end) or _ROUND_LAST.match(window, end)
    return below.end() if below else end
