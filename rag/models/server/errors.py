"""Translate what answers at a model server's address, sends and raises, into errors that say what to do."""

import json
import re
from typing import Any, NamedTuple

from ...errors import (
    AnswerModelError,
    IncompleteAnswer,
    ModelBusy,
    ModelNotFound,
    ModelOutOfMemory,
    ModelProtocolError,
    PromptCut,
    RemoteServerRefused,
    ServerNotFound,
)
from ...text.cleaning import clean
from .address import Server

MAX_SHOWN = 200  # characters of a server's text
_MAX_NESTED = 3  # errors inside errors

# How Ollama (its llm/status.go) and llama.cpp say that memory ran out.
_OUT_OF_MEMORY = (
    "out of memory", "out of device memory", "malloc failed", "failed to allocate", "allocation failed",
    "not enough memory", "insufficient memory", "insufficient system resources", "out_of_device_memory",
    "erroroutofmemory", "system memory", "unable to load full model on gpu", "runner process",
    "unexpectedly stopped", "signal: killed",
)  # fmt: skip
# llama.cpp: "request (N tokens) exceeds the available context size (M tokens)". Ollama: "the input length exceeds the
# context length". LM Studio: "Trying to keep the first N tokens when context the overflows. However, the model is
# loaded with context length of only M tokens"; "tokens to keep ... is greater than the context length (n_keep: N>=
# n_ctx: M)". vLLM: "This model's maximum context length is M tokens. However, you requested N".
_TOO_LONG = re.compile(
    r"(?:context|prompt|input).*(?:exceed|too long)|exceed.*context|context.*overflow|maximum context length"
    r"|greater than the context length|reached context length",
    re.IGNORECASE | re.DOTALL,
)
_WINDOW = re.compile(r"(?:context size \(|context length (?:is|of)(?: only)? |n_ctx\W{1,4})(\d{1,9})", re.IGNORECASE)
_NO_MODEL = re.compile(
    r"\bmodel\b.*(?:not found|does not exist|failed to load|not loaded)|no models? (?:is |are )?loaded|model_not_found",
    re.IGNORECASE | re.DOTALL,
)
_REPEATED = re.compile(r"token repeat limit", re.IGNORECASE)


class Status(NamedTuple):
    """The HTTP status of a response, and the target of a redirect."""

    code: int
    location: str | None


def translate_errors(error: Exception, server: Server, *, responded: bool) -> AnswerModelError:
    """Translate any exception of httpx; `responded` says whether the response had begun."""
    import httpx

    if isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout)):
        return unreachable(server)
    if isinstance(error, (httpx.UnsupportedProtocol, httpx.InvalidURL, ValueError)):  # ValueError: no valid host name
        return invalid_address(server)
    if isinstance(error, httpx.RemoteProtocolError) and "illegal" in str(error).lower():
        return unexpected_response(str(error), server)
    return connection_closed(server, responded)


def status_error(status: Status, body: bytes, model: str, server: Server) -> AnswerModelError:
    """Return the error for a chat response whose status is not 200."""
    message = error_message(body)
    if known := known_error(message, model, server):
        return known
    if status.code in (429, 503):
        return busy(message or f"HTTP {status.code}", server)
    if status.code in (401, 403):
        return refused(status, server)
    if status.code == 404:
        return not_this_api(f"it answers {describe_status(status, body)}", server)
    if message:
        return ModelProtocolError(
            f"{_capital(server.name)} cannot answer with {model}: {message} (HTTP {status.code}). Choose another model "
            f"({server.model_setting}), or look at the log of {server.name}."
        )
    return unexpected_response(describe_status(status, body), server)


def stream_error(body: bytes, model: str, server: Server) -> AnswerModelError:
    """Return the error for an error that comes in the middle of a stream."""
    message = error_message(body)
    return known_error(message, model, server) or IncompleteAnswer(
        f"{model} stopped with an error: {message or 'no reason given'}. Ask again, or look at the log of "
        f"{server.name}."
    )


def known_error(message: str, model: str, server: Server) -> AnswerModelError | None:
    """Return the error for a message that servers send with different statuses, or in a stream."""
    if _TOO_LONG.search(message):
        return prompt_cut(message, model, server)
    if any(word in message.lower() for word in _OUT_OF_MEMORY):
        return ModelOutOfMemory(
            f"{model} stopped, probably for lack of memory: {message}. Close other programs, ask for less context "
            "([ollama] context_tokens), or choose a smaller model."
        )
    if _REPEATED.search(message):
        return repeats_itself(model, server)
    if _NO_MODEL.search(message):
        return model_not_found(model, server)
    return None


def prompt_cut(message: str, model: str, server: Server) -> PromptCut:
    """Return the error for a prompt that is longer than the context window, with the window that the server names."""
    found = _WINDOW.search(message)
    window = int(found[1]) if found else None
    has = f"the {window:,} tokens of context that {model} has" if window else f"the context of {model}"
    allowed = f"Set [ollama] context_tokens to {window}" if window else "Set [ollama] context_tokens lower"
    error = PromptCut(f"The prompt is longer than {has}: {message}. {allowed}, or load the model with more context.")
    error.window = window
    return error


