"""Kept answers without the words of a paper that is removed; the rest of them stays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from ..text.readable import folded, readable
from ..types import PaperRef

REMOVED = "(removed)"
"""What stands in kept answers in place of the words of a paper that was removed."""

_SHOWN_PROSE = "Quotes are shown, since the passages support nothing of what "
_EMPTY: dict[str, Any] = {
    "authors": [],
    **dict.fromkeys(("year", "citekey", "page", "page_label", "section", "link")),
    "start": 0,
    "end": 0,
}


class Blanked(NamedTuple):
    """An answer without a paper's words, and the texts that were taken out of it, the whole of it first."""

    answer: dict[str, Any]
    gone: tuple[str, ...]


def blanked(answer: dict[str, Any], paper_id: str, title: str) -> Blanked:
    """Return an answer, in the form of `Answer.to_dict()`, without the words of a paper.

    Its quotes, passages and title are replaced by `REMOVED`, and so is each sentence that cites it.
    """
    citations, passages = answer.get("citations", []), answer.get("passages", [])
    told = answer.get("sentences", [])
    numbers = {citation["number"] for citation in citations if citation["paper_id"] == paper_id}
    quoting = [s for s in told if numbers.intersection(s["citations"])]
    texts = tuple(dict.fromkeys(sentence["text"] for sentence in quoting))
    sentences = [s | {"text": REMOVED} if numbers.intersection(s["citations"]) else s for s in told]
    if not any(part["paper_id"] == paper_id for part in (*citations, *passages)) and "searched" not in answer:
        return Blanked(answer, ())
    new = answer | {
        "sentences": sentences,
        "citations": [_without(c, "quote") if c["paper_id"] == paper_id else c for c in citations],
        "passages": [_without(p, "text") if p["paper_id"] == paper_id else p for p in passages],
    }
    if numbers:
        new["text"] = _text(answer["text"], sentences, texts)
    if numbers or any(p["paper_id"] == paper_id for p in passages):
        new["notes"] = [_without_prose(note) for note in answer.get("notes", ())]
    filters = answer.get("searched", {}).get("filters", {})
    if filters:
        titles = {title, readable(title)}
        shown = {k: [REMOVED if v in titles else v for v in vs] for k, vs in filters.items()}
        new["searched"] = answer["searched"] | {"filters": shown}
    return Blanked(new, (answer["text"], *texts) if numbers else ())


def blanked_request(request: dict[str, Any], paper: PaperRef, found: Sequence[Blanked]) -> dict[str, Any]:
    """Return what was asked with a question, without the texts that were taken out of earlier answers.

    A filter that names the paper by its title names it by its id then.
    """
    new = dict(request)
    if "history" in request:
        new["history"] = [[question, _said(said, found)] for question, said in request["history"]]
    if "scope" in request:
        scope = {
            name: [paper.id if folded(str(value)) == folded(paper.title) else value for value in values]
            if name in ("papers", "without")
            else values
            for name, values in request["scope"].items()
        }
        new["scope"] = scope
    return new


def with_own_question(answer: dict[str, Any]) -> dict[str, Any]:
    """Return an answer without the question that a model may have written from the earlier turns."""
    if answer.get("standalone_question", answer["question"]) == answer["question"]:
        return answer
    notes = [note for note in answer.get("notes", ()) if not note.startswith("Searched for: ")]
    return answer | {"standalone_question": answer["question"], "notes": notes}


def _said(said: str, found: Iterable[Blanked]) -> str:
    for answer, gone in found:
        if said == gone[0]:
            return str(answer["text"])
        for text in sorted(gone[1:], key=len, reverse=True):
            said = said.replace(text, REMOVED)
    return said


def _without(part: dict[str, Any], words: str) -> dict[str, Any]:
    empty = {name: value for name, value in _EMPTY.items() if name in part}
    return part | empty | {"title": REMOVED, "source": "", words: REMOVED}


def _text(text: str, sentences: Iterable[dict[str, Any]], gone: Iterable[str]) -> str:
    for each in sorted(gone, key=len, reverse=True):
        if each not in text:  # a sentence that holds another one, or was written with other blanks
            marked = (s["text"] + "".join(f" [{number}]" for number in s["citations"]) for s in sentences)
            return " ".join(marked)
        text = text.replace(each, REMOVED)
    return text


def _without_prose(note: str) -> str:
    """A note without the words of a model, which may be a paper's."""
    return note.partition(":")[0] + "." if note.startswith(_SHOWN_PROSE) else note
