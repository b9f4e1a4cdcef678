"""The page as a web server for this machine alone: who may ask, what may be uploaded, and what a browser may load."""

from __future__ import annotations

import base64
import contextlib
import importlib
import logging
import os
import re
import secrets
import signal
import socket
import threading
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

# Before gradio is loaded: at import it reports usage and makes an HTTP client from the proxy variables.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "*"  # the page and the model are on this machine

import gradio as gr
import uvicorn
from fastapi import FastAPI, HTTPException
from fastapi import Path as Parameter
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rag import Assistant, SavedAnswer, __version__, bibtex, cited_papers, markdown
from rag.errors import FootnoteError, UnknownAnswer, UnknownConversation, UnknownPaper, reason

from .admission import Counter
from .api import INSTRUCTIONS, PROGRAMS, programs, telling
from .cache import cache_folder
from .page import make_page, theme
from .paper_list import Shelves

log = logging.getLogger("footnote")

MCP_PATH = "/gradio_api/mcp"
"""Where the MCP server is: where guides for pages made with Gradio look for one."""

_LOCAL_HOSTS = ["127.0.0.1", "localhost", "[::1]"]
_GOODBYE_SECONDS = 1
_STATIC = Path(__file__).parent / "static"
_UPLOAD = "/gradio_api/upload"
# Of Gradio's routes those that this page has no use for and that write, run or fetch something; of the page's events
# by name all but what programs may call (`run/predict` is how the page runs those that do not wait).
_CLOSED = re.compile(
    r"/gradio_api/(?:proxy=|process_recording|run-history|runs|vibe|undo-vibe|deep_link|dev|component_server|stream"
    r"|custom_component|file=\s*\w{2,}:|api/|run/(?!predict/?$)"
    rf"|call/(?!(?:v2/)?(?:{'|'.join(PROGRAMS)})(?:/|$)))|/monitoring|/openapi\.json",
    re.IGNORECASE,
)
_MOST_WORDS = 1_000_000  # bytes of a request that uploads nothing
_DRAWN_AT_ONCE = 2  # pages, each in a process of its own
_DRAWING_SECONDS = 20  # so long a page waits for others to be drawn
_POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; manifest-src 'self'; base-uri 'self'; "
    "form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
}


Form = Literal["md", "bib"]
Number = Annotated[int, Parameter(ge=0, lt=2**63)]  # what SQLite takes


class PageError(FootnoteError):
    """The page cannot be served."""


def serve(assistant: Assistant, mcp: bool = False) -> None:
    """Serves the page on `[ui] host` and `port` until it is stopped; with `mcp`, as an MCP server too.

    Raises:
        PageError: the port is taken, or the MCP package is not installed.
    """
    host, port = assistant.settings.ui.host, assistant.settings.ui.port
    try:
        listener = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise PageError(
            f"The page cannot listen on {host}:{port} ({reason(error)}). Name another one with --port."
        ) from error
    # `kill` is to end it as Ctrl-C does: uvicorn sends itself again what ended it, and the cache would stay.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with cache_folder():
        app = make_app(assistant, mcp)
        assistant.warm_up()
        address = f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}"
        ready = [f"Footnote is ready: {address} (Ctrl-C stops it)", *([f"MCP: {address}{MCP_PATH}/"] if mcp else [])]
        os.write(2, "".join(f"{line}\n" for line in ready).encode())
        # An open page holds a connection as long as it is open: it may neither keep the server from stopping nor, as an
        # error of uvicorn's, show a traceback then.
        config = uvicorn.Config(app, log_level="critical", timeout_graceful_shutdown=_GOODBYE_SECONDS)
        with contextlib.suppress(KeyboardInterrupt):  # how it is stopped
            uvicorn.Server(config).run(sockets=[listener])


