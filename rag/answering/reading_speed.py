"""Remember how long a model takes to read a prompt, per token as `token_budget` estimates tokens.

One unit for both: a model's own tokens are fewer than the estimate, and how many fewer depends on the model. The speed
is the median of the last readings: one that waited for the model to load is much slower than the others.
"""

import hashlib
import json
import logging
import statistics
from typing import NamedTuple

from ..errors import LibraryError
from ..models.protocols import ChatModel, Completion
from ..retrieval.corpus import Corpus
from .token_budget import FittedPrompt

log = logging.getLogger("footnote")

_FEWEST_READ = 50  # tokens; the time of fewer says little
_KEPT = 5


class Readings(NamedTuple):
    """The last readings: seconds per estimated token, oldest first, and a digest of the last prompt."""

    speeds: tuple[float, ...] = ()
    prompt: str = ""

    @property
    def speed(self) -> float | None:
        """The usual seconds per estimated token, None if nothing was read yet."""
        return statistics.median_high(self.speeds) if self.speeds else None


def known_speed(corpus: Corpus, model: ChatModel) -> float | None:
    """Return the seconds per estimated token that the model usually takes, None if it never read a prompt."""
    return _saved(corpus, model).speed


def learn_speed(corpus: Corpus, model: ChatModel, end: Completion, prompt: FittedPrompt) -> None:
    """Save the speed that a finished reply showed."""
    before = _saved(corpus, model)
    digest = hashlib.sha256(json.dumps(prompt.messages).encode()).hexdigest()[:16]
    after = with_reading(before, end, prompt.most_tokens, digest)
    if after == before:
        return
    try:
        with corpus.records.transaction(of_papers=False) as db:
            corpus.records.set_meta(db, _key(model), json.dumps(after))
    except LibraryError as error:  # the answer is complete without it
        log.warning("Cannot save the reading speed of %s: %s", model.name, error)


def with_reading(before: Readings, end: Completion, estimated_tokens: int, prompt: str) -> Readings:
    """Return the readings with one more, unless it shows nothing.

    Only tokens that were read count, not those that the server knew from an earlier prompt. Where it does not say how
    many it knew, the same prompt again shows nothing.
    """
    if not end.prompt_tokens or not end.prompt_seconds:
        return before
    read = end.prompt_tokens - (end.cached_tokens or 0)
    if read < _FEWEST_READ or (end.cached_tokens is None and prompt == before.prompt):
        return before
    speed = end.prompt_seconds * end.prompt_tokens / (estimated_tokens * read)
    return Readings((*before.speeds, round(speed, 6))[-_KEPT:], prompt)


def _saved(corpus: Corpus, model: ChatModel) -> Readings:
    saved = corpus.records.meta(_key(model))
    if not saved:
        return Readings()
    speeds, prompt = json.loads(saved)
    return Readings(tuple(speeds), prompt)


def _key(model: ChatModel) -> str:
    return f"readings {model.name}"
