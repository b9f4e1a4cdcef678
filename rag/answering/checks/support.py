"""Check whether quotes support a sentence, by words, numbers, names, directions and the nearest tokens.

The check compares surfaces and does not reason. It notices another topic, a changed number, an increase that became a
decrease, an added "not", a reversed "from A to B" or "A outperforms B"; the gates (gates.py) notice names, numbers,
words, things, degrees and causes that were exchanged and comparisons that were turned round, and clauses.py an added
clause.

It wrongly accepts: a contradiction in other words, or in words without a direction here, unless the sentence is a near
copy; in a paraphrase, one subject for another that is not a name, unless the sentence exchanges both; another verb. It
wrongly rejects: numbers that were counted, added, rounded or given without their sign ("falls by 4.2" of -4.2); "has no
X" of "X is absent"; a near copy with a synonym that is not in synonyms.py.
"""

import math
import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...ingest.sentences import split_sentences
from ...models.protocols import Embedder
from ...models.weights import SupportWeights, load_weights
from ...text.readable import readable
from .clauses import unsaid
from .gates import MOST_SENTENCES, objection
from .named import written_out
from .opposites import analyse, direction_context, direction_difference, negations, reverses_object, reverses_roles
from .quantities import find_names, reverses_range, share_of_numbers
from .word_overlap import contains_phrase, has_words, is_content_word, split_words, stem

LABELS = ("unsupported", "partly", "supported", "quoted")
SUPPORTED = ("quoted", "supported")

SUPPORT_FEATURES = (
    "words", "tokens", "close_tokens", "names", "numbers", "same_direction", "other_direction", "turned", "negated",
    "denied", "quote_length",
)  # fmt: skip

_CLOSE = 0.6  # cosine from which two tokens mean about the same
_NEAREST = 4  # sentences of the quotes that directions and negations are compared with
# Quotes contradict with `other_direction` from the first on and `turned` up to the second: of SciFact's training pairs
# in this range 25 contradict, 3 say nothing and 2 support.
_OPPOSITE, _TURNED = 0.5, -0.1
_MAX_COMPARED = 60  # sentences of the quotes, those that share the most words
_MAX_CHARACTERS = 10_000  # of a sentence or a quote

_UNREADABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")  # no tokenizer takes half of a surrogate pair
_REPLY = re.compile(r"\A\s*(?:yes|no)[,;:]\s+(?=\w)", re.IGNORECASE)  # to the question: "No, it fails in fog."
_NOT_WITHOUT = re.compile(
    r"\b(?:cannot|(?:can|could|do|does|did|will|would)(?:\snot|n['’]t))\s(?P<verb>do|work|manage|cope|run|function|operate|get\sby)\swithout\b",
    re.IGNORECASE,
)
_DOTS = re.compile(r"([.!?])[.!?]{3,}")  # as in tables of contents; they slow down the splitting into sentences


class Support(NamedTuple):
    """How far quotes support a sentence: one of `LABELS`, the probability, and what holds it back, if one fact does."""

    label: str
    probability: float
    reason: str = ""


UNSUPPORTED = Support("unsupported", 0.0)


def support(
    sentence: str,
    quotes: Sequence[str],
    embedder: Embedder,
    weights: SupportWeights | None = None,
    known: Iterable[str] = (),
) -> Support:
    """Check whether `quotes` support `sentence`, which comes without citation numbers.

    A "yes" or "no" that opens the sentence is left out. A sentence that occurs in a quote is `quoted`. Otherwise a
    logistic regression over `SUPPORT_FEATURES` decides, fitted as if half of all sentences were supported. Where a
    gate objects (gates.py), `agrees` is false or no sentence of the quotes says one of its clauses (clauses.py), it is
    `partly` supported at most. `known` are names that may stand for what the quotes call "it" or "we". Without words
    or quotes it is `unsupported`, and with more than 10,000 characters too; of a quote as many are read.
    """
    sentence = _REPLY.sub("", sentence)
    if is_quoted(sentence, quotes):
        return Support("quoted", 1.0)
    readable_words = has_words(_normalised(sentence)) and any(has_words(_normalised(quote)) for quote in quotes)
    if len(sentence) > _MAX_CHARACTERS or not readable_words:
        return UNSUPPORTED
    weights = weights or load_weights().support
    features = support_features(sentence, quotes, embedder)[None]
    probability = float(weights.model.probability(features)[0])
    reason = gate(sentence, quotes, known) or ("" if agrees(features)[0] else "The quote says otherwise.")
    if probability >= weights.supported_above and not reason:
        reason = _unsaid(sentence, quotes, embedder)
    if probability >= weights.supported_above and not reason:
        return Support("supported", probability)
    return Support("partly" if probability >= weights.partly_above else "unsupported", probability, reason)


def gate(sentence: str, quotes: Sequence[str], known: Iterable[str] = ()) -> str:
    """Return the objection of a gate, "" if there is none."""
    return objection(_normalised(sentence), [*map(_normalised, quotes)], known)


