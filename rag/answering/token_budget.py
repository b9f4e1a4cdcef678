"""Fit a prompt into a model's context window: estimate tokens, choose passages and earlier turns."""

import math
import re
from collections.abc import Sequence
from typing import NamedTuple

from ..errors import ConfigError
from ..models.protocols import Message
from ..types import Passage
from .prompts import History, messages

MOST_TOKENS = 1500
"""The most tokens of a prompt, as `most_tokens` estimates them: a laptop reads as many within a minute."""

_MARGIN = 1.05
_TEMPLATE_TOKENS = 24  # that a model's chat template puts around two messages
_HISTORY_SHARE = 0.25  # of the tokens that passages and earlier turns share
_UNIT = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|\d|\n|[^\S\n]{2,}|[^\sA-Za-z\d]")
_VOWELLESS = re.compile(r"[^aeiouy]{5}|.{16}")


class FittedPrompt(NamedTuple):
    """A prompt that fits: its `passages` in numbered order, the `history` that was kept, and the messages.

    `most_tokens` is an upper and `fewest_tokens` a lower estimate of what the model will count.
    """

    passages: list[Passage]
    history: list[tuple[str, str]]
    messages: list[Message]
    most_tokens: int
    fewest_tokens: int


def fit_prompt(
    question: str,
    passages: Sequence[Passage],
    history: History,
    context_tokens: int,
    answer_tokens: int,
    seconds_per_token: float | None = None,
    budget_seconds: float | None = None,
) -> FittedPrompt:
    """Fit the passages, best first, beside the question and the tokens reserved for the answer.

    The prompt has `MOST_TOKENS` at most, and no more than are read in `budget_seconds` where `seconds_per_token`, of
    the estimate, is known; but one passage at least. Of the history the last turns are kept. Raise ConfigError if not
    even one passage fits into the context; the message says what to set.
    """
    room = context_tokens - answer_tokens
    least = _tokens(question, passages[:1], ())
    if least > room:
        raise ConfigError(
            f"The question and one passage take up to {least:,} tokens and the answer {answer_tokens:,}, but "
            f"[ollama] context_tokens is {context_tokens:,}. Set it to "
            f"{math.ceil((least + answer_tokens) / 512) * 512:,} or more."
        )
    most = MOST_TOKENS
    if seconds_per_token and budget_seconds is not None:
        most = min(most, int(budget_seconds / seconds_per_token))
    room = max(least, min(room, most))
    turns = _last_turns(question, history, (room - least) * _HISTORY_SHARE)
    chosen: list[Passage] = []
    for passage in passages:
        if _tokens(question, [*chosen, passage], turns) <= room:
            chosen.append(passage)
    prompt = messages(question, chosen, turns)
    return FittedPrompt(chosen, turns, prompt, most_tokens(prompt), fewest_tokens(prompt))


def most_tokens(prompt: Sequence[Message]) -> int:
    """Return an upper estimate of a prompt's tokens, without the model's tokenizer.

    A word counts one token per four letters; in capitals or without vowels one per two; a digit or sign one each;
    other than ASCII one per byte, the maximum of any byte-level tokenizer. On English prose that is 1.3 to 1.8 times
    the count of GPT-4's tokenizer (100,000 words of vocabulary, as Llama 3 and Qwen have or more), enough for
    vocabularies of 32,000 too, which need a sixth more.
    """
    units = (unit for message in prompt for unit in _UNIT.findall(message["content"]))
    return math.ceil(_MARGIN * sum(map(_most_tokens_of, units))) + _TEMPLATE_TOKENS


def fewest_tokens(prompt: Sequence[Message]) -> int:
    """Return a lower estimate of a prompt's tokens: its words, as no tokenizer makes one token of two."""
    return sum(len(re.findall(r"[^\W\d_]+|\d+", message["content"])) for message in prompt)


def was_cut(fewest: int, prompt_eval_count: int | None) -> bool:
    """Return whether the model read fewer tokens than the lower estimate; False if the server reported no count."""
    return bool(prompt_eval_count) and (prompt_eval_count or 0) < fewest


def _most_tokens_of(unit: str) -> int:
    if not unit.isascii():
        return len(unit.encode("utf-8", "replace"))
    if not unit.isalpha():
        return len(unit)
    return 1 + (len(unit) - 1) // 4 if unit[-1].islower() and not _VOWELLESS.search(unit) else 1 + len(unit) * 2 // 3


def _tokens(question: str, passages: Sequence[Passage], history: History) -> int:
    return most_tokens(messages(question, passages, history))


def _last_turns(question: str, history: History, room: float) -> list[tuple[str, str]]:
    turns = list(history)
    without = _tokens(question, (), ())
    while turns and _tokens(question, (), turns) - without > room:
        turns.pop(0)
    return turns
