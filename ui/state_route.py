"""The routes by which news.js sees what has changed, and begins to add papers."""

import ipaddress
from pathlib import Path
from typing import Annotated, Any

from fastapi import Body, FastAPI
from gradio.utils import get_upload_folder
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from rag import Assistant
from rag.errors import AnswerModelError

from .adding import MAX_FILES, Adding
from .downloads import http_errors

NOT_UPLOADED = "Only files that were uploaded to this page are read."


_MAX_PATH = 4096  # characters
_NOT_HERE = "Paths are read for this machine only. In a terminal: `footnote add PATH`"
_NO_PATH = "Write the whole path, such as /home/ada/papers or ~/Zotero."
_NOTHING_THERE = "There is no such file or folder on this machine."


def is_uploaded(file: str) -> bool:
    """Return whether a file was uploaded to this page: no other one may be read for a request."""
    return Path(file).resolve().is_relative_to(Path(get_upload_folder()).resolve())


def add_state_routes(app: FastAPI, assistant: Assistant, adding: Adding) -> None:
    """Add the routes to `app`."""

    @app.get("/state.json")
    def state(request: Request) -> Response:
        with http_errors():
            state = _state(assistant, adding) | {"reads_paths": _is_here(assistant, request)}
        return JSONResponse(state, headers={"cache-control": "no-store"})

    @app.post("/adding/sample", status_code=202)
    def sample() -> Response:
        adding.start_sample()
        return Response(status_code=202)

    @app.post("/adding/files", status_code=202)
    def files(
        paths: Annotated[list[str], Body(max_length=MAX_FILES)],
        failed: Annotated[dict[str, str], Body(max_length=MAX_FILES)] = {},  # noqa: B006
    ) -> Response:
        if not all(map(is_uploaded, paths)):
            return Response(NOT_UPLOADED, 403)
        if not paths and not failed:
            return Response("There is no file to add.", 422)
        adding.start_uploads(paths, failed)
        return Response(status_code=202)

    @app.post("/adding/path", status_code=202)
    def path(request: Request, path: Annotated[str, Body(embed=True, max_length=_MAX_PATH)]) -> Response:
        if not _is_here(assistant, request):
            return Response(_NOT_HERE, 403)
        try:
            wanted = Path(path.strip().strip("\"'")).expanduser()
            if not wanted.is_absolute():
                return Response(_NO_PATH, 409)
            if not wanted.exists():
                return Response(_NOTHING_THERE, 409)
        except (OSError, ValueError, RuntimeError):  # too long, a zero byte, an unknown user's home
            return Response(_NOTHING_THERE, 409)
        adding.start_path(wanted)
        return Response(status_code=202)

    @app.post("/adding/dismiss", status_code=204)
    def dismiss() -> Response:
        adding.dismiss()
        return Response(status_code=204)


def _is_here(assistant: Assistant, request: Request) -> bool:
    """Return whether the page is served to this machine only, and a request comes from it."""
    return _is_loopback(assistant.settings.ui.host) and request.client is not None and _is_loopback(request.client.host)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _state(assistant: Assistant, adding: Adding) -> dict[str, Any]:
    return {
        "adding": adding.state(),
        "papers": assistant.status().papers,
        "version": assistant.version(),
        **_model(assistant),
    }


def _model(assistant: Assistant) -> dict[str, Any]:
    """Return the name of the model that writes answers, and whether to look for one again: it may be started later."""
    try:
        model = assistant.writer()
    except AnswerModelError:  # in mode llm
        return {"model": "", "looks_for_model": True}
    if model is None or isinstance(model, AnswerModelError):
        return {"model": "", "looks_for_model": model is not None}
    return {"model": model.name, "looks_for_model": False}
