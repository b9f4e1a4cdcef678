"""Run the evaluation: `python -m eval [COMMAND]`; without a command, score answers."""

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
    "papers": "collections.papers",
    "pdfs": "collections.pdfs",
    "fit": "fit.weights",
    "train": "train.reranker",
    "sweep": "perf.sweep",
    "bench": "perf.speed",
    "perf": "perf.library_size",
    "adding": "perf.adding",
    "writing": "perf.writing",
    "page": "perf.page",
    "readers": "perf.readers",
}
"""The module of each command."""
_TIMED = ("bench", "perf", "adding", "writing", "page", "readers")  # run in the precision that users have
STOPPED = 130  # the status that shells report for Ctrl-C

_WHEN_STOPPED = {
    **dict.fromkeys(
        ("score", "papers", "qasper"), "Stopped. Answered questions are kept; run the same command to continue."
    ),
    **dict.fromkeys(
        ("sweep", "beir"),
        "Stopped. Added papers and results are kept in unfinished-run in the folder of --out; run the same command to "
        "continue.",
    ),
}


def main(arguments: list[str]) -> int:
    """Run a command, or score; return 1, after a message, if it failed."""
    command, rest = (
        (arguments[0], arguments[1:]) if arguments[:1] and arguments[0] in COMMANDS else ("score", arguments)
    )
    if command not in _TIMED:  # for the same figures on every machine
        os.environ.setdefault("FOOTNOTE_EMBEDDING__PRECISION", "reference")
    try:
        status: int = importlib.import_module(f".{COMMANDS[command]}", __package__).main(rest)
    except KeyboardInterrupt:  # first: a stopped `add` is also a FootnoteError, about a temporary library
        sys.stderr.write(_WHEN_STOPPED.get(command, "Stopped. Nothing was kept.") + "\n")
        return STOPPED
    except FootnoteError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return status


if __name__ == "__main__":
    done = main(sys.argv[1:])
    if done == STOPPED:  # a normal exit would abort while OpenVINO's threads are working
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(done)
    sys.exit(done)