def make_app(assistant: Assistant, mcp: bool = False) -> FastAPI:
    """The page as a web application."""
    ui, counter = assistant.settings.ui, Counter()
    app = FastAPI(openapi_url=None)
    app.mount("/static/footnote", StaticFiles(directory=_STATIC))
    _add_pages(app, assistant)
    if mcp:
        _add_mcp(app, assistant, counter)
    gr.mount_gradio_app(
        app,
        make_page(assistant, counter),
        path="",
        show_error=False,
        run_history=False,  # it offers to keep questions elsewhere
        footer_links=[],
        max_file_size=ui.max_upload_mb * 1_000_000,
        theme=theme(),
        css_paths=[_STATIC / "page.css"],
        head='<script src="static/footnote/page.js" defer></script>',
        pwa=False,
        ssr_mode=False,
        mcp_server=False,
    )
    app.add_middleware(Guard, password=ui.password, most_bytes=ui.max_upload_mb * 1_000_000)
    # A page elsewhere must not reach this one through a name of its own (DNS rebinding).
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=[*_LOCAL_HOSTS, ui.host])
    return app


def _add_pages(app: FastAPI, assistant: Assistant) -> None:
    """What the page links to: drawn pages of papers, and answers to keep."""

    app.add_exception_handler(HTTPException, _as_text)
    drawing = threading.BoundedSemaphore(_DRAWN_AT_ONCE)

    @app.get("/drawn/{paper}/{page}.png")
    def drawn(paper: str, page: int, start: int = 0, end: int = 0, check: int = 0) -> Response:
        with _told(), _in_turn(drawing):
            # Since the link was made the paper may have been read again: rather no mark than one on other words.
            is_there = zlib.crc32(assistant.paper(paper).text[start:end].encode()) == check
            png = assistant.draw_page(paper, page, *((start, end) if is_there else ()))
        keep = "private, max-age=3600" if is_there else "no-store"
        return Response(png, media_type="image/png", headers={"cache-control": keep})

    @app.get("/export/answer/{number}.{form}")
    def export_answer(number: Number, form: Form) -> Response:
        with _told():
            return _file(f"answer-{number}", form, [assistant.saved_answer(number)], assistant)

    @app.get("/export/conversation/{number}.{form}")
    def export_conversation(number: Number, form: Form) -> Response:
        with _told():
            name = next((each.name for each in assistant.conversations() if each.key == number), "")
            return _file(f"conversation-{number}", form, assistant.conversation(number), assistant, name)


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Errors for a person as replies with their text."""
    try:
        yield
    except (UnknownPaper, UnknownAnswer, UnknownConversation) as error:
        raise HTTPException(404, str(error)) from error
    except FootnoteError as error:
        raise HTTPException(409, str(error)) from error


def _as_text(request: Request, error: Exception) -> Response:
    """The error's text alone: a person reads it, in place of the page or the file that was asked for."""
    status, text = (error.status_code, str(error.detail)) if isinstance(error, HTTPException) else (500, "Error")
    return PlainTextResponse(text, status)


@contextlib.contextmanager
def _in_turn(turns: threading.BoundedSemaphore) -> Iterator[None]:
    """Waits for a turn, and says so where none comes."""
    if not turns.acquire(timeout=_DRAWING_SECONDS):
        raise HTTPException(503, "Many pages are being drawn. Load this one again in a moment.")
    try:
        yield
    finally:
        turns.release()


def _file(file: str, form: Form, kept: Sequence[SavedAnswer], assistant: Assistant, name: str = "") -> Response:
    answers, library = [each.as_answer() for each in kept], assistant.papers()
    if form == "md":
        text, kind = markdown(answers, name, library), "text/markdown"
    else:
        text, kind = bibtex(cited_papers(answers, library), library), "application/x-bibtex"
    return Response(text, media_type=kind, headers={"content-disposition": f'attachment; filename="{file}.{form}"'})


def _add_mcp(app: FastAPI, assistant: Assistant, counter: Counter) -> None:
    try:
        # Not Gradio's own: it calls the page over HTTP, without a password, and pins an older pydantic.
        server = importlib.import_module("mcp.server").MCPServer(
            "Footnote", instructions=INSTRUCTIONS, version=__version__, log_level="CRITICAL"
        )
        tool_error = importlib.import_module("mcp.server.mcpserver.exceptions").ToolError
    except ImportError as error:
        raise PageError("The package mcp is not installed: `pip install mcp`, or `make install`.") from error
    for function in programs(assistant, counter, Shelves(assistant)):
        server.add_tool(telling(function, tool_error))
    inner = server.streamable_http_app(streamable_http_path="/", stateless_http=True, json_response=True)
    app.mount(MCP_PATH, inner)
    outer = app.router.lifespan_context

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> Any:
        async with outer(app) as state, server.session_manager.run():
            yield state

    app.router.lifespan_context = lifespan