def _unsaid(sentence: str, quotes: Sequence[str], embedder: Embedder) -> str:
    """Return the objection to a clause that no sentence of the quotes says.

    "" if all are said, or the quotes are long: in these some sentence is near by chance.
    """
    parts = [part for part in _sentences(quotes) if has_words(part)]
    parts = [written_out(part, sentence) for part in parts]
    clause = unsaid(_normalised(sentence), parts, embedder) if len(parts) <= MOST_SENTENCES else ""
    return f'The quote does not say "{clause}".' if clause else ""


def _sentences(quotes: Iterable[str]) -> list[str]:
    return [text[a:b] for text in map(_normalised, quotes) for a, b in split_sentences(text)]


def is_quoted(sentence: str, quotes: Iterable[str]) -> bool:
    """Return whether a quote contains `sentence`, apart from LaTeX, case, white space and punctuation around it."""
    text = _normalised(sentence) if len(sentence) <= _MAX_CHARACTERS else ""
    places = [place for place, character in enumerate(text) if character.isalnum()]
    inside = text[places[0] : places[-1] + 1].casefold() if places else ""
    return bool(inside) and any(contains_phrase(_normalised(quote).casefold(), inside) for quote in quotes)


def agrees(features: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return for each row whether the quotes contain all numbers and nothing is negated, denied or reversed."""
    values = dict(zip(SUPPORT_FEATURES, features.T, strict=True))
    same, other = values["same_direction"], values["other_direction"]
    opposite = (other >= _OPPOSITE) & (other > same) & (values["turned"] <= _TURNED)
    return np.asarray((values["numbers"] == 1) & (values["negated"] == 0) & (values["denied"] == 0) & ~opposite)


def support_features(sentence: str, quotes: Sequence[str], embedder: Embedder) -> NDArray[np.float64]:
    """Return the values of `SUPPORT_FEATURES`. Both sentence and quotes must contain words.

    - words: the share of the sentence's longer words, by letters, whose stems occur in the quotes;
    - tokens: MaxSim, the mean over the sentence's tokens of the cosine to the nearest token of the quotes (Khattab and
      Zaharia 2020, "ColBERT"); close_tokens: the share of those above `_CLOSE`;
    - names, numbers: the share that occurs in the quotes, 1 if there are none;
    - same_direction, other_direction: for a word such as "increases", the largest share of the sentence's words around
      a word of the same or the other direction in the nearest sentences of the quotes; a negation reverses a direction;
    - turned: by how much less the word is like the quotes' words of its direction than like the others, 0 or below;
    - negated: 1 if the sentence negates a word and the nearest sentences negate none of the same;
    - denied: 1 if a word that the sentence does not negate is only negated in the nearest sentences, if these say only
      the reverse of an object ("reduces noise" for "more noise") or of two names, or reverse a "from A to B";
    - quote_length: the logarithm of the quotes' number of sentences, since longer text matches more by chance.
    """
    sentence = _normalised(sentence)
    compared = _most_similar(sentence, [text for text in _sentences(quotes) if has_words(text)])
    own, *others = embedder.token_vectors([sentence, *compared])
    cosines = np.array([(own.vectors @ each.vectors.T).max(axis=1) for each in others])  # (quotes' sentences, tokens)
    nearest = np.argsort(-cosines.mean(axis=1), kind="stable")[:_NEAREST]
    best = cosines.max(axis=0)
    analysed, quoted = analyse(sentence, own), [analyse(compared[i], others[i]) for i in nearest]
    whole = " ".join(compared)
    folded = whole.casefold()
    names = find_names(sentence)
    negated, denied = negations(analysed, quoted)
    reverse = reverses_roles(analysed, quoted) or reverses_object(analysed, quoted) or reverses_range(sentence, whole)
    return np.array(
        [
            _share_of_words(analysed.words, split_words(whole)),
            best.mean(),
            (best > _CLOSE).mean(),
            sum(contains_phrase(folded, name.casefold()) for name in names) / len(names) if names else 1.0,
            share_of_numbers(sentence, whole),
            direction_context(analysed, quoted, same=True),
            direction_context(analysed, quoted, same=False),
            direction_difference(analysed, quoted),
            float(negated),
            float(denied or reverse),
            math.log(len(compared)),
        ],
        float,
    )


def _normalised(text: str) -> str:
    text = _UNREADABLE.sub(" ", text[:_MAX_CHARACTERS])
    text = _DOTS.sub(r"\1", " ".join(unicodedata.normalize("NFKC", readable(text)).split()))
    return _NOT_WITHOUT.sub(r"\g<verb> only with", text)  # two negations are none


def _most_similar(sentence: str, others: Sequence[str]) -> list[str]:
    """Return the `_MAX_COMPARED` texts that share the most words with the sentence, in their order."""
    if len(others) <= _MAX_COMPARED:
        return list(others)
    wanted = set(map(stem, split_words(sentence)))
    shared = [len(wanted & set(map(stem, split_words(other)))) for other in others]
    return [others[i] for i in sorted(np.argsort(np.negative(shared), kind="stable")[:_MAX_COMPARED])]


def _share_of_words(words: Sequence[str], others: Iterable[str]) -> float:
    known = set(map(stem, others))
    wanted = set(filter(is_content_word, words)) or set(words)
    return sum(len(word) for word in wanted if stem(word) in known) / sum(map(len, wanted))
