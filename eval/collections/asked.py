"""Put questions to the papers of a library with the code of a checkout, in a process of its own.

This file is what the process runs, so it imports nothing of the project but `Assistant`, which every checkout has:

    python asked.py LIBRARY PAPER...

It adds the papers, and answers each line of stdin, `{"question", "sources"}`, with a line of JSON: the answer to the
question, put to the papers with these sources, or to all if there are none.
"""

import json
import sys
from collections.abc import Sequence


def main(library: str, papers: Sequence[str]) -> None:
    """Answer the questions on stdin."""
    from rag.assistant import Assistant

    with Assistant.open(library=library, mode="quote", overrides={"answer": {"keep": False}}) as assistant:
        for failure in assistant.add(papers).failed:
            sys.stderr.write(f"not read: {failure}\n")
        id_of = {source: paper.id for paper in assistant.papers() for source in paper.sources}
        for line in sys.stdin:
            asked = json.loads(line)
            scope = [id_of[source] for source in asked["sources"]]
            answer = assistant.ask(asked["question"], papers=scope or None)
            print(json.dumps(answer.to_dict()), flush=True)  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