def repeats_itself(model: str, server: Server) -> IncompleteAnswer:
    return IncompleteAnswer(
        f"{model} repeated one word without end, and was stopped. Ask in other words, or choose another model "
        f"({server.model_setting})."
    )


def busy(message: str, server: Server) -> ModelBusy:
    return ModelBusy(f"{_capital(server.name)} is busy: {message}. Wait until it is done, and ask again.")


def model_not_found(model: str, server: Server) -> ModelNotFound:
    return ModelNotFound(f"{_capital(server.name)} has no model {model!r}. {server.install.format(model=model)}.")


def refused(status: Status, server: Server) -> ModelProtocolError:
    return ModelProtocolError(
        f"{_capital(server.name)} at {server.url} refuses requests of this program (HTTP {status.code}). "
        f"{server.access}."
    )


def remote_refused(server: Server) -> RemoteServerRefused:
    return RemoteServerRefused(
        f"{server.url} is another machine: your papers would be sent there. Set {server.address_setting} to a server "
        "on this machine, or allow it with [llm] allow_remote = true."
    )


def unreachable(server: Server) -> ServerNotFound:
    return ServerNotFound(
        f"{_capital(server.name)} does not answer at {server.url}. {server.start}, or check {server.address_setting}."
    )


def _start_or_check(server: Server) -> str:
    return f"{server.start}, or check {server.address_setting}."


def no_response(server: Server) -> ServerNotFound:
    return ServerNotFound(
        f"The server at {server.url} accepts connections but does not respond. {_start_or_check(server)}"
    )


def invalid_address(server: Server) -> ServerNotFound:
    return ServerNotFound(
        f"{server.address_setting} is {server.url!r}, which is not a valid address; expected for example "
        f"{server.example}."
    )


def not_this_api(response: str, server: Server) -> ServerNotFound:
    return ServerNotFound(f"The server at {server.url} is not {server.api}: {response}. {_start_or_check(server)}")


def unexpected_response(response: str, server: Server) -> ModelProtocolError:
    return ModelProtocolError(
        f"Unexpected response from {server.url}: {response}. Update {server.name}, or check {server.address_setting}: "
        "another program may be answering there."
    )


def connection_closed(server: Server, responded: bool) -> AnswerModelError:
    if responded:
        return IncompleteAnswer(
            f"{_capital(server.name)} at {server.url} closed the connection before the answer was complete. Ask again; "
            f"if it happens again, look at the log of {server.name}."
        )
    return ServerNotFound(
        f"The server at {server.url} closed the connection without an answer. {_start_or_check(server)}"
    )


def ended_early(model: str, server: Server) -> IncompleteAnswer:
    return IncompleteAnswer(
        f"{_capital(server.name)} at {server.url} ended the answer of {model} before it was complete. Ask again; if it "
        f"happens again, look at the log of {server.name}."
    )


def describe_status(status: Status, body: bytes) -> str:
    if status.location:
        return f"HTTP {status.code}, a redirect to another address, which is not followed"
    return f"HTTP {status.code} {error_message(body) or excerpt(body)}".rstrip()


def parse_object(data: bytes | str) -> dict[str, Any] | None:
    """Return a JSON object, None for anything else."""
    try:
        value = json.loads(data if isinstance(data, str) else data.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def error_message(body: bytes) -> str:
    """Return the message of an error on one line, "" if there is none.

    Servers send `{"error": "..."}`, `{"error": {"message": "..."}}`, `{"object": "error", "message": "..."}`, and
    Ollama sends another server's error, as JSON text and perhaps with a line after it, as its own.
    """
    value = parse_object(body) or {}
    error = value.get("error") or (value.get("message") if value.get("object") == "error" else None)
    for _ in range(_MAX_NESTED):
        if isinstance(error, dict):
            error = error.get("error") or error.get("message")
        elif isinstance(error, str) and error.lstrip().startswith("{"):
            error = _nested_error(error.lstrip())
        else:
            break
    return " ".join(clean(error).split())[:MAX_SHOWN].rstrip(".") if isinstance(error, str) else ""


def _nested_error(text: str) -> object:
    """Return the error in JSON text, with the text after it; the text itself if it is no JSON."""
    try:
        value, end = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return text.lstrip("{")
    inner = value.get("error", value.get("message"))
    if isinstance(inner, dict):
        inner = inner.get("message")
    return f"{inner} {text[end:]}" if isinstance(inner, str) else text.lstrip("{")


def excerpt(body: bytes) -> str:
    text = " ".join(clean(body[:MAX_SHOWN].decode("utf-8", "replace")).split())
    return repr(text[:80]) if text else "an empty response"


def _capital(name: str) -> str:
    return name[:1].upper() + name[1:]
