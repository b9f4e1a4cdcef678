"""Footnote: answers from a researcher's own papers, each sentence with a footnote to the exact words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .assistant import Assistant, ask
    from .errors import FootnoteError
    from .export.bibtex import bibtex, cite_keys
    from .export.markdown import cited_papers, markdown
    from .export.question_set import question_set
    from .export.reference import pages_text, quotation, short_references
    from .export.table_csv import tables_csv
    from .filters import Filters
    from .ingest.failures import failure_lines, kinds_line
    from .ingest.pasted import bibtex_fields
    from .ingest.progress import Progress
    from .llama_index import FootnoteRetriever
    from .page_view import Match, Word
    from .paper_lists import PaperPage
    from .reports import AddReport
    from .retrieval.example_questions import example_questions
    from .retrieval.terms import MAX_QUESTION
    from .status import Status
    from .store.history import MAX_COMMENT, MAX_NAME, NEW_CONVERSATION, Conversation, Feedback, SavedAnswer
    from .tables import QuotedTable, TableView
    from .text.readable import readable
    from .types import REFUSAL, Answer, Citation, Paper, Passage, Sentence

__version__ = "0.1.0"

_NAMES = {
    "assistant": ("Assistant", "ask"),
    "errors": ("FootnoteError",),
    "filters": ("Filters",),
    "export.bibtex": ("bibtex", "cite_keys"),
    "export.markdown": ("cited_papers", "markdown"),
    "export.question_set": ("question_set",),
    "export.reference": ("pages_text", "quotation", "short_references"),
    "export.table_csv": ("tables_csv",),
    "ingest.failures": ("failure_lines", "kinds_line"),
    "ingest.pasted": ("bibtex_fields",),
    "ingest.progress": ("Progress",),
    "llama_index": ("FootnoteRetriever",),
    "page_view": ("Match", "Word"),
    "paper_lists": ("PaperPage",),
    "reports": ("AddReport",),
    "retrieval.example_questions": ("example_questions",),
    "retrieval.terms": ("MAX_QUESTION",),
    "status": ("Status",),
    "store.history": ("MAX_COMMENT", "MAX_NAME", "NEW_CONVERSATION", "Conversation", "Feedback", "SavedAnswer"),
    "tables": ("QuotedTable", "TableView"),
    "text.readable": ("readable",),
    "types": ("REFUSAL", "Answer", "Citation", "Paper", "Passage", "Sentence"),
}
_HOMES = {name: module for module, names in _NAMES.items() for name in names}

__all__ = [
    "MAX_COMMENT",
    "MAX_NAME",
    "MAX_QUESTION",
    "NEW_CONVERSATION",
    "REFUSAL",
    "AddReport",
    "Answer",
    "Assistant",
    "Citation",
    "Conversation",
    "Feedback",
    "Filters",
    "FootnoteError",
    "FootnoteRetriever",
    "Match",
    "Paper",
    "PaperPage",
    "Passage",
    "Progress",
    "QuotedTable",
    "SavedAnswer",
    "Sentence",
    "Status",
    "TableView",
    "Word",
    "ask",
    "bibtex",
    "bibtex_fields",
    "cite_keys",
    "cited_papers",
    "example_questions",
    "failure_lines",
    "kinds_line",
    "markdown",
    "pages_text",
    "question_set",
    "quotation",
    "readable",
    "short_references",
    "tables_csv",
]


def __getattr__(name: str) -> Any:
    """Import a name's module at its first use, so that `import rag` and `footnote --help` load nothing heavy."""
    if name not in _HOMES:
        raise AttributeError(f"module 'rag' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
