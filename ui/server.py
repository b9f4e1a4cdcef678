"""Start the chat page as a web server on this machine."""

import contextlib
import os
import signal
import socket
from pathlib import Path

# Before gradio is imported: on import it reports usage and makes an HTTP client from the proxy variables.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "*"  # the page and the model are on this machine

import gradio as gr
import uvicorn
from fastapi import FastAPI
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.staticfiles import StaticFiles

from rag import Assistant, FootnoteError
from rag.errors import reason

from .api import MCP_PATH, add_mcp, endpoints
from .cache import cache_folder
from .downloads import add_downloads
from .guard import Guard
from .page import make_page, theme
from .papers_route import add_papers_route
from .place import Services, places
from .state_route import add_state_routes
from .viewer import add_viewer

_LOCAL_HOSTS = ["127.0.0.1", "localhost", "[::1]"]
_STOP_GRACE_SECONDS = 1
_STATIC = Path(__file__).parent / "static"
_SCRIPTS = ("viewer.js", "library-pane.js", "preview.js", "news.js")  # and those of the places


class PageError(FootnoteError):
    """The page cannot be served."""


def serve(assistant: Assistant, mcp: bool = False) -> None:
    """Serve the page on `[ui] host` and `port` until Ctrl-C or SIGTERM; with `mcp`, an MCP server too.

    Raise PageError if the port is taken. Raise McpMissing if the MCP package is not installed.
    """
    host, port = assistant.settings.ui.host, assistant.settings.ui.port
    try:
        listener = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise PageError(
            f"The page cannot listen on {host}:{port} ({reason(error)}). Name another one with --port."
        ) from error
    # SIGTERM as Ctrl-C: uvicorn raises its signal again when it has stopped, which would leave the cache folder behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with cache_folder():
        app = make_app(assistant, mcp)
        assistant.warm_up()
        address = f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}"
        ready = [f"Footnote is ready: {address} (Ctrl-C stops it)", *([f"MCP: {address}{MCP_PATH}/"] if mcp else [])]
        os.write(2, "".join(f"{line}\n" for line in ready).encode())
        # An open page keeps a connection: it must neither delay the stop nor make uvicorn log a traceback then.
        config = uvicorn.Config(app, log_level="critical", timeout_graceful_shutdown=_STOP_GRACE_SECONDS)
        with contextlib.suppress(KeyboardInterrupt):
            uvicorn.Server(config).run(sockets=[listener])


def make_app(assistant: Assistant, mcp: bool = False) -> FastAPI:
    """Return the page as an ASGI application."""
    ui = assistant.settings.ui
    max_upload_bytes = ui.max_upload_mb * 1_000_000
    services = Services.of(assistant)
    functions = endpoints(assistant, services.queue)
    app = FastAPI(openapi_url=None)
    app.mount("/static/footnote", StaticFiles(directory=_STATIC))
    add_downloads(app, assistant)
    add_viewer(app, assistant, services.queue)
    add_papers_route(app, assistant)
    add_state_routes(app, assistant, services.adding)
    for place in places():
        if place.add_routes:
            place.add_routes(app, services)
    if mcp:
        add_mcp(app, functions)
    gr.mount_gradio_app(
        app,
        make_page(services, functions),
        path="",
        show_error=False,
        run_history=False,  # it offers to store questions elsewhere
        footer_links=[],
        max_file_size=max_upload_bytes,
        theme=theme(),
        css_paths=sorted(_STATIC.glob("*.css"), key=lambda path: (path.name != "page.css", path.name)),
        head=_script_tags(),
        pwa=False,
        ssr_mode=False,
        mcp_server=False,
    )
    app.add_middleware(Guard, password=ui.password, max_upload_bytes=max_upload_bytes)
    # Against DNS rebinding: another page reaches this one under a host name of its own.
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=[*_LOCAL_HOSTS, ui.host])
    return app


def _script_tags() -> str:
    modules = [*_SCRIPTS, *(script for place in places() for script in place.scripts)]
    tags = [f'<script src="static/footnote/{name}" type="module"></script>' for name in modules]
    return '<script src="static/footnote/page.js" defer></script>' + "".join(tags)
