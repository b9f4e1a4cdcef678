"""The place of conversations: by its script, search, reopen, rename, download and delete them."""

from typing import Annotated

import gradio as gr
from fastapi import Body, FastAPI, Query
from starlette.responses import JSONResponse, Response

from rag import Assistant, Conversation, readable

from ..downloads import Number, http_errors
from ..place import PageParts, Place, Services

_MOST_ROWS = 100  # of one reply; the list asks for more when a person does
_MAX_WORDS = 200  # characters

Words = Annotated[str, Query(max_length=_MAX_WORDS)]


def _add_routes(app: FastAPI, services: Services) -> None:
    assistant = services.assistant

    @app.get("/conversations.json")
    def listed(words: Words = "", first: Annotated[int, Query(ge=0, lt=2**62)] = 0) -> Response:
        with http_errors():
            return _listed(assistant, words, first)

    @app.post("/conversation/{number}/rename.json")
    def rename(number: Number, name: Annotated[str, Body(embed=True)]) -> Response:
        with http_errors():
            assistant.rename_conversation(number, name)
        return JSONResponse({})

    @app.post("/conversation/{number}/delete.json")
    def delete(number: Number) -> Response:
        with http_errors():
            assistant.delete_conversation(number)
        return JSONResponse({})


def _listed(assistant: Assistant, words: str, first: int) -> Response:
    wanted = words.casefold().split()
    found = [each for each in assistant.conversations() if _has_all(wanted, each)]
    rows = [
        {
            "number": each.key,
            "name": each.name,
            "answers": each.answers,
            "asked": each.last_asked,
            "last": readable(each.last_question) if each.answers > 1 else "",
        }
        for each in found[first : first + _MOST_ROWS]
    ]
    reply = {"conversations": rows, "found": len(found)}
    return JSONResponse(reply, headers={"cache-control": "no-store"})


def _has_all(words: list[str], conversation: Conversation) -> bool:
    text = f"{conversation.name} {conversation.last_question}".casefold()
    return all(word in text for word in words)


def _build(parts: PageParts) -> None:
    gr.Column(elem_id="talks-place")


PLACE = Place("Conversations", 3, _build, _add_routes, ("conversations-place.js",))
