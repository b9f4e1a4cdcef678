"""Make answers, citations and passages with every field filled."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rag.types import Answer, Citation, CitedText, Passage, Sentence

TITLE = "Counting Otters from Kites"
QUOTE = "Most are seen."
TEXT = f"We flew. {QUOTE} Then it rained."
SEARCHED = {"papers": 3, "failed": 1}


def citation(**more: Any) -> Citation:
    values: dict[str, Any] = {
        "number": 1, "title": TITLE, "paper_id": "a1", "authors": ("Ada Brook",), "year": 2001, "citekey": None,
        "page": 3, "page_label": "iii", "section": "2 Methods", "start": 9, "end": 9 + len(QUOTE), "quote": QUOTE,
        "source": "kites.pdf",
    }  # fmt: skip
    return Citation(**(values | more))


def passage(**more: Any) -> Passage:
    values: dict[str, Any] = {
        "title": TITLE, "paper_id": "a1", "page": 3, "section": "2 Methods", "text": TEXT, "score": 1.25, "start": 0,
        "end": len(TEXT), "source": "kites.pdf", "scores": {"chunk": 0.5, "words": 2.0},
    }  # fmt: skip
    return Passage(**(values | more))


def answer(**more: Any) -> Answer:
    values: dict[str, Any] = {
        "question": "Are they seen?", "text": f"{QUOTE} [1]", "refused": False, "complete": True, "confidence": 0.9,
        "mode": "quote", "model": None, "sentences": (Sentence(QUOTE, (1,), "quoted"),), "citations": (citation(),),
        "passages": (passage(),), "seconds": {"retrieve": 0.1, "answer": 0.2}, "searched": SEARCHED, "number": 7,
    }  # fmt: skip
    return Answer(**(values | more))


def all_hostile(bad: str) -> list[Answer]:
    """Return answers with a hostile text in every field."""
    cited = citation(title=bad, authors=(bad, bad), citekey=bad, page_label=bad, section=bad, quote=bad, source=bad,
                     start=0, end=len(bad), link=bad)  # fmt: skip
    held = passage(title=bad, section=bad, text=f"{bad} {bad}", page_label=bad, authors=(bad,), source=bad, end=9999)
    unused = replace(held, paper_id="b2")
    filled: dict[str, Any] = {
        "question": bad, "text": bad, "standalone_question": bad, "notes": (bad,), "passages": (held, unused),
        "model": bad, "grounds": bad, "missing": (bad,),
        "searched": {"papers": 1, "of": 3, "filters": {"tags": [bad], "papers": [bad]}, "terms": [bad], "found": 2},
    }  # fmt: skip
    one = (Sentence(bad, (1,), "partly", bad),)
    below = CitedText(bad, one, (replace(cited, start=1),))
    written = CitedText(bad, (*one, Sentence(f"{bad} {bad}", (), "unsupported")), (cited,))
    return [
        answer(**filled, citations=(cited,), sentences=one),
        answer(**filled, citations=(cited,), sentences=one, mode="llm", quotes=below, written=written),
        answer(**filled, citations=(), sentences=(), mode="llm", complete=False, seconds={}),
        answer(**filled, citations=(), sentences=(), refused=True),
    ]
