"""Remove the words of a removed paper from saved answers; everything else in them stays."""

import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from ..text.readable import folded, readable
from ..types import PaperRef

REMOVED = "(removed)"
"""Replaces the words of a removed paper in saved answers."""

# A note of `answering.prose` that repeats what a paper or a model's unverified text says; the last two forms are in
# older saved answers.
_PROSE_NOTE = re.compile(
    r"(.+? wrote an answer without what the quotes say(?= \()|None of .+?'s answer could be verified; showing quotes "
    r"instead|Quotes are shown, since .+? wrote)[.: ].*",
    re.DOTALL,
)
_EMPTY_FIELDS: dict[str, Any] = {
    "authors": [],
    **dict.fromkeys(("year", "citekey", "page", "page_label", "section", "link")),
    "start": 0,
    "end": 0,
}


class Redaction(NamedTuple):
    """A redacted answer, and the texts removed from it, its whole text first."""

    answer: dict[str, Any]
    removed: tuple[str, ...]


def redacted_answer(answer: dict[str, Any], paper_id: str, title: str) -> Redaction:
    """Return an answer, as `Answer.to_dict()`, without the words of a paper.

    `REMOVED` replaces the paper's quotes, passages and title, and each sentence that cites it; of what a model wrote,
    also those without citation, which may repeat its words.
    """
    passages = answer.get("passages", [])
    texts = {name: answer.get(name) or {} for name in ("quotes", "written")}
    cited = (citation for text in (answer, *texts.values()) for citation in text.get("citations", ()))
    is_shown = any(part["paper_id"] == paper_id for part in (*cited, *passages))
    if not is_shown and "searched" not in answer:
        return Redaction(answer, ())
    shown, quoting = _redacted_text(answer, paper_id)
    redacted = answer | shown
    if is_shown:
        redacted["passages"] = [_emptied(p, "text") if p["paper_id"] == paper_id else p for p in passages]
        redacted["notes"] = [_without_prose(note) for note in answer.get("notes", ())]
        for name, text in texts.items():
            if text:
                redacted[name] = text | _redacted_text(text, paper_id, with_uncited=name == "written")[0]
    filters = answer.get("searched", {}).get("filters", {})
    if filters:
        titles = {title, readable(title)}
        filters = {k: [REMOVED if value in titles else value for value in values] for k, values in filters.items()}
        redacted["searched"] = answer["searched"] | {"filters": filters}
    return Redaction(redacted, (answer["text"], *quoting) if quoting else ())


def redacted_request(request: dict[str, Any], paper: PaperRef, redactions: Sequence[Redaction]) -> dict[str, Any]:
    """Return a saved request whose history lacks the texts that `redactions` removed from earlier answers.

    A filter that has the paper's title gets its id instead.
    """
    redacted = dict(request)
    if "history" in request:
        redacted["history"] = [[question, _redacted_turn(text, redactions)] for question, text in request["history"]]
    if "scope" in request:
        redacted["scope"] = {
            name: [paper.id if folded(str(value)) == folded(paper.title) else value for value in values]
            if name in ("papers", "without")
            else values
            for name, values in request["scope"].items()
        }
    return redacted


def without_standalone_question(answer: dict[str, Any]) -> dict[str, Any]:
    """Return an answer without the standalone question, which a model may have written from the earlier turns."""
    if answer.get("standalone_question", answer["question"]) == answer["question"]:
        return answer
    notes = [note for note in answer.get("notes", ()) if not note.startswith("Searched for: ")]
    return answer | {"standalone_question": answer["question"], "notes": notes}


def _redacted_turn(text: str, redactions: Iterable[Redaction]) -> str:
    for answer, removed in redactions:
        if text == removed[0]:
            return str(answer["text"])
        for sentence in sorted(removed[1:], key=len, reverse=True):
            text = text.replace(sentence, REMOVED)
    return text


def _emptied(part: dict[str, Any], words: str) -> dict[str, Any]:
    """Return a citation or passage without the field `words`, its title and its metadata."""
    empty = {name: value for name, value in _EMPTY_FIELDS.items() if name in part}
    return part | empty | {"title": REMOVED, "source": "", words: REMOVED}


def _redacted_text(
    answer: dict[str, Any], paper_id: str, *, with_uncited: bool = False
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return text, sentences and citations without the words of a paper, and the sentences that were removed."""
    citations, sentences = answer.get("citations", []), answer.get("sentences", [])
    numbers = {citation["number"] for citation in citations if citation["paper_id"] == paper_id}
    is_removed = [
        bool(numbers.intersection(s["citations"])) or (with_uncited and not s["citations"]) for s in sentences
    ]
    removed = tuple(dict.fromkeys(s["text"] for s, gone in zip(sentences, is_removed, strict=True) if gone))
    if not numbers and not removed:
        return {}, ()
    sentences = [s | {"text": REMOVED} if gone else s for s, gone in zip(sentences, is_removed, strict=True)]
    redacted = {
        "text": _without_sentences(answer["text"], sentences, removed),
        "sentences": sentences,
        "citations": [_emptied(c, "quote") if c["paper_id"] == paper_id else c for c in citations],
    }
    return redacted, removed


def _without_sentences(text: str, sentences: Iterable[dict[str, Any]], removed: Iterable[str]) -> str:
    for sentence in sorted(removed, key=len, reverse=True):
        if sentence not in text:  # it contains another removed one, or has other white space
            marked = (s["text"] + "".join(f" [{number}]" for number in s["citations"]) for s in sentences)
            return " ".join(marked)
        text = text.replace(sentence, REMOVED)
    return text


def _without_prose(note: str) -> str:
    return f"{found[1]}." if (found := _PROSE_NOTE.fullmatch(note)) else note
