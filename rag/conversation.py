"""Follow-up questions: a question that leans on the one before is searched for together with it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .errors import QuestionError
from .retrieval import MAX_QUESTION, search_terms

_POINTS_BACK = re.compile(
    r"\b(?:it|its|itself|they|them|their|theirs|he|she|his|her|the same|former|latter)\b"
    # "That", where it stands for something rather than joins a clause on.
    r"|\b(?:this|that|these|those)(?=\s*(?:[?.,;]|$)|\s+(?:one|ones|paper|papers|method|methods|model|models|work|approach|"
    r"study|system|framework|dataset|data|benchmark|result|results|number|numbers|figure|figures|idea|trick|claim|way)\b)"
    r"|^(?:is|was|does|did|do|are|were|why|how) (?:\w+ )?(?:this|that|these|those)\b",
    re.IGNORECASE,
)
_GOES_ON = re.compile(
    r"^(?:and|but|so|or|then|also|what about|how about|why|how come|really|which one|how so|in what way|compared)\b",
    re.IGNORECASE,
)
_FEW_TERMS = 3


def check_history(history: Sequence[tuple[str, str]] | None) -> list[tuple[str, str]]:
    """The history as (question, answer) pairs.

    Raises:
        QuestionError: it has another form.
    """
    turns = list(history or ()) if not isinstance(history, str) else [history]
    for turn in turns:
        if not (isinstance(turn, (tuple, list)) and len(turn) == 2 and all(isinstance(part, str) for part in turn)):
            raise QuestionError(f"The history is a list of (question, answer) pairs of text; {turn!r} is none.")
    # Half of a surrogate pair has no UTF-8, and could neither be stored nor sent.
    return [tuple(part.encode("utf-8", "replace").decode("utf-8") for part in turn) for turn in turns]  # type: ignore[misc]


def standalone_question(question: str, history: Sequence[tuple[str, str]]) -> str:
    """The question as it is searched for when it follows on `history`, a list of (question, answer).

    A question that points back ("it", "that paper"), goes on ("and ...?") or has fewer than three words of its own to
    search for gets the previous question's words, back to the last question that stood alone. Others are left as they
    are: the topic may have changed.
    """
    parts = [question]
    for earlier, _ in reversed(history):
        if not leans_back(parts[0]):
            break
        parts.insert(0, earlier)
    whole = " ".join(parts)
    return whole if len(whole) <= MAX_QUESTION else question


def leans_back(question: str) -> bool:
    """Whether a question cannot be understood without the one before it."""
    return bool(
        _POINTS_BACK.search(question) or _GOES_ON.match(question.strip()) or len(search_terms(question)) < _FEW_TERMS
    )
