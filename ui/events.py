"""What the events of all tabs share: how quiet they are, and how their errors reach a person."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr

from rag import FootnoteError

from .api import telling

PRIVATE: dict[str, Any] = {"api_visibility": "private"}
"""Of events that programs cannot call by name."""

QUIET = PRIVATE | {"show_progress": "hidden"}
"""Of events that are over at once, or show by themselves how far they are."""


def place_for_html(**options: Any) -> gr.Markdown:
    """A place for what `ui.render` makes. Not `gr.HTML`: it builds functions from strings, which the page may not."""
    return gr.Markdown(latex_delimiters=[], sanitize_html=True, **options)


def told(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, whose errors Gradio shows in a corner of the page and hands to programs."""
    return telling(function, lambda text: gr.Error(text, print_exception=False))


def said(function: Callable[..., str], *values: Any) -> str:
    """What a function says was done, or why it was not."""
    try:
        return function(*values)
    except FootnoteError as error:
        return str(error)
