"""The chat page: a Gradio chat whose answers come from an `Assistant`, with their references below them."""

from __future__ import annotations

import contextlib
import html
import logging
import os
import re
import socket
from collections.abc import Callable, Iterator
from typing import Any

from rag.assistant import Assistant
from rag.errors import FootnoteError
from rag.types import Answer

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # before gradio is loaded: it reports at import

import gradio as gr
import uvicorn
from fastapi import FastAPI
from starlette.middleware.trustedhost import TrustedHostMiddleware

log = logging.getLogger("footnote")

_QUEUE = 32
_AT_ONCE = 4
_GOODBYE_SECONDS = 1
_LOCAL_HOSTS = ["127.0.0.1", "localhost", "[::1]"]


class PageError(FootnoteError):
    """The page cannot be served."""


def make_page(assistant: Assistant) -> gr.Blocks:
    """The page as Gradio blocks."""

    def reply(question: str, messages: list[dict[str, Any]]) -> Iterator[str]:
        try:
            for answer in assistant.stream(question, history=_history(messages)):
                yield shown(answer)
        except FootnoteError as error:
            yield str(error)
        except Exception as error:
            log.exception("A question was not answered.")
            yield f"An error that Footnote did not foresee ({type(error).__name__}: {error})."

    # Nothing of a paper or a question is read as Markdown, HTML or LaTeX: it is shown as the text it is.
    chatbot = gr.Chatbot(render_markdown=False, latex_delimiters=[], height="70vh", show_label=False, buttons=["copy"])
    _show_as_text(chatbot)
    chat = gr.ChatInterface(
        reply,
        chatbot=chatbot,
        title="Footnote",
        description=_described(assistant),
        textbox=gr.Textbox(
            placeholder="Ask your papers", label="Question", max_length=2000, submit_btn=True, stop_btn=True
        ),
        concurrency_limit=_AT_ONCE,
        analytics_enabled=False,
        flagging_mode="never",
    )
    chat.run_history = False  # it offers to keep questions elsewhere
    chat.queue(max_size=_QUEUE)
    return chat


def shown(answer: Answer) -> str:
    """An answer as the chat shows it: text, references with their quotes' places, and what was searched."""
    seconds = sum(answer.seconds.values())
    by = f"Written by {answer.model}" if answer.mode == "llm" else "Quotes only"
    status = f"{by}, confidence {answer.confidence:.0%}, {seconds:.1f} s" if answer.seconds else ""
    return f"{answer}\n\n{status}".strip()


def make_app(assistant: Assistant) -> FastAPI:
    """The page as a web application that answers to this machine's own names alone."""
    ui = assistant.settings.ui
    app = FastAPI(openapi_url=None)
    # A page elsewhere must not reach this one through a name of its own (DNS rebinding).
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=[*_LOCAL_HOSTS, ui.host])
    gr.mount_gradio_app(app, make_page(assistant), path="", show_error=False)
    return app


def serve(assistant: Assistant) -> None:
    """Serves the page on `[ui] host` and `port` until it is stopped.

    Raises:
        PageError: the port is taken, or a password is set, which the page cannot ask for yet.
    """
    host, port = assistant.settings.ui.host, assistant.settings.ui.port
    if assistant.settings.ui.password:
        raise PageError("[ui] password is set, and this version of the page cannot ask for it. Leave it empty.")
    try:
        listener = socket.create_server((host, port))
    except OSError as error:
        raise PageError(
            f"The page cannot listen on {host}:{port} ({error.strerror}). Name another one with --port."
        ) from error
    if assistant.library.exists:
        assistant.library.embedder.encode_question("ready")  # the first question should not wait for the model
        assistant.library.index.update()
    # An open page holds a connection as long as it is open: it may neither keep the server from stopping nor, as an
    # error of uvicorn's, show a traceback then.
    config = uvicorn.Config(make_app(assistant), log_level="critical", timeout_graceful_shutdown=_GOODBYE_SECONDS)
    uvicorn_log = f"Footnote is ready: http://{host}:{listener.getsockname()[1]} (Ctrl-C stops it)\n"
    os.write(2, uvicorn_log.encode())
    with contextlib.suppress(KeyboardInterrupt):  # how it is stopped
        uvicorn.Server(config).run(sockets=[listener])


def _described(assistant: Assistant) -> str:
    count = len(assistant.papers())
    papers = f"{count} papers" if count != 1 else "one paper"
    return (
        f"Answers from {papers}: the papers' own words with their places, and where Ollama has a model, what it writes "
        "from them, each sentence checked against its citations."
    )


def _show_as_text(chatbot: gr.Chatbot) -> None:
    """Escapes what goes to the chatbot, which reads HTML even where it renders no Markdown."""
    # Not a subclass: Gradio would write a .pyi file beside this one.
    received, sent = chatbot.preprocess, chatbot.postprocess
    chatbot.preprocess = lambda messages: _each_text(received(messages), html.unescape)
    chatbot.postprocess = lambda messages: sent(_each_text(messages, _escaped))


def _escaped(text: str) -> str:
    """`text` so that HTML shows it as it is; only what looks like a tag or an entity is changed, for copying's sake."""
    return re.sub(r"<(?=[A-Za-z/!?])", "&lt;", re.sub(r"&(?=[A-Za-z#])", "&amp;", text))


def _each_text(messages: list[dict[str, Any]] | None, change: Callable[[str], str]) -> list[dict[str, Any]]:
    return [{**message, "content": change(_text(message["content"]))} for message in messages or []]


def _history(messages: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Gradio's messages as (question, answer) pairs."""
    turns: list[tuple[str, str]] = []
    question = ""
    for message in messages:
        text = _text(message.get("content"))
        if message.get("role") == "user":
            question = text
        elif question:
            turns.append((question, text))
    return turns


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else [content]
    return " ".join(str(part.get("text", "")) if isinstance(part, dict) else str(part) for part in parts if part)
