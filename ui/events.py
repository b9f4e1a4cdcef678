"""What the event handlers of all tabs share: Gradio's options, and errors as messages."""

import functools
import logging
from collections.abc import Callable
from typing import Any

import gradio as gr

from rag import FootnoteError

log = logging.getLogger("footnote")

PRIVATE: dict[str, Any] = {"api_visibility": "private"}
"""Options of events that programs cannot call by name."""

QUIET = PRIVATE | {"show_progress": "hidden"}
"""Options of events that are short, or show their progress themselves."""


def html_area(**options: Any) -> gr.Markdown:
    """Return an area for rendered templates. `gr.HTML` compiles strings to functions, which the CSP forbids."""
    return gr.Markdown(latex_delimiters=[], sanitize_html=True, **options)


def error_message(error: Exception) -> str:
    """Return the message shown for an error. The text of an unexpected one goes to the log only: it may name a path."""
    if isinstance(error, FootnoteError):
        return str(error)
    log.error("Unexpected error", exc_info=error)
    return f"Unexpected error ({type(error).__name__}). The terminal shows its details."


def translate_errors(function: Callable[..., Any], error_type: Callable[[str], Exception]) -> Callable[..., Any]:
    """Return `function` with its errors raised as `error_type(message)`."""

    @functools.wraps(function)
    def translated(*values: Any, **named: Any) -> Any:
        try:
            return function(*values, **named)
        except Exception as error:
            raise error_type(error_message(error)) from error

    return translated


def show_errors(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return `function` with errors that Gradio shows in a corner of the page and returns to programs."""
    return translate_errors(function, lambda message: gr.Error(message, print_exception=False))
