"""Ask a server with OpenAI's chat API for its models, and choose the one that answers."""

import re
from collections.abc import Mapping, Sequence
from concurrent.futures import TimeoutError as Late
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from ... import config
from ...errors import AnswerModelError, ModelNotFound, ModelProtocolError
from ...text.cleaning import clean
from ..background import run_in_daemon
from ..server import objects
from ..server.address import Server
from ..server.errors import not_this_api
from ..server.exchange import Exchange, after, check_port
from ..server.replies import parse_count
from .chat import OpenAIModel
from .connection import DEFAULT_PORT, LOCAL_SERVERS, configured_server, open_exchange, openai_server

_FEWEST_PARAMETERS = 1e9  # that `auto` chooses; smaller models write nothing that holds up against the passages
_OTHER_TASKS = re.compile(r"embed|rerank|whisper|\btts\b|bge-|e5-|clip", re.IGNORECASE)
_SIZE = re.compile(r"(?<![\w.])(\d{1,4}(?:\.\d{1,3})?)([bm])(?![a-z0-9])", re.IGNORECASE)
_MAX_NAMED = 10  # models in a message


class Offered(NamedTuple):
    """A model that a server offers.

    Attributes:
        identifier: the server's own name of it, which may be the path of its file.
        window: its context in tokens as the server runs it, None if unknown.
        parameters: their number, None if unknown.
        loaded: whether it is in memory; None if the server does not say.
        generates_text: whether it can, by what the server or its name says.
    """

    identifier: str
    window: int | None
    parameters: float | None
    loaded: bool | None
    generates_text: bool

    @property
    def name(self) -> str:
        """The name without folders and the ending of a file, for messages."""
        return re.split(r"[/\\]", self.identifier)[-1].removesuffix(".gguf") or self.identifier


def find_model(settings: config.Settings) -> OpenAIModel:
    """Return the model that the settings name, or for `auto` the one that the server has loaded or only has.

    Takes `SEARCH_SECONDS` at most. Raise ServerNotFound if nothing answers at the address, or something without this
    API. Raise RemoteServerRefused if the address is another machine's, ModelProtocolError if the server wants a key,
    ModelNotFound if it has no such model.
    """
    server, key = configured_server(settings), settings.llm.api_key.get_secret_value()
    check_port(server, DEFAULT_PORT)
    deadline = after(objects.SEARCH_SECONDS)
    offered = choose_model(settings.llm, offered_models(server, key, deadline))
    window = offered.window or served_window(server, key, offered, deadline)
    ollama = settings.ollama
    return OpenAIModel(
        identifier=offered.identifier,
        name=offered.name,
        server=server,
        window=min(ollama.context_tokens, window or ollama.context_tokens),
        api_key=key,
        timeout_seconds=ollama.timeout_seconds,
        deadline_seconds=ollama.deadline_seconds,
    )


def offered_models(server: Server, key: str, deadline: float) -> list[Offered]:
    """Return the models that the server offers. Raise ServerNotFound or ModelProtocolError."""
    models = objects.ask(open_exchange(server, key, "/models"), server, deadline).get("data")
    if not isinstance(models, list):
        raise not_this_api("its reply to /models has no list of models", server)
    offered = [_parse_offered(model, server) for model in models]
    return _with_details(offered, server, key, deadline) if any(each.window is None for each in offered) else offered


def served_window(server: Server, key: str, offered: Offered, deadline: float) -> int | None:
    """Return the context that a server runs with by its /props, as llama.cpp's older servers tell it."""
    reply = objects.ask_or_nothing(_beside(server, key, "/props"), server, deadline)
    settings = reply.get("default_generation_settings")
    return parse_count(settings.get("n_ctx")) or None if isinstance(settings, dict) else None


