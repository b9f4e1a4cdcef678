"""Translate what Ollama, or whatever answers at its address, sends and raises into errors that say what to do."""

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
    OllamaNotFound,
    PromptCut,
)
from ...text.cleaning import clean

MAX_SHOWN = 200  # characters of a server's text
_OUT_OF_MEMORY = ("memory", "allocate", "runner process", "runner stopped", "signal: killed")
_TOO_LONG = re.compile(r"(?:context|prompt|input).*(?:exceed|too long)|exceed.*context", re.IGNORECASE)


class Status(NamedTuple):
    """The HTTP status of a response, and the target of a redirect."""

    code: int
    location: str | None


class ThinkingNotSupported(Exception):
    """The server refuses the request's `think` key."""


def translate_errors(error: Exception, host: str, *, responded: bool) -> AnswerModelError:
    """Translate any exception of httpx; `responded` says whether the response had begun."""
    import httpx

    if isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout)):
        return unreachable(host)
    if isinstance(error, (httpx.UnsupportedProtocol, httpx.InvalidURL, ValueError)):  # ValueError: no valid host name
        return invalid_address(host)
    if isinstance(error, httpx.RemoteProtocolError) and "illegal" in str(error).lower():
        return unexpected_response(str(error), host)
    return connection_closed(host, responded)


def status_error(status: Status, body: bytes, model: str, host: str) -> Exception:
    """Return the error for a chat response whose status is not 200."""
    message = error_message(body)
    if status.code == 400 and "think" in message.lower():
        return ThinkingNotSupported()
    if _is_out_of_memory(message):
        return _out_of_memory(model, message)
    if status.code in (429, 503):
        return ModelBusy(f"Ollama is busy: {message or f'HTTP {status.code}'}. Wait until it is done, and ask again.")
    if status.code in (400, 500) and _TOO_LONG.search(message):
        return PromptCut(
            f"The prompt is longer than the context window: {message}. Ask for fewer passages ([retrieval] top_k), or "
            "raise [ollama] context_tokens."
        )
    if status.code == 404 and "not found" in message:
        return model_not_found(model)
    if status.code == 403:
        return ModelProtocolError(
            f"Ollama at {host} refuses requests from this machine (HTTP 403). Check its OLLAMA_HOST and OLLAMA_ORIGINS."
        )
    if message:
        return ModelProtocolError(
            f"Ollama cannot answer with {model}: {message} (HTTP {status.code}). Choose another model ([ollama] "
            "model), or look at Ollama's log."
        )
    return unexpected_response(describe_status(status, body), host)


def stream_error(message: str, model: str) -> AnswerModelError:
    """Return the error for an error line in the middle of a stream."""
    if _is_out_of_memory(message):
        return _out_of_memory(model, message)
    return IncompleteAnswer(
        f"{model} stopped with an error: {message or 'no reason given'}. Ask again, or look at Ollama's log."
    )


def _is_out_of_memory(message: str) -> bool:
    return any(word in message.lower() for word in _OUT_OF_MEMORY)


def _out_of_memory(model: str, message: str) -> ModelOutOfMemory:
    return ModelOutOfMemory(
        f"{model} ran out of memory: {message}. Close other programs, ask for less context ([ollama] context_tokens), "
        "or choose a smaller model."
    )


def model_not_found(model: str) -> ModelNotFound:
    return ModelNotFound(f"Ollama has no model {model!r}. Run `ollama pull {model}`.")


def unreachable(host: str) -> OllamaNotFound:
    return OllamaNotFound(
        f"Ollama does not answer at {shown_host(host)}. Start it with `ollama serve`, or check [ollama] host."
    )


def no_response(host: str) -> OllamaNotFound:
    return OllamaNotFound(
        f"The server at {shown_host(host)} accepts connections but does not respond. Restart Ollama with `ollama "
        "serve`, or check [ollama] host."
    )


def invalid_address(host: str) -> OllamaNotFound:
    return OllamaNotFound(
        f"[ollama] host is {shown_host(host)!r}, which is not a valid address; expected for example "
        "http://127.0.0.1:11434."
    )


def not_ollama(response: str, host: str) -> OllamaNotFound:
    return OllamaNotFound(
        f"The server at {shown_host(host)} is not Ollama: {response}. Start Ollama with `ollama serve`, or check "
        "[ollama] host."
    )


def unexpected_response(response: str, host: str) -> ModelProtocolError:
    return ModelProtocolError(
        f"Unexpected response from {host}: {response}. Update Ollama, or check [ollama] host: another program may be "
        "answering there."
    )


def connection_closed(host: str, responded: bool) -> AnswerModelError:
    if responded:
        return IncompleteAnswer(
            f"Ollama at {shown_host(host)} closed the connection before the answer was complete. Ask again; if it "
            "happens again, look at Ollama's log."
        )
    return OllamaNotFound(
        f"The server at {shown_host(host)} closed the connection without an answer. Restart Ollama with `ollama "
        "serve`, or check [ollama] host."
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
    """Return the message in `{"error": "..."}` or `{"error": {"message": "..."}}`, or "" if there is none."""
    error = (parse_object(body) or {}).get("error")
    if isinstance(error, dict):
        error = error.get("message")
    return " ".join(clean(error).split())[:MAX_SHOWN].rstrip(".") if isinstance(error, str) else ""


def excerpt(body: bytes) -> str:
    text = " ".join(clean(body[:MAX_SHOWN].decode("utf-8", "replace")).split())
    return repr(text[:80]) if text else "an empty response"


def shown_host(host: str) -> str:
    """Return the address without user name and password, which are neither sent nor shown."""
    return re.sub(r"^(\w+://)?[^/@]*@", r"\1", host)
