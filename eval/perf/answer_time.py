"""Measure where the time of an answer in quotes goes: the embedder, the cross-encoder, and all code outside of both.

`python -m eval bench` calls `compare_checkouts`. Each checkout runs this file in its own process, with its own `rag`
package, and the processes take turns question by question, so that a busy machine slows all of them alike. Until
`compare_checkouts` this file imports nothing of the project but `Assistant`, which every checkout has.
"""

import contextlib
import functools
import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

_MODELS = {"embedder": ("embedder",), "cross-encoder": ("reranker", "cross_encoder")}
"""The models of a library, each with the attribute that holds it now and in older checkouts."""


def compare_checkouts(
    checkouts: Sequence[Path], papers: Sequence[str], questions: Sequence[str], folder: Path
) -> dict[str, dict[str, float]]:
    """Return median milliseconds a question by checkout; the libraries are made in `folder`.

    Each question is asked twice, and the second time counts: models and caches are warm.
    """
    from .checkouts import script_of

    paths = [str(Path(path).resolve()) for path in papers]
    taken: list[list[dict[str, float]]] = [[] for _ in checkouts]
    with contextlib.ExitStack() as stack:
        ask_each = [
            stack.enter_context(script_of(checkout, __file__, [str(folder / f"library-{number}"), *paths]))
            for number, checkout in enumerate(checkouts)
        ]
        for question in questions:
            for ask in ask_each:
                ask(question)
            for ask, times in zip(ask_each, taken, strict=True):
                times.append(ask(question))
    return {str(checkout): _summary(times) for checkout, times in zip(checkouts, taken, strict=True)}


def _summary(taken: Sequence[dict[str, float]]) -> dict[str, float]:
    medians = {f"{part}, median": statistics.median(each[part] for each in taken) for part in taken[0]}
    last = {"whole, 95 %": statistics.quantiles([each["whole"] for each in taken], n=20)[18]}
    return {"questions": len(taken)} | {name: round(1000 * value, 1) for name, value in (medians | last).items()}


# In the process of one checkout


def main(library: str, papers: Sequence[str]) -> None:
    """Answer the questions on stdin, a JSON string a line; write the seconds of each to stdout."""
    from rag.assistant import Assistant

    with Assistant.open(library=library, mode="quote") as assistant:
        assistant.add(papers)
        spent: dict[str, float] = {}
        for name, attributes in _MODELS.items():
            model = next(getattr(assistant.library, each) for each in attributes if hasattr(assistant.library, each))
            _time_methods(type(model), name, spent)
        for line in sys.stdin:
            spent.update(dict.fromkeys(_MODELS, 0.0))
            started = time.perf_counter()
            answer = assistant.ask(json.loads(line))
            whole = time.perf_counter() - started
            parts = dict(spent)
            parts |= {"outside both": whole - sum(parts.values()), "retrieve": answer.seconds["retrieve"]}
            print(json.dumps({"whole": whole} | parts), flush=True)  # noqa: T201


def _time_methods(model: type, name: str, spent: dict[str, float]) -> None:
    """Add the time of each call of a public method to `spent[name]`; of nested calls only the outer one counts."""
    depth = 0

    def timed(method: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(method)
        def call(*args: Any, **kwargs: Any) -> Any:
            nonlocal depth
            started = time.perf_counter()
            depth += 1
            try:
                return method(*args, **kwargs)
            finally:
                depth -= 1
                if not depth:
                    spent[name] += time.perf_counter() - started

        return call

    for attribute, value in list(vars(model).items()):
        if callable(value) and not attribute.startswith("_"):
            setattr(model, attribute, timed(value))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