def choose_model(settings: config.Llm, offered: Sequence[Offered]) -> Offered:
    """Return the model that the settings name. Raise ModelNotFound, which lists the models that are there."""
    if settings.model != "auto":
        asked = settings.model.casefold()
        named = [each for each in offered if each.identifier.casefold() == asked]
        named += [each for each in offered if each.name.casefold() == asked.removesuffix(".gguf")]
        if named:
            return named[0]
        raise ModelNotFound(f"The model server has no model {settings.model!r}. {_listed(offered)}")
    able = [each for each in offered if each.generates_text]
    large = [each for each in able if each.parameters is None or each.parameters >= _FEWEST_PARAMETERS]
    loaded = [each for each in large if each.loaded]
    if loaded or len(large) == 1:
        return (loaded or large)[0]
    if large:
        raise ModelNotFound(f"The model server has several models, and none is loaded. {_listed(large)}")
    if able:
        raise ModelNotFound(f"{able[0].name} has too few parameters for answers that hold up. {_listed(able)}")
    raise ModelNotFound("The model server has no model that generates text. Load one there.")


def local_servers(deadline: float) -> list[tuple[str, Server, list[Offered] | None]]:
    """Return the servers that listen on the usual ports of this machine, with the program and what they offer.

    None in place of the models: the server wants an API key.
    """
    asked = []
    for program, port in LOCAL_SERVERS:
        server = openai_server(f"http://127.0.0.1:{port}/v1", allow_remote=False)
        asked.append((program, server, run_in_daemon(partial(_offers, server, deadline), "footnote-look")))
    found = []
    for program, server, search in asked:
        try:
            found.append((program, server, search.result(max(0.0, deadline - after(0)))))
        except (AnswerModelError, Late):
            continue
    return found


def _offers(server: Server, deadline: float) -> list[Offered] | None:
    check_port(server, DEFAULT_PORT)
    try:
        return offered_models(server, "", deadline)
    except ModelProtocolError:
        return None


def _listed(offered: Sequence[Offered]) -> str:
    names = [each.name for each in offered[:_MAX_NAMED]]
    more = f" and {len(offered) - _MAX_NAMED} more" if len(offered) > _MAX_NAMED else ""
    listed = f"It has: {', '.join(names)}{more}. " if names else "It has none. "
    return f"{listed}Name one in [llm] model, load one there, or use the mode quote."


def _parse_offered(model: object, server: Server) -> Offered:
    identifier = model.get("id") if isinstance(model, dict) else None
    if not isinstance(model, dict) or not isinstance(identifier, str) or not identifier:
        raise not_this_api("it lists a model without a name", server)
    meta = model.get("meta")
    meta = meta if isinstance(meta, dict) else {}
    status = model.get("status")
    state = status.get("value") if isinstance(status, dict) else None
    sizes = [float(number) * (1e9 if unit in "bB" else 1e6) for number, unit in _SIZE.findall(identifier)]
    return Offered(
        identifier=clean(identifier),
        window=parse_count(model.get("max_model_len")) or parse_count(meta.get("n_ctx")) or None,
        parameters=parse_count(meta.get("n_params")) or max(sizes, default=None),
        loaded=state == "loaded" if isinstance(state, str) else None,
        generates_text=not _OTHER_TASKS.search(identifier),
    )


def _with_details(offered: Sequence[Offered], server: Server, key: str, deadline: float) -> list[Offered]:
    """Return the models with what LM Studio says of them in an API of its own."""
    listed = objects.ask_or_nothing(_beside(server, key, "/api/v0/models"), server, deadline).get("data")
    details: dict[str, Mapping[str, Any]] = {}
    for each in listed if isinstance(listed, list) else ():
        if isinstance(each, dict) and isinstance(each.get("id"), str):
            details[each["id"]] = each
    return [_with_own_details(each, details.get(each.identifier, {})) for each in offered]


def _with_own_details(offered: Offered, details: Mapping[str, Any]) -> Offered:
    if not details:
        return offered
    loaded = details.get("state") == "loaded"
    return offered._replace(
        window=(parse_count(details.get("loaded_context_length")) or None) if loaded else None,
        loaded=loaded,
        generates_text=details.get("type") in ("llm", "vlm", None),
    )


def _beside(server: Server, key: str, path: str) -> Exchange:
    """Return a request to a path beside the API's own folder."""
    address = urlsplit(server.url)
    return open_exchange(replace(server, url=f"{address.scheme}://{address.netloc}"), key, path)
