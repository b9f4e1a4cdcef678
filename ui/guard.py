"""Decide which requests the page answers (origin, password, path, size), and set the headers of every response."""

import base64
import re
import secrets
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .api import ENDPOINTS

_UPLOAD = "/gradio_api/upload"
# Routes of Gradio that this page does not use and that write, run or fetch something, and events by name, but for the
# endpoints. The page itself runs events that are not queued through `run/predict`.
_CLOSED = re.compile(
    r"/gradio_api/(?:proxy=|process_recording|run-history|runs|vibe|undo-vibe|deep_link|dev|component_server|stream"
    r"|custom_component|file=\s*\w{2,}:|api/|run/(?!predict/?$)"
    rf"|call/(?!(?:v2/)?(?:{'|'.join(ENDPOINTS)})(?:/|$)))|/monitoring|/openapi\.json",
    re.IGNORECASE,
)
_MAX_BODY_BYTES = 1_000_000  # of a request that is no upload
_MULTIPART_BYTES = 100_000  # around the files of an upload
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


class Guard:
    """ASGI middleware that refuses requests of other pages, without the password, to closed paths, or too large ones.

    The password is HTTP Basic, with any user name, so that programs can send it too.
    """

    def __init__(self, app: ASGIApp, password: str, max_upload_bytes: int) -> None:
        self.app, self.password, self.max_upload_bytes = app, password.encode(), max_upload_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return
        app = self._refusal(scope, Headers(scope=scope)) or self.app
        is_page = scope["path"] == "/"
        if is_page:  # uncompressed, so that the nonce can be inserted
            scope = {**scope, "headers": [(k, v) for k, v in scope["headers"] if k != b"accept-encoding"]}
        await app(scope, receive, _SecureSend(send, is_page))

    def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        origin = headers.get("origin")
        if origin and _host(origin) != headers.get("host"):
            return PlainTextResponse("This page accepts requests from itself only.", 403)
        if self.password and not secrets.compare_digest(_password(headers.get("authorization", "")), self.password):
            return PlainTextResponse(
                "The page asks for a password ([ui] password); the user name can be anything.",
                401,
                {"www-authenticate": 'Basic realm="Footnote", charset="UTF-8"'},
            )
        if _CLOSED.match(scope["path"]):
            return PlainTextResponse("Not found", 404)
        if scope["method"] in ("POST", "PUT", "PATCH"):
            length = "" if "transfer-encoding" in headers else headers.get("content-length", "")
            return self._check_length(length, scope["path"].rstrip("/") == _UPLOAD)
        return None

    def _check_length(self, length: str, is_upload: bool) -> Response | None:
        if not length.isdecimal():
            return PlainTextResponse("A request needs a Content-Length.", 411)
        if is_upload and int(length) > self.max_upload_bytes + _MULTIPART_BYTES:
            megabytes = self.max_upload_bytes // 1_000_000
            return PlainTextResponse(f"An upload can have at most {megabytes} MB ([ui] max_upload_mb).", 413)
        if not is_upload and int(length) > _MAX_BODY_BYTES:
            return PlainTextResponse(f"A request can have at most {_MAX_BODY_BYTES // 1_000_000} MB.", 413)
        return None


class _SecureSend:
    """Send a response with the security headers; insert a nonce into the scripts of the page."""

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
        # All scripts in the page are Gradio's: papers, questions and answers come later.
        page = re.sub(rb"<script(?=[\s>])", b'<script nonce="' + self._nonce.encode() + b'"', self._page)
        MutableHeaders(scope=start)["content-length"] = str(len(page))
        await self._send(start)
        await self._send({"type": "http.response.body", "body": page})


def _password(authorization: str) -> bytes:
    """Return the password in an Authorization header; empty if there is none."""
    kind, _, credentials = authorization.partition(" ")
    if kind.casefold() != "basic":
        return b""
    try:
        return base64.b64decode(credentials, validate=True).partition(b":")[2]
    except ValueError:
        return b""


def _host(origin: str) -> str | None:
    """Return the host and port of an Origin header; None if it has none."""
    try:
        return urlsplit(origin).netloc or None
    except ValueError:
        return None
