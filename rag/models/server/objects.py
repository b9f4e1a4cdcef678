"""Ask a model server short questions, whose responses are JSON objects."""

from typing import Any

from ...errors import AnswerModelError
from .address import Server
from .errors import (
    busy,
    describe_status,
    error_message,
    excerpt,
    known_error,
    no_response,
    not_this_api,
    parse_object,
    refused,
)
from .exchange import Exchange

SEARCH_SECONDS = 2.5  # for all requests before an answer; a running server takes milliseconds


def ask(exchange: Exchange, server: Server, deadline: float, model: str = "") -> dict[str, Any]:
    """Return the JSON object of a short response.

    Raise ServerNotFound, ModelNotFound if the response says so of `model`, ModelProtocolError if it is refused, or
    ModelBusy while the model is loaded.
    """
    try:
        with exchange:
            status = exchange.begin(deadline)
            data = exchange.receive_rest(deadline)
    except TimeoutError as error:
        raise no_response(server) from error
    if model and (known := known_error(error_message(data), model, server)):
        raise known
    if status.code == 503 and "loading" in error_message(data).lower():
        raise busy(error_message(data), server)
    if status.code in (401, 403) and error_message(data):
        raise refused(status, server)
    if status.code != 200:
        raise not_this_api(f"it answers {describe_status(status, data)}", server)
    reply = parse_object(data)
    if reply is None:
        raise not_this_api(f"it sent {excerpt(data)}", server)
    return reply


def ask_or_nothing(exchange: Exchange, server: Server, deadline: float) -> dict[str, Any]:
    """Return the JSON object of a short response, {} if the server has none to give."""
    try:
        return ask(exchange, server, deadline)
    except AnswerModelError:
        return {}
