"""Ask several checkouts of the program the same questions about the same papers, and keep their answers.

Each checkout runs this file in its own process, with its own `rag` package and configuration:

    python asking.py LIBRARY PAPER...

It adds the papers and replies to each line of stdin with a line of JSON. The reply to `{"question", "sources"}` is the
answer from the papers with these sources, or from all papers if there are none. The reply to `{"texts": true}` is the
texts of the papers. The code for that process imports only `Assistant` from the project, which every checkout has.
"""

import contextlib
import hashlib
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

_MAKES_LIBRARIES = ("reading", "ingest", "store", "text")
"""The packages whose change makes a saved library outdated."""
_PASSAGES = 30
"""How many passages an answer has; ranking QASPER's paragraphs needs more than the default ten."""


class PaperText(NamedTuple):
    """A stored paper's source and text."""

    id: str
    source: str
    text: str


class Checkout(contextlib.ExitStack):
    """A checkout with a library of papers, whose libraries and answers are saved in the folder `out`.

    Answers of the same code on the same papers are read from there; the process is started only for the others.
    """

    def __init__(self, path: Path, papers: Sequence[Path], out: Path) -> None:
        from .files import digest

        super().__init__()
        of_papers = "".join(map(digest, papers))
        made_by = [_code_digest(path / "rag" / name) for name in _MAKES_LIBRARIES]
        self.path, self._papers = path, papers
        self._library = out / "libraries" / _short(of_papers, *made_by)
        self._cached = out / "answers" / f"{_short(of_papers, _code_digest(path / 'rag'))}.jsonl"
        self._running: Callable[[Any], Any] | None = None

    def answers(self, questions: Sequence[tuple[str, Sequence[str]]]) -> list[dict[str, Any]]:
        """Return the answers, as `Answer.to_dict()`, to questions, each given with its sources.

        A question without sources is asked of all papers. Passages have no text.
        """
        return self._replies([{"question": question, "sources": list(sources)} for question, sources in questions])

    def texts(self) -> list[PaperText]:
        """Return the papers of the library."""
        return [PaperText(*values) for values in self._replies([{"texts": True}])[0]["papers"]]

    def _replies(self, requests: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        from .runs import each_once

        for folder in (self._library.parent, self._cached.parent):
            folder.mkdir(parents=True, exist_ok=True)
        by_request = {json.dumps(each): each for each in requests}
        replies = dict(zip(by_request, each_once(self._cached, by_request, self._ask, self.path.name), strict=True))
        return [replies[json.dumps(each)] for each in requests]

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        from .perf.checkouts import script_of

        if self._running is None:
            paths = [str(path.resolve()) for path in (self._library, *self._papers)]
            self._running = self.enter_context(script_of(self.path, str(Path(__file__).resolve()), paths))
        reply: dict[str, Any] = self._running(request)
        return reply


def _code_digest(folder: Path) -> str:
    """Return a digest of the files of a package: code, weights and models."""
    from .files import digest

    files = sorted(path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return _short(*(f"{path.relative_to(folder)} {digest(path)}" for path in files))


def _short(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


# In the process of a checkout


def main(library: str, papers: Sequence[str]) -> None:
    """Answer the requests on stdin."""
    from rag.assistant import Assistant

    overrides: dict[str, dict[str, Any]] = {"answer": {"keep": False}, "retrieval": {"top_k": _PASSAGES}}
    with Assistant.open(library=library, mode="quote", overrides=overrides) as assistant:
        for failure in assistant.add(papers).failed:
            sys.stderr.write(f"not read: {failure}\n")
        id_of = {source: paper.id for paper in assistant.papers() for source in paper.sources}
        for line in sys.stdin:
            request = json.loads(line)
            reply = {"papers": _texts(assistant)} if "texts" in request else _answer(assistant, request, id_of)
            print(json.dumps(reply), flush=True)  # noqa: T201


def _texts(assistant: Any) -> list[tuple[str, str, str]]:
    papers = [assistant.paper(paper.id) for paper in assistant.papers()]
    return [(paper.id, paper.source, paper.text) for paper in papers]


def _answer(assistant: Any, request: dict[str, Any], id_of: dict[str, str]) -> dict[str, Any]:
    scope = [id_of[source] for source in request["sources"]]
    answer: dict[str, Any] = assistant.ask(request["question"], papers=scope or None).to_dict()
    return answer | {"passages": [{**passage, "text": ""} for passage in answer["passages"]]}


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
