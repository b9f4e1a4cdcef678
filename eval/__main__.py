"""`python -m eval`: scores answers; with a subcommand: fit, compare, sweep, beir, qasper, gate, bench, pdfs."""

from __future__ import annotations

import importlib
import sys

from rag.errors import FootnoteError

COMMANDS = ("fit", "compare", "sweep", "beir", "qasper", "gate", "bench", "pdfs")


def main(arguments: list[str]) -> int:
    """Runs a subcommand, or scores; 1 with a message where something asked for could not be done."""
    command, rest = (
        (arguments[0], arguments[1:]) if arguments[:1] and arguments[0] in COMMANDS else ("score", arguments)
    )
    try:
        status: int = importlib.import_module(f".{command}", __package__).main(rest)
    except FootnoteError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("Stopped; the same command goes on from here.\n")
        return 1
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
