"""Follow-up questions: a question that leans on the one before is searched for together with it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .retrieval import MAX_QUESTION, search_terms

_POINTS_BACK = re.compile(
    r"\b(?:it|its|itself|they|them|their|theirs|he|she|his|her|this|that|these|those|the same|there|former|latter|"
    r"such|one|ones)\b",
    re.IGNORECASE,
)
_GOES_ON = re.compile(
    r"^(?:and|but|so|or|then|also|what about|how about|why|how come|really|which one|how so|in what way|compared)\b",
    re.IGNORECASE,
)
_FEW_TERMS = 3


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
