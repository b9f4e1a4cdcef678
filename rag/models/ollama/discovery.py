"""Ask Ollama which models are installed, and choose the one that answers."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ... import config
from ...errors import CloudModelRefused, ModelNotFound
from ...text.cleaning import clean
from ..server import objects
from ..server.address import Server
from ..server.errors import MAX_SHOWN, not_this_api
from ..server.exchange import after, check_port
from ..server.replies import parse_count
from .chat import OllamaModel
from .connection import DEFAULT_PORT, import_client, ollama_server, open_exchange

SUGGESTED_MODEL = "qwen3:4b-instruct"
"""The model to install where there is none. Plain qwen3:4b cannot be kept from thinking aloud."""

GOOD_MODELS = (
    "qwen3:4b-instruct", "qwen3.5:4b", "gemma3:4b", "gemma3:latest", "gemma4:e4b", "gemma4:latest", "qwen2.5:7b",
    "qwen2.5:latest", "llama3.1:8b", "llama3.1:latest", "llama3.2:3b", "llama3.2:latest", "mistral:7b",
    "mistral:latest", "phi4-mini:", "qwen3:8b", "qwen3:latest", "qwen3.5:9b", "qwen3.5:latest", "qwen2.5:3b",
    "qwen3:4b",
)  # fmt: skip
"""Prefixes of the models that `auto` chooses, best first: they follow instructions and run on a laptop."""

FEWEST_PARAMETERS = 1e9
"""Smaller models are not chosen by `auto`: what they write does not hold up against the passages."""

_MAX_NAMED = 10  # installed models in a message
_SIZE = re.compile(r"([\d.]{1,8})\s*([KMBT])", re.IGNORECASE)
_UNITS = {"K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}


class Installed(NamedTuple):
    """An installed model.

    Attributes:
        size: on disk, in bytes.
        parameters: such as "4.0B".
        cloud: whether it runs on another machine.
        generates_text: whether it can; True where Ollama does not say (before 0.33).
    """

    name: str
    digest: str | None
    size: int | None
    parameters: str | None
    cloud: bool
    generates_text: bool

    @property
    def is_too_small(self) -> bool:
        """Whether it has fewer parameters than `auto` chooses; False if its number is not known."""
        found = _SIZE.fullmatch(self.parameters or "")
        try:
            return found is not None and float(found[1]) * _UNITS[found[2].upper()] < FEWEST_PARAMETERS
        except ValueError:
            return False


class Details(NamedTuple):
    """The properties of a model: `window` is its longest context in tokens, `cloud` if it runs elsewhere."""

    window: int | None
    cloud: bool
    generates_text: bool


class Loaded(NamedTuple):
    """A model in memory: `on_graphics_card` in bytes, and `until` when, as the server reports it."""

    on_graphics_card: int | None
    until: str | None


def find_model(settings: config.Settings) -> OllamaModel:
    """Return the model that the settings name, or for `auto` the first of `GOOD_MODELS` that is installed.

    Takes `SEARCH_SECONDS` at most and downloads nothing. Raise ServerNotFound if nothing answers at the address, or
    something other than Ollama. Raise RemoteServerRefused if the address is another machine's. Raise ModelNotFound if
    the model is not installed, or cannot generate text. Raise CloudModelRefused if the model runs on another machine,
    and `allow_cloud` is not set.
    """
    ollama, server = settings.ollama, ollama_server(settings)
    _check_cloud(ollama.model, is_cloud_name(ollama.model), ollama)
    check_port(server, DEFAULT_PORT)
    deadline = search_deadline()
    installed = choose_model(ollama, installed_models(server, deadline))
    details = model_details(server, installed.name, deadline)
    check_usable(installed, details, ollama)
    return OllamaModel(
        name=installed.name,
        digest=installed.digest,
        server=server,
        window=min(ollama.context_tokens, details.window or ollama.context_tokens),
        timeout_seconds=ollama.timeout_seconds,
        deadline_seconds=ollama.deadline_seconds,
    )


def search_deadline() -> float:
    """Return the deadline of a search that begins now. The client is loaded first, since a slow disk may delay it."""
    import_client()
    return after(objects.SEARCH_SECONDS)


def installed_models(server: Server, deadline: float) -> list[Installed]:
    """Return the installed models. Raise ServerNotFound."""
    models = objects.ask(open_exchange(server, "/api/tags"), server, deadline).get("models", ...)
    if models is None:  # sent by a server without models
        return []
    if not isinstance(models, list):
        raise not_this_api("its reply to /api/tags has no models", server)
    return [_parse_installed(model, server) for model in models]


def model_details(server: Server, name: str, deadline: float) -> Details:
    """Return the properties of an installed model. Raise ServerNotFound or ModelNotFound."""
    reply = objects.ask(open_exchange(server, "/api/show", {"model": name}), server, deadline, name)
    info = reply.get("model_info")
    windows = [
        window
        for key, value in (info.items() if isinstance(info, dict) else ())
        if key.endswith(".context_length") and (window := parse_count(value))
    ]
    return Details(min(windows, default=None), _is_remote(reply), _generates_text(reply))


def server_version(server: Server, deadline: float) -> str | None:
    """Return Ollama's version, None if the server does not report it or fails."""
    version = objects.ask_or_nothing(open_exchange(server, "/api/version"), server, deadline).get("version")
    return clean(version)[:MAX_SHOWN] if isinstance(version, str) and version else None


