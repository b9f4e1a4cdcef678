"""Have the model rewrite a follow-up as a question that stands alone."""

import threading
from collections.abc import Sequence

from .. import config
from ..errors import AnswerModelError
from ..models.protocols import ChatModel
from ..retrieval.terms import MAX_QUESTION, search_terms
from .prompts import rewrite_messages

_ANSWER_TOKENS = 120
_MAX_TURNS, _MAX_TURN = 3, 600  # earlier turns in the prompt, and characters of each


def rewritten_question(
    model: ChatModel,
    question: str,
    history: Sequence[tuple[str, str]],
    settings: config.Ollama,
    stop: threading.Event | None = None,
) -> str | None:
    """Return the rewritten question, None if the model fails or writes something else."""
    turns = [(asked[-_MAX_TURN:], answer[:_MAX_TURN]) for asked, answer in history[-_MAX_TURNS:]]
    try:
        pieces = model.chat(
            rewrite_messages(question, turns),
            context_tokens=settings.context_tokens,
            answer_tokens=_ANSWER_TOKENS,
            stop=stop,
        )
        lines = "".join(piece.text for piece in pieces).strip().splitlines()
    except AnswerModelError:
        return None
    if len(lines) != 1:
        return None
    rewritten = lines[0].removeprefix("Rewritten question:").strip(" \"'")
    conversation = " ".join([question, *(part for turn in history for part in turn)])
    same_topic = set(search_terms(rewritten)) & set(search_terms(conversation))
    return rewritten if rewritten.endswith("?") and same_topic and len(rewritten) <= MAX_QUESTION else None
