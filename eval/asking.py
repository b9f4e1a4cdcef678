"""Put the same questions to several checkouts of the program, each with a library of the same files.

Each checkout runs this file in its own process, with its own `rag` package and configuration. The part that runs there
imports nothing of the project but `Assistant`, which every checkout has.
"""

import contextlib
import hashlib
import json
import shutil
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

_ADDING = ("reading", "ingest", "text", "store")  # the parts of `rag` that decide what a library holds
_PASSAGES = 30  # of a ranking


class Asked:
    """The library of one checkout, which answers questions."""

    def __init__(self, send: Any, papers: Sequence[Mapping[str, str]]) -> None:
        self._send = send
        self.ids = {paper["source"]: paper["id"] for paper in papers}
        """By file name the id of the paper that was read from it."""
        self.texts = {paper["id"]: paper["text"] for paper in papers}

    def ask(self, question: str, papers: Sequence[str] | None = None) -> dict[str, Any]:
        """Return the `answer` to a question, the `passages` as [paper, start, end], best first, and `seconds`.

        `papers` are the ids to which the question is limited; None for the whole library.
        """
        answered: dict[str, Any] = self._send({"question": question, "papers": papers and list(papers)})
        return answered


@contextlib.contextmanager
def asked_checkouts(checkouts: Sequence[Path], files: Path, folder: Path) -> Iterator[list[Asked]]:
    """Yield a library of the files in each checkout.

    The libraries stay in `folder`. The next run uses them again if the code that reads and stores papers is the same;
    otherwise they are deleted.
    """
    from .perf.checkouts import script_of

    libraries = [folder / _adding_digest(checkout) for checkout in checkouts]
    for old in set(folder.glob("*")) - set(libraries):
        shutil.rmtree(old)
    with contextlib.ExitStack() as stack:
        asked = []
        for checkout, library in zip(checkouts, libraries, strict=True):
            arguments = [str(library.resolve()), str(files.resolve())]
            send = stack.enter_context(script_of(checkout, str(Path(__file__).resolve()), arguments))
            asked.append(Asked(send, send(None)))
        yield asked


def _adding_digest(checkout: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(path for part in _ADDING for path in (checkout / "rag" / part).rglob("*.py")):
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


# In the process of one checkout


def main(library: str, files: str) -> None:
    """Add the files; write a line of JSON for each request on stdin: the papers for `null`, else an answer."""
    from rag.assistant import Assistant

    overrides: dict[str, dict[str, Any]] = {"answer": {"keep": False}, "retrieval": {"top_k": _PASSAGES}}
    with Assistant.open(library=library, mode="quote", overrides=overrides) as assistant:
        for failure in assistant.add([files]).failed:
            sys.stderr.write(f"not read: {failure}\n")
        for line in sys.stdin:
            request = json.loads(line)
            reply = _papers(assistant) if request is None else _ask(assistant, request)
            print(json.dumps(reply), flush=True)  # noqa: T201


def _papers(assistant: Any) -> list[dict[str, str]]:
    papers = [assistant.paper(each.id) for each in assistant.papers()]
    return [{"id": paper.id, "source": paper.source, "text": paper.text} for paper in papers]


def _ask(assistant: Any, request: Mapping[str, Any]) -> dict[str, Any]:
    started = time.perf_counter()
    answer = assistant.ask(request["question"], papers=request["papers"])
    seconds = time.perf_counter() - started
    passages = [[passage.paper_id, passage.start, passage.end] for passage in answer.passages]
    values = {name: value for name, value in answer.to_dict().items() if name != "passages"}
    return {"answer": values, "passages": passages, "seconds": seconds}


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
