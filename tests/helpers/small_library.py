"""Make a small library with a fake embedder that contains everything that must not be lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from helpers.fake_embedder import fake_embedder
from helpers.papers import PAPERS
from rag import Assistant

OTTERS, CLOCKS, BIRDS = PAPERS
QUESTION = "How many of the otters does the kite count?"
_OVERRIDES = {"cross_encoder": {"model": "none"}, "ollama": {"host": "http://127.0.0.1:9"}}


def open_small(folder: Path) -> Assistant:
    """Open a library with a fake embedder; each call may open another assistant on the same folder."""
    return Assistant.open(folder, mode="quote", embedder=fake_embedder(), overrides=_OVERRIDES)


def fill(assistant: Assistant, papers: Path) -> None:
    """Add papers as files and as an upload, correct one, remove one, ask, rate, and fail to read a file."""
    papers.mkdir(exist_ok=True)
    for title in (OTTERS, CLOCKS):
        (papers / f"{title.split()[-1].lower()}.txt").write_text(f"{title}\n\n{PAPERS[title]}\n")
    (papers / "moss.txt").write_text("Moss on Roofs\n\nMoss grows on 12 of 40 roofs.\n")
    (papers / "broken.pdf").write_bytes(b"%PDF-1.4 cut")
    upload = papers.parent / "calls.txt"
    upload.write_text(f"{BIRDS}\n\n{PAPERS[BIRDS]}\n")
    assistant.add([papers])
    assistant.add_uploads([(upload.name, upload)])
    assistant.edit(CLOCKS, title="Tidal Clocks", tags=["sea", "\u00e9 \U0001f30a"])
    assistant.remove("Moss on Roofs")
    answer = assistant.ask(QUESTION, conversation=0)
    assert answer.number
    assistant.rate(answer.number, True, "as in the paper")
    assistant.ask("Which birds break the rules?")


def all_of(assistant: Assistant) -> dict[str, Any]:
    """Return everything that a user can see of a library, to compare two."""
    papers, records = assistant.papers(), assistant.library.records
    return {
        "papers": [assistant.paper(paper.id) for paper in papers],
        "found": [each.to_dict() | {"score": round(each.score, 6)} for each in assistant.search(QUESTION, top_k=20)],
        "history": [each.to_dict() for each in assistant.history()],
        "conversations": assistant.conversations(),
        "failures": assistant.failures(),
        "removals": records.removals(),
        "corrections": [records.corrections(records.paper_key(paper.id)) for paper in papers],
        "cited": [tuple(row) for row in records.rows("SELECT * FROM cited")],
        "made_with": records.meta("made_with"),
    }