def loaded_models(server: Server, deadline: float) -> dict[str, Loaded]:
    """Return the models in memory by name; empty if the server does not report them or fails."""
    models = objects.ask_or_nothing(open_exchange(server, "/api/ps"), server, deadline).get("models")
    loaded = {}
    for model in models if isinstance(models, list) else ():
        if isinstance(model, dict) and isinstance(model.get("name"), str):
            until = model.get("expires_at")
            shown = clean(until)[:MAX_SHOWN] if isinstance(until, str) else None
            loaded[model["name"]] = Loaded(parse_count(model.get("size_vram")), shown)
    return loaded


def choose_model(settings: config.Ollama, installed: Sequence[Installed]) -> Installed:
    """Return the installed model that the settings name. Raise ModelNotFound, which lists the installed ones."""
    if settings.model == "auto":
        local = [each for each in installed if each.generates_text and not each.cloud and "thinking" not in each.name]
        good = [each for start in GOOD_MODELS for each in local if _canonical(each.name).startswith(start)]
        chosen = [each for each in good if not each.is_too_small]
        problem = "None of the small models that Footnote knows to work well is installed"
        if not chosen and (small := [each.name for each in local if each.is_too_small]):
            problem += f"; {small[0]} has too few parameters for answers that hold up"
        suggested = SUGGESTED_MODEL
    else:
        asked = settings.model
        chosen = [each for each in installed if each.name.casefold() == asked.casefold()]
        chosen += [each for each in installed if _canonical(each.name) == _canonical(asked)]
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


def _canonical(name: str) -> str:
    """Return a name as Ollama compares names: with its tag, in lower case, without its own registry and `:local`."""
    name = name.casefold().removeprefix("https://").removeprefix("registry.ollama.ai/").removeprefix("library/")
    name = name.removesuffix(":local")
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"


def _is_remote(reply: Mapping[str, Any]) -> bool:
    return bool(reply.get("remote_host") or reply.get("remote_model"))


def _generates_text(reply: Mapping[str, Any]) -> bool:
    """Return whether a model can generate text; older versions do not list capabilities."""
    skills = reply.get("capabilities")
    return not isinstance(skills, list) or not skills or "completion" in skills


def _parse_installed(model: object, server: Server) -> Installed:
    name = (model.get("model") or model.get("name")) if isinstance(model, dict) else None
    if not isinstance(model, dict) or not isinstance(name, str):
        raise not_this_api("it lists a model without a name", server)
    digest, details = model.get("digest"), model.get("details")
    parameters = details.get("parameter_size") if isinstance(details, dict) else None
    return Installed(
        name=clean(name)[:MAX_SHOWN],
        digest=digest if isinstance(digest, str) else None,
        size=parse_count(model.get("size")),
        parameters=clean(parameters)[:MAX_SHOWN] if isinstance(parameters, str) and parameters else None,
        cloud=_is_remote(model) or is_cloud_name(name),
        generates_text=_generates_text(model),
    )
