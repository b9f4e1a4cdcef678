"""Make papers, citations and answers for the tests of exports."""

from __future__ import annotations

from typing import Any

from rag import Answer, Citation, Paper, Sentence, readable

ADA, BO, CY = "Ada Brook", "Bo van der Reed", "Cy Łoś"


def paper(title: str = "Counting Otters from Kites", **more: Any) -> Paper:
    return Paper(title, f"{title}\n\nMost are seen.", **{"id": "a1", "authors": (ADA, BO), "year": 2001, **more})


def citation(quote: str = "Most are seen.", number: int = 1, **more: Any) -> Citation:
    values: dict[str, Any] = {
        "title": "Counting Otters from Kites", "paper_id": "a1", "authors": (ADA, BO, CY), "year": 2001,
        "citekey": None, "page": 3, "page_label": "iii", "section": "Methods", "start": 0, "end": len(quote),
        "source": "kites.pdf",
    }  # fmt: skip
    return Citation(number=number, quote=quote, **(values | more))


def answer(*citations: Citation, **more: Any) -> Answer:
    """Return an answer with one sentence per citation, as composed by the program."""
    sentences = tuple(Sentence(readable(each.quote), (each.number,), "quoted") for each in citations)
    text = " ".join(f"{sentence.text} [{sentence.citations[0]}]" for sentence in sentences)
    values: dict[str, Any] = {
        "question": "How many are seen?", "text": text, "refused": False, "complete": True, "confidence": 0.9,
        "mode": "quote", "model": None, "sentences": sentences, "citations": citations, "passages": (),
        "asked": "2026-11-21T10:00:00+00:00",
    }  # fmt: skip
    return Answer(**(values | more))