class Guard:
    """Lets in this page's own requests, with the password where one is set, and sends what keeps a browser from more.

    The password is HTTP's Basic, under any user name, so that programs can give it as easily as people.
    """

    def __init__(self, app: ASGIApp, password: str, most_bytes: int) -> None:
        self.app, self.password, self.most_bytes = app, password.encode(), most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return
        refusal = self._refusal(scope, Headers(scope=scope))
        app, is_page = refusal or self.app, scope["path"] == "/"
        if is_page:  # the nonce is written into it
            scope = {**scope, "headers": [(k, v) for k, v in scope["headers"] if k != b"accept-encoding"]}
        await app(scope, receive, _Guarded(send, is_page))

    def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        origin = headers.get("origin")
        if origin and _host(origin) != headers.get("host"):  # a page elsewhere, in this browser
            return PlainTextResponse("This page takes requests from itself alone.", 403)
        if self.password and not secrets.compare_digest(_password(headers.get("authorization", "")), self.password):
            return PlainTextResponse(
                "The page asks for a password ([ui] password); the user's name can be anything.",
                401,
                {"www-authenticate": 'Basic realm="Footnote", charset="UTF-8"'},
            )
        if _CLOSED.match(scope["path"]):
            return PlainTextResponse("Not found", 404)
        if scope["method"] in ("POST", "PUT", "PATCH"):
            length = "" if "transfer-encoding" in headers else headers.get("content-length", "")
            return self._too_much(length, scope["path"].rstrip("/") == _UPLOAD)
        return None

    def _too_much(self, length: str, is_upload: bool) -> Response | None:
        if not length.isdecimal():
            return PlainTextResponse("A request has to say how long it is.", 411)
        if is_upload and int(length) > self.most_bytes + 100_000:  # what is around the files
            return PlainTextResponse(
                f"At most {self.most_bytes // 1_000_000} MB are taken at once ([ui] max_upload_mb).", 413
            )
        if not is_upload and int(length) > _MOST_WORDS:
            return PlainTextResponse(f"A request of more than {_MOST_WORDS // 1_000_000} MB is not taken.", 413)
        return None


class _Guarded:
    """Sends a reply with the headers that every reply has; the page gets a nonce for the scripts that are its own."""

    def __init__(self, send: Send, is_page: bool) -> None:
        self._send = send
        self._is_page = is_page
        self._start: Message | None = None
        self._page = b""
        self._nonce = secrets.token_urlsafe(16)

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.update(_HEADERS)
            headers["content-security-policy"] = _POLICY.format(nonce=self._nonce)
            if self._is_page and headers.get("content-type", "").startswith("text/html"):
                headers["cache-control"] = "no-store"
                self._start = message
                return
        elif message["type"] == "http.response.body" and self._start:
            self._page += message.get("body", b"")
            if not message.get("more_body"):
                await self._send_page(self._start)
            return
        await self._send(message)

    async def _send_page(self, start: Message) -> None:
        # All scripts of a page are Gradio's: nothing of a paper, a question or an answer is in it, they come later.
        page = re.sub(rb"<script(?=[\s>])", b'<script nonce="' + self._nonce.encode() + b'"', self._page)
        MutableHeaders(scope=start)["content-length"] = str(len(page))
        await self._send(start)
        await self._send({"type": "http.response.body", "body": page})


def _password(authorization: str) -> bytes:
    """The password that an Authorization header gives; empty where it gives none."""
    kind, _, given = authorization.partition(" ")
    if kind.casefold() != "basic":
        return b""
    try:
        return base64.b64decode(given, validate=True).partition(b":")[2]
    except ValueError:  # also of letters that are none of Base64's
        return b""


def _host(origin: str) -> str | None:
    """The host and port of an Origin header; None where it names none."""
    try:
        return urlsplit(origin).netloc or None
    except ValueError:
        return None
