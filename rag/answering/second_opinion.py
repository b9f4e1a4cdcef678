"""Ask the model itself whether the quotes support each sentence ([ollama] check)."""

import json
import threading
from collections.abc import Mapping
from dataclasses import replace

from ..errors import AnswerModelError
from ..models.protocols import ChatModel
from ..models.reasoning import text_without_reasoning
from ..types import Sentence
from .checks.support import LABELS
from .deadline import Deadline
from .draft import CheckedAnswer
from .prompts import check_messages

_ANSWER_TOKENS = 50


def lower_support(
    model: ChatModel, answer: CheckedAnswer, deadline: Deadline, stop: threading.Event | None
) -> CheckedAnswer:
    """Return the answer with the lower of both labels for each sentence that is supported, or partly.

    Sentences to which the model comes after the deadline keep their labels.
    """
    quotes = {citation.number: citation.quote for citation in answer.citations}
    sentences = []
    for sentence in answer.sentences:
        is_over = deadline.has_passed or (stop is not None and stop.is_set())
        if sentence.support in ("partly", "supported") and not is_over:
            opinion = _opinion(model, sentence, quotes, deadline.seconds_left(), stop)
            sentence = replace(sentence, support=min(sentence.support, opinion, key=LABELS.index))
        sentences.append(sentence)
    return answer._replace(sentences=tuple(sentences))


def _opinion(
    model: ChatModel,
    sentence: Sentence,
    quotes: Mapping[int, str],
    seconds: float,
    stop: threading.Event | None,
) -> str:
    """Return the model's label, or the sentence's own if the model fails."""
    prompt, schema = check_messages(sentence.text, [quotes[number] for number in sentence.citations])
    try:
        pieces = model.chat(prompt, answer_tokens=_ANSWER_TOKENS, schema=schema, stop=stop, limit_seconds=seconds)
        label = json.loads(text_without_reasoning(pieces))["support"]
    except (AnswerModelError, ValueError, KeyError, TypeError):
        return sentence.support
    return label if label in LABELS else sentence.support
