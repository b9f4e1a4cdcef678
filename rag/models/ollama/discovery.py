"""Ask Ollama which models are installed, and choose the one that answers."""

import re
import socket
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from ... import config
from ...errors import AnswerModelError, CloudModelRefused, ModelNotFound
from ...text.cleaning import clean
from . import errors
from .chat import OllamaModel, parse_count
from .connection import CONNECT_SECONDS, Exchange, after, import_client

SUGGESTED_MODEL = "qwen3:4b-instruct"
"""The model to install where there is none. Plain qwen3:4b cannot be kept from thinking aloud."""

GOOD_MODELS = (
    "qwen3:4b-instruct", "qwen3.5:4b", "gemma3:4b", "gemma3:latest", "gemma4:e4b", "gemma4:latest", "qwen2.5:7b",
    "qwen2.5:latest", "llama3.1:8b", "llama3.1:latest", "llama3.2:3b", "llama3.2:latest", "mistral:7b",
    "mistral:latest", "phi4-mini:", "qwen3:8b", "qwen3:latest", "qwen3.5:9b", "qwen3.5:latest", "qwen2.5:3b",
    "qwen3:4b",
)  # fmt: skip
"""Prefixes of the models that `auto` chooses, best first: they follow instructions and run on a laptop."""

SEARCH_SECONDS = 2.5  # for all requests before an answer; a running server takes milliseconds
_MAX_NAMED = 10  # installed models in a message


class Installed(NamedTuple):
    """An installed model: `size` on disk in bytes, `parameters` such as "4.0B", `cloud` if it runs elsewhere."""

    name: str
    digest: str | None
    size: int | None
    parameters: str | None
    cloud: bool


class Details(NamedTuple):
    """The properties of a model: `window` is its longest context in tokens, `cloud` if it runs elsewhere."""

    window: int | None
    cloud: bool
    generates_text: bool


def find_model(settings: config.Ollama) -> OllamaModel:
    """Return the model that the settings name, or for `auto` the first of `GOOD_MODELS` that is installed.

    Takes `SEARCH_SECONDS` at most and downloads nothing. Raise OllamaNotFound if nothing answers at the address, or
    something other than Ollama. Raise ModelNotFound if the model is not installed, or cannot generate text. Raise
    CloudModelRefused if the model runs on another machine, and `allow_cloud` is not set.
    """
    _check_cloud(settings.model, is_cloud_name(settings.model), settings)
    _check_port(settings.host)
    deadline = search_deadline()
    installed = choose_model(settings, installed_models(settings.host, deadline))
    details = model_details(settings.host, installed.name, deadline)
    check_usable(installed, details, settings)
    return OllamaModel(
        name=installed.name,
        digest=installed.digest,
        host=errors.shown_host(settings.host),
        timeout_seconds=settings.timeout_seconds,
        deadline_seconds=settings.deadline_seconds,
        window=details.window,
    )


def _check_port(host: str) -> None:
    """Raise OllamaNotFound if nothing listens on a local port; loading the client would take longer than this."""
    try:
        address = urlsplit(host if "//" in host else f"//{host}")
        name, port = address.hostname, address.port or 11434
    except ValueError:
        return  # the client reports what is wrong with it
    if address.scheme not in ("http", "") or not re.fullmatch(r"localhost|[\d.]+|.*:.*", name or ""):
        return  # a name lookup may hang; the client does it in the background
    try:
        socket.create_connection((name, port), CONNECT_SECONDS).close()
    except (OSError, UnicodeError) as error:
        raise errors.unreachable(host) from error


def search_deadline() -> float:
    """Return the deadline of a search that begins now. The client is loaded first, since a slow disk may delay it."""
    import_client()
    return after(SEARCH_SECONDS)


def installed_models(host: str, deadline: float) -> list[Installed]:
    """Return the installed models. Raise OllamaNotFound."""
    models = _ask(host, "/api/tags", deadline).get("models", ...)
    if models is None:  # sent by a server without models
        return []
    if not isinstance(models, list):
        raise errors.not_ollama("its reply to /api/tags has no models", host)
    return [_parse_installed(model, host) for model in models]


def model_details(host: str, name: str, deadline: float) -> Details:
    """Return the properties of an installed model. Raise OllamaNotFound or ModelNotFound."""
    reply = _ask(host, "/api/show", deadline, {"model": name}, name)
    info = reply.get("model_info")
    windows = [
        window
        for key, value in (info.items() if isinstance(info, dict) else ())
        if key.endswith(".context_length") and (window := parse_count(value))
    ]
    skills = reply.get("capabilities")
    generates_text = not isinstance(skills, list) or not skills or "completion" in skills
    return Details(min(windows, default=None), _is_remote(reply), generates_text)


