"""Footnote: answers from a researcher's own papers, each sentence with a footnote to the exact words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .assistant import Assistant, ask
    from .errors import FootnoteError
    from .types import REFUSAL, AddReport, Answer, Citation, Paper, Passage, Sentence

__version__ = "0.1.0"

__all__ = [
    "REFUSAL",
    "AddReport",
    "Answer",
    "Assistant",
    "Citation",
    "FootnoteError",
    "Paper",
    "Passage",
    "Sentence",
    "ask",
]


def __getattr__(name: str) -> Any:
    """Loads a name's module at its first use, so that `import rag` and `footnote --help` cost next to nothing."""
    if name not in __all__:
        raise AttributeError(f"module 'rag' has no attribute {name!r}")
    import importlib

    home = {"Assistant": "assistant", "ask": "assistant", "FootnoteError": "errors"}.get(name, "types")
    return getattr(importlib.import_module(f".{home}", __name__), name)
