"""`python -m eval` scores answers; after it fit, train, compare, sweep, beir, qasper, gate, bench, pdfs or page."""

from __future__ import annotations

import importlib
import os
import sys

from rag.errors import FootnoteError

COMMANDS = {
    "score": "score",
    "compare": "compare",
    "gate": "gate",
    "beir": "collections.beir",
    "qasper": "collections.qasper",
    "pdfs": "collections.pdfs",
    "fit": "fit.weights",
    "train": "train.reranker",
    "sweep": "perf.sweep",
    "bench": "perf.speed",
    "page": "perf.page",
}
"""The module of each subcommand."""
STOPPED = 130  # what a shell reports for Ctrl-C

_WHEN_STOPPED = {
    "score": "Stopped. Questions that were answered are kept: the same command goes on from there.",
    **dict.fromkeys(
        ("sweep", "beir", "qasper"),
        "Stopped. What was added and measured is kept in unfinished-run in the folder of --out: the same command goes "
        "on from there.",
    ),
}


def main(arguments: list[str]) -> int:
    """Runs a subcommand, or scores; 1 with a message where something asked for could not be done."""
    command, rest = (
        (arguments[0], arguments[1:]) if arguments[:1] and arguments[0] in COMMANDS else ("score", arguments)
    )
    try:
        status: int = importlib.import_module(f".{COMMANDS[command]}", __package__).main(rest)
    except KeyboardInterrupt:  # before the other: a stopped `add` is both, and speaks of a library that is not kept
        sys.stderr.write(_WHEN_STOPPED.get(command, "Stopped. Nothing was kept.") + "\n")
        return STOPPED
    except FootnoteError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return status


if __name__ == "__main__":
    done = main(sys.argv[1:])
    if done == STOPPED:  # OpenVINO's threads may still be at work, and Python's ordinary end would abort over them
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(done)
    sys.exit(done)