def server_version(host: str, deadline: float) -> str | None:
    """Return Ollama's version, None if the server does not report it or fails."""
    version = _ask_or_nothing(host, "/api/version", deadline).get("version")
    return clean(version)[: errors.MAX_SHOWN] if isinstance(version, str) and version else None


def loaded_models(host: str, deadline: float) -> set[str]:
    """Return the names of the models in memory; empty if the server does not report them or fails."""
    models = _ask_or_nothing(host, "/api/ps", deadline).get("models")
    names = [model.get("name") for model in (models if isinstance(models, list) else ()) if isinstance(model, dict)]
    return {name for name in names if isinstance(name, str)}


def choose_model(settings: config.Ollama, installed: Sequence[Installed]) -> Installed:
    """Return the installed model that the settings name. Raise ModelNotFound, which lists the installed ones."""
    if settings.model == "auto":
        local = [model for model in installed if not model.cloud and "thinking" not in model.name]
        chosen = [model for start in GOOD_MODELS for model in local if _tagged(model.name).startswith(start)]
        problem = "None of the small models that Footnote knows to work well is installed"
        suggested = SUGGESTED_MODEL
    else:
        chosen = [model for model in installed if _tagged(model.name) == _tagged(settings.model)]
        problem = f"Ollama has no model {settings.model!r}"
        suggested = settings.model
    if chosen:
        return chosen[0]
    names = [model.name for model in installed]
    more = f" and {len(names) - _MAX_NAMED} more" if len(names) > _MAX_NAMED else ""
    listed = f"Installed: {', '.join(names[:_MAX_NAMED])}{more}" if names else "None is installed"
    or_name = " or name one in [ollama] model," if names else ""
    raise ModelNotFound(f"{problem}. {listed}. Run `ollama pull {suggested}`,{or_name} or use the mode quote.")


def check_usable(installed: Installed, details: Details, settings: config.Ollama) -> None:
    """Raise CloudModelRefused if the model runs elsewhere, ModelNotFound if it cannot generate text."""
    cloud = installed.cloud or details.cloud or is_cloud_name(installed.name)
    _check_cloud(installed.name, cloud, settings)
    if not details.generates_text:
        raise ModelNotFound(
            f"{installed.name} cannot generate text. Run `ollama pull {SUGGESTED_MODEL}` and name it in [ollama] model."
        )


def is_cloud_name(name: str) -> bool:
    """Return whether a model of this name runs on Ollama's own machines."""
    return name.casefold().endswith((":cloud", "-cloud"))


def _check_cloud(name: str, cloud: bool, settings: config.Ollama) -> None:
    if cloud and not settings.allow_cloud:
        raise CloudModelRefused(
            f"{name} runs on another machine: Ollama would send your papers there. Run `ollama pull {SUGGESTED_MODEL}` "
            "for a local model, or set [ollama] allow_cloud = true."
        )


def _tagged(name: str) -> str:
    """Return the name with its tag, in lower case, as Ollama compares names."""
    return (name if ":" in name.rpartition("/")[2] else f"{name}:latest").casefold()


def _is_remote(reply: Mapping[str, Any]) -> bool:
    return bool(reply.get("remote_host") or reply.get("remote_model"))


def _parse_installed(model: object, host: str) -> Installed:
    name = (model.get("model") or model.get("name")) if isinstance(model, dict) else None
    if not isinstance(model, dict) or not isinstance(name, str):
        raise errors.not_ollama("it lists a model without a name", host)
    digest, details = model.get("digest"), model.get("details")
    parameters = details.get("parameter_size") if isinstance(details, dict) else None
    return Installed(
        name=clean(name)[: errors.MAX_SHOWN],
        digest=digest if isinstance(digest, str) else None,
        size=parse_count(model.get("size")),
        parameters=clean(parameters)[: errors.MAX_SHOWN] if isinstance(parameters, str) and parameters else None,
        cloud=_is_remote(model) or is_cloud_name(name),
    )


def _ask_or_nothing(host: str, path: str, deadline: float) -> dict[str, Any]:
    try:
        return _ask(host, path, deadline)
    except AnswerModelError:
        return {}


def _ask(
    host: str, path: str, deadline: float, body: Mapping[str, Any] | None = None, model: str | None = None
) -> dict[str, Any]:
    """Return the JSON object of a short response. Raise OllamaNotFound, or ModelNotFound if it says so of `model`."""
    try:
        with Exchange(host, path, body) as exchange:
            status = exchange.begin(deadline)
            data = exchange.receive_rest(deadline)
    except TimeoutError as error:
        raise errors.no_response(host) from error
    if status.code == 404 and model is not None and "not found" in errors.error_message(data):
        raise errors.model_not_found(model)
    if status.code != 200:
        raise errors.not_ollama(f"it answers {errors.describe_status(status, data)}", host)
    reply = errors.parse_object(data)
    if reply is None:
        raise errors.not_ollama(f"it sent {errors.excerpt(data)}", host)
    return reply
