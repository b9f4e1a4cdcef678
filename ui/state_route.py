"""The routes by which news.js sees what has changed, and begins to add papers."""

from pathlib import Path
from typing import Annotated, Any

from fastapi import Body, FastAPI
from gradio.utils import get_upload_folder
from starlette.responses import JSONResponse, Response

from rag import Assistant
from rag.errors import AnswerModelError

from .adding import MAX_FILES, Adding
from .downloads import http_errors

NOT_UPLOADED = "Only files that were uploaded to this page are read."


def is_uploaded(file: str) -> bool:
    """Return whether a file was uploaded to this page: no other one may be read for a request."""
    return Path(file).resolve().is_relative_to(Path(get_upload_folder()).resolve())


def add_state_routes(app: FastAPI, assistant: Assistant, adding: Adding) -> None:
    """Add the routes to `app`."""

    @app.get("/state.json")
    def state() -> Response:
        with http_errors():
            return JSONResponse(_state(assistant, adding), headers={"cache-control": "no-store"})

    @app.post("/adding/sample", status_code=202)
    def sample() -> Response:
        adding.start_sample()
        return Response(status_code=202)

    @app.post("/adding/files", status_code=202)
    def files(paths: Annotated[list[str], Body(embed=True, min_length=1, max_length=MAX_FILES)]) -> Response:
        if not all(map(is_uploaded, paths)):
            return Response(NOT_UPLOADED, 403)
        adding.start_uploads(paths)
        return Response(status_code=202)

    @app.post("/adding/dismiss", status_code=204)
    def dismiss() -> Response:
        adding.dismiss()
        return Response(status_code=204)


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
