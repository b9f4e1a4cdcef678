"""Remember how long a model takes to read a prompt, per token as `token_budget` estimates tokens.

One unit for both: a model's own tokens are fewer than the estimate, and how many fewer depends on the model.
"""

import logging

from ..errors import LibraryError
from ..models.protocols import ChatModel, Completion
from ..retrieval.corpus import Corpus

log = logging.getLogger("footnote")

_FEWEST_READ = 50  # tokens; the time of fewer says little


def known_speed(corpus: Corpus, model: ChatModel) -> float | None:
    """Return the seconds per estimated token that the model took the last time, None if it never read a prompt."""
    saved = corpus.records.meta(_key(model))
    return float(saved) if saved else None


def learn_speed(corpus: Corpus, model: ChatModel, end: Completion, estimated_tokens: int) -> None:
    """Save the speed that a finished reply showed."""
    before = known_speed(corpus, model)
    speed = measured_speed(end, estimated_tokens, before)
    if speed is None or speed == before:
        return
    try:
        with corpus.records.transaction(of_papers=False) as db:
            corpus.records.set_meta(db, _key(model), f"{speed:.6f}")
    except LibraryError as error:  # the answer is complete without it
        log.warning("Cannot save the reading speed of %s: %s", model.name, error)


def measured_speed(end: Completion, estimated_tokens: int, before: float | None) -> float | None:
    """Return the seconds per estimated token of one reading, None if it shows nothing.

    Only tokens that were read count, not those that the server knew from an earlier prompt. Where it does not say how
    many it knew, a reading that looks quicker than the one before proves nothing.
    """
    if not end.prompt_tokens or not end.prompt_seconds:
        return None
    read = end.prompt_tokens - (end.cached_tokens or 0)
    if read < _FEWEST_READ:
        return None
    speed = end.prompt_seconds / (estimated_tokens * read / end.prompt_tokens)
    return speed if end.cached_tokens is not None or before is None else max(speed, before)


def _key(model: ChatModel) -> str:
    return f"reading_speed {model.name}"
