"""The words of a question that are searched for."""

import re

from .. import arguments
from ..errors import QuestionError

MAX_QUESTION = 2000  # characters; the embedder reads 256 tokens of it, about 1,200 characters

# Words that do not say what is asked for: function words, and the usual words of questions about papers.
STOP_WORDS = frozenset(
    "a about above after again against all also am an and any are as at be because been before being below between "
    "both but by can could did do does doing done down during each either else ever few for from further had has "
    "have having he her here hers him his how however i if in into is it its itself just let like ll may me might "
    "more most much must my no nor not now of off on once one only or other our out over own per please quite "
    "rather re s same say says she should show shows so some such t tell than that the their them then there these "
    "they this those through to too under until up upon us use used uses using ve very via was way we were what "
    "when where whether which while who whom whose why will with within without would you your paper papers study "
    "studies work works article articles author authors research researchers find found propose proposed proposes "
    "present presents introduce introduces remember looking know something someone call called kind sort thing things "
    "ask get got make made take want need give given first new even still yet actually really simply instead".split()
)

_WORD = re.compile(r"[^\W_]+")
_STEM = 5  # letters by which two words count as the same
_MIN_PLURAL = 4  # letters


def search_terms(question: str) -> tuple[str, ...]:
    """Return the words to search for, case folded, each once, without stop words."""
    words = _WORD.findall(question.casefold())
    return tuple(dict.fromkeys(word for word in words if word not in STOP_WORDS))


def stem(term: str) -> str:
    """Return the letters by which a term is compared with other words: its first five, without a plural's "s"."""
    is_plural = _MIN_PLURAL <= len(term) <= _STEM and term[-1] == "s" and term[-2] not in "siu"
    return term[:-1] if is_plural else term[:_STEM]


def stems_in(text: str) -> set[str]:
    """Return the stems of the words in a text, without stop words."""
    return {stem(word) for word in _WORD.findall(text.casefold()) if word not in STOP_WORDS}


def has_stem(folded: str, wanted: str) -> bool:
    """Return whether `wanted` is in `stems_in` of a case-folded text; quicker, as most texts do not have it."""
    at = folded.find(wanted)
    while at >= 0:
        if at == 0 or not folded[at - 1].isalnum():  # only at the start of a word, so that each is read once
            word = _WORD.match(folded, at)
            if word and stem(word[0]) == wanted and word[0] not in STOP_WORDS:
                return True
        at = folded.find(wanted, at + 1)
    return False


def check_question(question: str) -> str:
    """Return the question without surrounding white space.

    Raise QuestionError if it is no text, is empty, or is longer than `MAX_QUESTION` characters.
    """
    if not isinstance(question, str):
        raise QuestionError(f"A question is a text, not {question!r}.")
    question = arguments.text("question", question)
    if not any(character.isalnum() for character in question):
        raise QuestionError("The question is empty. Ask in a sentence or a few keywords.")
    if len(question) > MAX_QUESTION:
        raise QuestionError(
            f"The question has {len(question):,} characters; at most {MAX_QUESTION:,} are read. Ask for less."
        )
    return question
