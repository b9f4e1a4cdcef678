"""Ask the model itself whether the quotes support each sentence ([ollama] check)."""

import json
import threading
from collections.abc import Mapping
from dataclasses import replace

from .. import config
from ..errors import AnswerModelError
from ..models.protocols import ChatModel
from ..types import Sentence
from .draft import CheckedAnswer
from .prompts import check_messages
from .support import LABELS

_ANSWER_TOKENS = 50


def lower_support(
    model: ChatModel, answer: CheckedAnswer, settings: config.Ollama, stop: threading.Event | None
) -> CheckedAnswer:
    """Return the answer with the lower of both labels for each sentence that is supported, or partly."""
    quotes = {citation.number: citation.quote for citation in answer.citations}
    sentences = []
    for sentence in answer.sentences:
        if sentence.support in ("partly", "supported") and not (stop is not None and stop.is_set()):
            opinion = _opinion(model, sentence, quotes, settings, stop)
            sentence = replace(sentence, support=min(sentence.support, opinion, key=LABELS.index))
        sentences.append(sentence)
    return answer._replace(sentences=tuple(sentences))


def _opinion(
    model: ChatModel,
    sentence: Sentence,
    quotes: Mapping[int, str],
    settings: config.Ollama,
    stop: threading.Event | None,
) -> str:
    """Return the model's label, or the sentence's own if the model fails."""
    prompt, schema = check_messages(sentence.text, [quotes[number] for number in sentence.citations])
    try:
        pieces = model.chat(
            prompt, context_tokens=settings.context_tokens, answer_tokens=_ANSWER_TOKENS, schema=schema, stop=stop
        )
        label = json.loads("".join(piece.text for piece in pieces))["support"]
    except (AnswerModelError, ValueError, KeyError, TypeError):
        return sentence.support
    return label if label in LABELS else sentence.support
