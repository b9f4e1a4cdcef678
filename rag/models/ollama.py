"""The local model: Ollama's HTTP interface, each of its failures one error with its remedy.

Of Ollama's Python client only the address and the connection are used. Its reading of replies takes an end without
`done` for success, drops `remote_host`, cuts lines at U+0085, and waits without end for a server that trickles. Each
request runs in a thread of its own, so that its reader can leave at any moment: at Stop, at the deadline, while a
host name is still being looked up.
"""

from __future__ import annotations

import contextlib
import json
import queue
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType, TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple

from .. import config
from ..environment import hidden
from ..errors import (
    AnswerModelError,
    CloudModelRefused,
    IncompleteAnswer,
    ModelBusy,
    ModelNotFound,
    ModelOutOfMemory,
    ModelProtocolError,
    ModelTimeout,
    OllamaNotFound,
    PromptCut,
)
from ..text.cleaning import clean
from .protocols import Completion, Message, Piece

if TYPE_CHECKING:
    import httpx

SUGGESTED = "qwen3:4b-instruct"
"""The model that a person without one is told to install; plain qwen3:4b cannot be kept from thinking aloud."""

GOOD_MODELS = (
    "qwen3:4b-instruct", "qwen3.5:4b", "gemma3:4b", "gemma3:latest", "gemma4:e4b", "gemma4:latest", "qwen2.5:7b",
    "qwen2.5:latest", "llama3.1:8b", "llama3.1:latest", "llama3.2:3b", "llama3.2:latest", "mistral:7b",
    "mistral:latest", "phi4-mini:", "qwen3:8b", "qwen3:latest", "qwen3.5:9b", "qwen3.5:latest", "qwen2.5:3b",
    "qwen3:4b",
)  # fmt: skip
"""What `auto` takes, best first: how the names of models begin that follow instructions and run on a laptop."""

_FIND_SECONDS = 2.5  # for all that is asked before an answer; a server that is there takes milliseconds
_CONNECT_SECONDS = 1.5
_LOOKED_AT = 0.1  # seconds between two looks at Stop
_JOIN_SECONDS = 0.5
_ERROR_SECONDS = 2.0  # for the text of an error
_LONGEST_LINE = 1_000_000  # bytes
_LONGEST_REPLY = 16_000_000  # bytes
_SEED = 1
_KEPT_LOADED = "10m"
_NAMED = 10  # installed models
_SHOWN = 200  # characters of what a server said

_MEMORY = ("memory", "allocate", "runner process", "runner stopped", "signal: killed")
_TOO_LONG = re.compile(r"(?:context|prompt|input).*(?:exceed|too long)|exceed.*context", re.IGNORECASE)


class Installed(NamedTuple):
    """A model that Ollama lists: `size` in bytes on disk, `parameters` such as "4.0B", `cloud` if it runs elsewhere."""

    name: str
    digest: str | None
    size: int | None
    parameters: str | None
    cloud: bool


class Details(NamedTuple):
    """What Ollama knows of a model: its longest context window in tokens, and whether it runs elsewhere and writes."""

    window: int | None
    cloud: bool
    writes: bool


@dataclass(frozen=True, slots=True)
class LocalModel:
    """A model that was found installed. `window` is its longest context in tokens, None where that is not known."""

    name: str
    digest: str | None
    host: str
    timeout_seconds: float = 120.0
    deadline_seconds: float = 600.0
    window: int | None = None

    def chat(
        self,
        messages: Sequence[Message],
        *,
        context_tokens: int,
        answer_tokens: int,
        schema: dict[str, Any] | None = None,
        stop: threading.Event | None = None,
    ) -> Iterator[Piece]:
        """The model's reply as it is written; only the last piece has an `end`. Closing it closes the connection.

        The first piece may take up to `deadline_seconds`, since a laptop reads a long prompt for minutes; each later
        one up to `timeout_seconds`, and all of them together up to `deadline_seconds`.

        Args:
            context_tokens: the window that prompt and reply share.
            answer_tokens: the most that are written.
            schema: a JSON schema of an object that the reply has to follow.
            stop: ends the reply within a second of being set.

        Raises:
            AnswerModelError: as one of its kinds, with `text` as far as it was written: OllamaNotFound, ModelNotFound,
                ModelBusy, ModelOutOfMemory, ModelTimeout, ModelProtocolError, IncompleteAnswer (also at Stop), or
                PromptCut (Ollama since 0.12.6 is asked to refuse what is too long; older ones cut it, which
                `rag.answering.draft.was_cut` sees).
        """
        body = {
            "model": self.name,
            "messages": list(messages),
            "stream": True,
            "keep_alive": _KEPT_LOADED,
            "truncate": False,  # an error rather than a prompt cut to half the window without a word
            "shift": False,
            "options": {
                "num_ctx": context_tokens,
                "num_predict": answer_tokens,
                "temperature": 0,
                "seed": _SEED,
            },
        } | ({"format": schema} if schema is not None else {})
        written: list[str] = []
        try:
            for piece in self._with_thinking_off(body, stop):
                written.append(piece.text)
                if piece.end:
                    _check_whole("".join(written), piece.end, schema)
                yield piece
        except AnswerModelError as error:
            error.text = "".join(written)
            raise

    def _with_thinking_off(self, body: Mapping[str, Any], stop: threading.Event | None) -> Iterator[Piece]:
        if stop is not None and stop.is_set():
            raise _stopped()
        deadline = _in(self.deadline_seconds)
        try:
            yield from self._pieces({**body, "think": False}, deadline, stop)
        except _NoThinking:
            yield from self._pieces(body, deadline, stop)

    def _pieces(self, body: Mapping[str, Any], deadline: float, stop: threading.Event | None) -> Iterator[Piece]:
        with _Exchange(self.host, "/api/chat", body) as exchange:
            begun = self._begin(exchange, deadline, stop)
            if begun.status != 200:
                raise _failure(begun, exchange.rest(min(deadline, _in(_ERROR_SECONDS)), stop), self.name, self.host)
            for line in self._lines(exchange, deadline, stop):
                piece = _read_piece(line, self.name, self.host)
                yield piece
                if piece.end:
                    return
        raise IncompleteAnswer(
            f"Ollama at {self.host} ended the answer of {self.name} before it was complete. Ask again; if it happens "
            "again, look at Ollama's log."
        )

    def _begin(self, exchange: _Exchange, deadline: float, stop: threading.Event | None) -> _Begun:
        try:
            return exchange.begin(deadline, stop)
        except TimeoutError as error:
            raise ModelTimeout(
                f"{self.name} did not begin to answer within {self.deadline_seconds:g} s. Take a smaller model, ask "
                "for less ([ollama] context_tokens), or wait longer ([ollama] deadline_seconds)."
            ) from error

    def _lines(self, exchange: _Exchange, deadline: float, stop: threading.Event | None) -> Iterator[bytes]:
        """The lines of the reply that are not blank, without their ends."""
        rest = bytearray()
        until = deadline
        while chunk := self._receive(exchange, until, deadline, stop):
            rest += chunk
            if b"\n" in chunk:
                *lines, rest = rest.split(b"\n")
                yield from (bytes(line) for line in lines if line.strip())
                until = min(deadline, _in(self.timeout_seconds))  # from line to line, or a trickle would never end
            if len(rest) > _LONGEST_LINE:
                raise _foreign(f"a line of more than {_LONGEST_LINE:,} bytes", self.host)
        # A line that broke off in the middle of its object is no line; whatever else there is, its reader judges.
        if rest.strip() and (_is_json(rest) or not rest.lstrip().startswith(b"{")):
            yield bytes(rest)

    def _receive(
        self, exchange: _Exchange, until: float, deadline: float, stop: threading.Event | None
    ) -> bytes | None:
        try:
            return exchange.receive(until, stop)
        except TimeoutError as error:
            if until < deadline:
                told = f"{self.name} wrote nothing for {self.timeout_seconds:g} s. Ask again, or wait longer "
                told += "([ollama] timeout_seconds)."
            else:
                told = f"{self.name} was not done after {self.deadline_seconds:g} s. Take a smaller model, or wait "
                told += "longer ([ollama] deadline_seconds)."
            raise ModelTimeout(told) from error


def find_model(settings: config.Ollama) -> LocalModel:
    """The model that the settings name, or for `auto` the first of `GOOD_MODELS` that is installed.

    Takes 2.5 s at most; nothing is ever downloaded.

    Raises:
        OllamaNotFound: nothing answers at the address, or not as Ollama does.
        ModelNotFound: the model is not installed, or is none that writes.
        CloudModelRefused: Ollama would send the papers elsewhere, and `allow_cloud` is not set.
    """
    _refuse_cloud(settings.model, is_cloud_name(settings.model), settings)
    _knock(settings.host)
    until = search_ends()
    installed = choose_model(settings, installed_models(settings.host, until))
    details = model_details(settings.host, installed.name, until)
    check_usable(installed, details, settings)
    return LocalModel(
        name=installed.name,
        digest=installed.digest,
        host=shown_host(settings.host),
        timeout_seconds=settings.timeout_seconds,
        deadline_seconds=settings.deadline_seconds,
        window=details.window,
    )


def _knock(host: str) -> None:
    """Whether anything listens there at all: where nothing does, its client need not be loaded, which takes longer."""
    import socket
    from urllib.parse import urlsplit

    try:
        address = urlsplit(host if "//" in host else f"//{host}")
        name, port = address.hostname, address.port or 11434
    except ValueError:
        return  # the client says what is wrong with it
    if address.scheme not in ("http", "") or not re.fullmatch(r"localhost|[\d.]+|.*:.*", name or ""):
        return  # to look up another machine's name may take long, and the client does that aside
    try:
        socket.create_connection((name, port), _CONNECT_SECONDS).close()
    except (OSError, UnicodeError) as error:
        raise _nothing_there(host) from error


# What Ollama has, for `find_model` and the doctor


def search_ends() -> float:
    """When a search for Ollama and its models that begins now has to be over, on the monotonic clock."""
    _ollama()  # a slow disk is no slow server
    return _in(_FIND_SECONDS)


def installed_models(host: str, until: float) -> list[Installed]:
    """The models that Ollama lists. Raises OllamaNotFound, also where something else answers."""
    reply = _ask(host, "/api/tags", until)
    models = reply.get("models", ...)
    if models is None:  # a server with none
        return []
    if not isinstance(models, list):
        raise _not_ollama("a reply to /api/tags without models", host)
    return [_read_installed(model, host) for model in models]


def model_details(host: str, name: str, until: float) -> Details:
    """What Ollama knows of an installed model. Raises OllamaNotFound, ModelNotFound."""
    reply = _ask(host, "/api/show", until, {"model": name}, name)
    info = reply.get("model_info")
    lengths = [
        length
        for key, value in (info.items() if isinstance(info, dict) else ())
        if key.endswith(".context_length") and (length := _count(value))
    ]
    skills = reply.get("capabilities")
    writes = not isinstance(skills, list) or not skills or "completion" in skills
    return Details(min(lengths, default=None), bool(reply.get("remote_host") or reply.get("remote_model")), writes)


def server_version(host: str, until: float) -> str | None:
    """Ollama's version, or None where it does not say. Never raises: whatever is wrong, other requests tell."""
    try:
        version = _ask(host, "/api/version", until).get("version")
    except AnswerModelError:
        return None
    return clean(version)[:_SHOWN] if isinstance(version, str) and version else None


def loaded_models(host: str, until: float) -> set[str]:
    """The names of the models that are in memory now; none where the server does not say."""
    try:
        models = _ask(host, "/api/ps", until).get("models")
    except AnswerModelError:
        return set()
    return {
        model["name"]
        for model in (models if isinstance(models, list) else ())
        if isinstance(model, dict) and isinstance(model.get("name"), str)
    }


def choose_model(settings: config.Ollama, installed: Sequence[Installed]) -> Installed:
    """The installed model that the settings mean. Raises ModelNotFound, which names what is installed."""
    if settings.model == "auto":
        local = [model for model in installed if not model.cloud and "thinking" not in model.name]
        chosen = (model for start in GOOD_MODELS for model in local if _full_name(model.name).startswith(start))
        told = "None of the models that Footnote knows as good and small is installed"
        pulled = SUGGESTED
    else:
        wanted = _full_name(settings.model)
        chosen = (model for model in installed if _full_name(model.name) == wanted)
        told = f"Ollama has no model {settings.model!r}"
        pulled = settings.model
    found = next(chosen, None)
    if found is None:
        names = [model.name for model in installed]
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        there = f"Installed: {', '.join(names[:_NAMED])}{more}" if names else "None is installed"
        or_name = " or name one in [ollama] model," if names else ""
        raise ModelNotFound(f"{told}. {there}. Run `ollama pull {pulled}`,{or_name} or use the mode quote.")
    return found


def check_usable(installed: Installed, details: Details, settings: config.Ollama) -> None:
    """Raises CloudModelRefused for a model that runs elsewhere, ModelNotFound for one that writes nothing."""
    cloud = installed.cloud or details.cloud or is_cloud_name(installed.name)
    _refuse_cloud(installed.name, cloud, settings)
    if not details.writes:
        raise ModelNotFound(
            f"{installed.name} writes no text, it makes vectors or pictures. Run `ollama pull {SUGGESTED}` and name "
            "it in [ollama] model."
        )


def is_cloud_name(name: str) -> bool:
    """Whether Ollama runs a model of this name on its own machines: names end in `:cloud` or `-cloud`."""
    return name.casefold().endswith((":cloud", "-cloud"))


def _refuse_cloud(name: str, cloud: bool, settings: config.Ollama) -> None:
    if cloud and not settings.allow_cloud:
        raise CloudModelRefused(
            f"{name} runs on another machine: Ollama would send your papers there. Run `ollama pull {SUGGESTED}` for "
            "one that runs here, or set [ollama] allow_cloud = true."
        )


def _full_name(name: str) -> str:
    """The name with its tag, as Ollama compares them."""
    return (name if ":" in name.rpartition("/")[2] else f"{name}:latest").casefold()


def _read_installed(model: object, host: str) -> Installed:
    name = (model.get("model") or model.get("name")) if isinstance(model, dict) else None
    if not isinstance(model, dict) or not isinstance(name, str):
        raise _not_ollama("a model without a name", host)
    digest, details = model.get("digest"), model.get("details")
    parameters = details.get("parameter_size") if isinstance(details, dict) else None
    return Installed(
        name=clean(name)[:_SHOWN],
        digest=digest if isinstance(digest, str) else None,
        size=_count(model.get("size")),
        parameters=clean(parameters)[:_SHOWN] if isinstance(parameters, str) and parameters else None,
        cloud=bool(model.get("remote_host") or model.get("remote_model")) or is_cloud_name(name),
    )


def _ask(
    host: str, path: str, until: float, body: Mapping[str, Any] | None = None, model: str | None = None
) -> dict[str, Any]:
    """A short reply as an object. Raises OllamaNotFound for whatever else comes; ModelNotFound, where `model` is."""
    try:
        with _Exchange(host, path, body) as exchange:
            begun = exchange.begin(until, None)
            data = exchange.rest(until, None)
    except TimeoutError as error:
        raise OllamaNotFound(
            f"Something at {shown_host(host)} takes connections and does not answer. Start Ollama anew with "
            "`ollama serve`, or check [ollama] host."
        ) from error
    if begun.status == 404 and model is not None and "not found" in _told(data):
        raise ModelNotFound(f"Ollama has no model {model!r}. Run `ollama pull {model}`.")
    if begun.status != 200:
        raise _not_ollama(_status_line(begun, data), host)
    try:
        reply = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise _not_ollama(_excerpt(data), host) from error
    if not isinstance(reply, dict):
        raise _not_ollama(_excerpt(data), host)
    return reply


# Reading a reply


def _read_piece(line: bytes, model: str, host: str) -> Piece:
    """A line of the reply to a chat. Raises the error that it tells of, or ModelProtocolError."""
    try:
        value = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise _foreign(_excerpt(line), host) from error
    if isinstance(value, dict) and value.get("error"):
        raise _broken_off(_told(line), model)
    done = isinstance(value, dict) and value.get("done", False)
    message = value.get("message", {} if done else None) if isinstance(value, dict) else None
    if not isinstance(done, bool) or not isinstance(message, dict):
        raise _foreign(_excerpt(line), host)
    text = message.get("content") or ""
    if not isinstance(text, str):
        raise _foreign(_excerpt(line), host)
    return Piece(clean(text), _read_end(value) if done else None)


def _read_end(value: Mapping[str, Any]) -> Completion:
    return Completion(
        reason="length" if value.get("done_reason") == "length" else "stop",
        prompt_tokens=_count(value.get("prompt_eval_count")),
        prompt_seconds=_seconds(value.get("prompt_eval_duration")),
        answer_tokens=_count(value.get("eval_count")),
        answer_seconds=_seconds(value.get("eval_duration")),
    )


def _check_whole(text: str, end: Completion, schema: Mapping[str, Any] | None) -> None:
    """Raises IncompleteAnswer for an empty reply, ModelProtocolError for one that does not follow the schema."""
    if not text.strip():
        raise IncompleteAnswer(
            "The model wrote nothing. Ask again, or take another model ([ollama] model)."
            if end.reason == "stop"
            else "The model used up its answer before it wrote a word. Take a model that does not think aloud."
        )
    if schema is None:
        return
    if end.reason == "length":
        raise IncompleteAnswer("The model's reply was cut before its end. Ask for less.")
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict) or not set(schema.get("required", ())) <= set(value):
        raise ModelProtocolError(
            "The model did not keep to the form that it was asked for. Update Ollama, or take another model "
            "([ollama] model)."
        )


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63 else None


def _seconds(value: object) -> float | None:
    nanoseconds = _count(value)
    return None if nanoseconds is None else nanoseconds / 1e9


def _is_json(data: bytes | bytearray) -> bool:
    try:
        json.loads(data)
    except (ValueError, RecursionError):
        return False
    return True


# Failures


class _NoThinking(Exception):
    """The server refuses the key `think`; the request goes without it."""


def _failure(begun: _Begun, data: bytes, model: str, host: str) -> Exception:
    """What a status other than 200 means."""
    told = _told(data)
    if begun.status == 400 and "think" in told.lower():
        return _NoThinking()
    if _is_about_memory(told):
        return _out_of_memory(model, told)
    if begun.status in (429, 503):
        return ModelBusy(f"Ollama is busy: {told or f'HTTP {begun.status}'}. Wait until it is done, and ask again.")
    if begun.status in (400, 500) and _TOO_LONG.search(told):
        return PromptCut(
            f"The prompt is longer than the context window: {told}. Ask for fewer passages ([retrieval] top_k), or "
            "raise [ollama] context_tokens."
        )
    if begun.status == 404 and "not found" in told:
        return ModelNotFound(f"Ollama has no model {model!r}. Run `ollama pull {model}`.")
    if begun.status == 403:
        return ModelProtocolError(
            f"Ollama at {host} refuses requests from this machine (HTTP 403). Its OLLAMA_HOST and OLLAMA_ORIGINS say "
            "whom it answers."
        )
    if told:
        return ModelProtocolError(
            f"Ollama cannot answer with {model}: {told} (HTTP {begun.status}). Take another model ([ollama] model), or "
            "look at Ollama's log."
        )
    return _foreign(_status_line(begun, data), host)


def _broken_off(told: str, model: str) -> AnswerModelError:
    """What an error in the middle of a reply means."""
    if _is_about_memory(told):
        return _out_of_memory(model, told)
    return IncompleteAnswer(f"{model} broke off: {told or 'without a reason'}. Ask again, or look at Ollama's log.")


def _is_about_memory(told: str) -> bool:
    return any(word in told.lower() for word in _MEMORY)


def _out_of_memory(model: str, told: str) -> ModelOutOfMemory:
    return ModelOutOfMemory(
        f"{model} ran out of memory: {told}. Close other programs, ask for less context ([ollama] context_tokens), or "
        "take a smaller model."
    )


def _stopped() -> IncompleteAnswer:
    return IncompleteAnswer("The answer was stopped.")


def _foreign(came: str, host: str) -> ModelProtocolError:
    return ModelProtocolError(
        f"What came from {host} is no reply of Ollama's: {came}. Update Ollama, or check [ollama] host: another "
        "program may answer there."
    )


def _not_ollama(came: str, host: str) -> OllamaNotFound:
    return OllamaNotFound(
        f"What answers at {shown_host(host)} is not Ollama: {came}. Start Ollama with `ollama serve`, or check "
        "[ollama] host."
    )


def _nothing_there(host: str) -> OllamaNotFound:
    return OllamaNotFound(
        f"Ollama does not answer at {shown_host(host)}. Start it with `ollama serve`, or check [ollama] host."
    )


def _status_line(begun: _Begun, data: bytes) -> str:
    if begun.location:
        return f"HTTP {begun.status}, which leads to another address and is not followed"
    return f"HTTP {begun.status} {_told(data) or _excerpt(data)}".rstrip()


def _told(data: bytes) -> str:
    """The text of `{"error": "..."}`; empty where it is none."""
    try:
        value = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        return ""
    error = value.get("error") if isinstance(value, dict) else None
    if isinstance(error, dict):  # as newer interfaces give it
        error = error.get("message")
    return " ".join(clean(error).split())[:_SHOWN].rstrip(".") if isinstance(error, str) else ""


def _excerpt(data: bytes) -> str:
    text = " ".join(clean(data[:_SHOWN].decode("utf-8", "replace")).split())
    return repr(text[:80]) if text else "nothing"


def shown_host(host: str) -> str:
    """The address without a name and password, which are not sent and not shown."""
    return re.sub(r"^(\w+://)?[^/@]*@", r"\1", host)


def _in(seconds: float) -> float:
    return time.monotonic() + seconds


# The connection


class _Connected(NamedTuple):
    """The server took the connection."""


class _Begun(NamedTuple):
    """The reply's status, and where it leads if it is a redirect."""

    status: int
    location: str | None


class _Exchange:
    """A request that runs in a thread of its own. Leaving it, by `with`, shuts its connection at once."""

    def __init__(self, host: str, path: str, body: Mapping[str, Any] | None) -> None:
        self._host = host
        self._path = path
        self._body = body
        self._client = _open_client(host)
        self._inbox: queue.SimpleQueue[_Connected | _Begun | bytes | Exception | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._begun = False
        self._left = False
        self._thread = threading.Thread(target=self._run, name="footnote-model", daemon=True)

    def __enter__(self) -> _Exchange:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._left = True
            self._shut()
        self._thread.join(_JOIN_SECONDS)  # longer only while a name is looked up; it ends by itself

    def begin(self, until: float, stop: threading.Event | None) -> _Begun:
        """The reply's status. Raises OllamaNotFound, IncompleteAnswer at Stop, TimeoutError."""
        try:
            self._next(min(until, _in(_CONNECT_SECONDS + 0.3)), stop)
        except TimeoutError as error:
            raise _nothing_there(self._host) from error
        begun = self._next(until, stop)
        assert isinstance(begun, _Begun)
        return begun

    def receive(self, until: float, stop: threading.Event | None) -> bytes | None:
        """What came next of the reply, None at its end. Raises IncompleteAnswer, ModelProtocolError, TimeoutError."""
        chunk = self._next(until, stop)
        assert chunk is None or isinstance(chunk, bytes)
        return chunk

    def rest(self, until: float, stop: threading.Event | None) -> bytes:
        """All that is left of the reply; of one that breaks off, takes too long or has no end, what came."""
        data = bytearray()
        with contextlib.suppress(TimeoutError, IncompleteAnswer, ModelProtocolError):
            while chunk := self.receive(until, stop):
                data += chunk
        return bytes(data)

    def _next(self, until: float, stop: threading.Event | None) -> _Connected | _Begun | bytes | None:
        while True:
            if stop is not None and stop.is_set():
                raise _stopped()
            left = until - time.monotonic()
            if left <= 0:
                raise TimeoutError
            try:
                arrived = self._inbox.get(timeout=min(left, _LOOKED_AT))
            except queue.Empty:
                continue
            if isinstance(arrived, AnswerModelError):
                raise arrived
            if isinstance(arrived, Exception):
                raise _translated(arrived, self._begun, self._host) from arrived
            self._begun = self._begun or isinstance(arrived, _Begun)
            return arrived

    # In the thread

    def _run(self) -> None:
        import httpx

        method = "GET" if self._body is None else "POST"
        try:
            with (
                self._client as client,
                client.stream(method, self._path, json=self._body, extensions={"trace": self._watch}) as response,
            ):
                self._inbox.put(_Begun(response.status_code, response.headers.get("location")))
                size = 0
                for chunk in response.iter_raw():
                    self._inbox.put(chunk)
                    size += len(chunk)
                    if size > _LONGEST_REPLY:
                        raise _foreign(f"more than {_LONGEST_REPLY:,} bytes", self._host)
            self._inbox.put(None)
        # The last two: a host name that cannot be one, a socket that was shut.
        except (httpx.HTTPError, httpx.InvalidURL, AnswerModelError, ValueError, OSError) as error:
            self._inbox.put(error)

    def _watch(self, event: str, info: Mapping[str, Any]) -> None:
        """httpx tells what it does; its socket is needed to end a read that waits."""
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            with self._lock:
                self._socket = info["return_value"].get_extra_info("socket")
                if self._left:
                    self._shut()
        if event == "connection.connect_tcp.complete":
            self._inbox.put(_Connected())

    def _shut(self) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):  # it is closed already
                # The plain socket's own: that of TLS would take its state from under the thread that reads.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


def _translated(error: Exception, begun: bool, host: str) -> AnswerModelError:
    """The one place where what httpx raises becomes an error of ours."""
    import httpx

    if isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout)):
        return _nothing_there(host)
    if isinstance(error, (httpx.UnsupportedProtocol, httpx.InvalidURL, ValueError)):
        return _no_address(host)
    if isinstance(error, httpx.RemoteProtocolError) and "illegal" in str(error).lower():
        return _foreign(str(error), host)
    if not begun:
        return OllamaNotFound(
            f"What is at {shown_host(host)} closed the connection without an answer. Start Ollama anew with `ollama "
            "serve`, or check [ollama] host."
        )
    return IncompleteAnswer(
        f"Ollama at {shown_host(host)} closed the connection before the answer was complete. Ask again; if it "
        "happens again, look at Ollama's log."
    )


def _open_client(host: str) -> httpx.Client:
    """httpx's client of ollama's: no proxy and no certificate from the environment, no redirect, no key."""
    import httpx

    try:
        client = _ollama().Client(
            host=host,
            timeout=httpx.Timeout(None, connect=_CONNECT_SECONDS),  # the others are the reader's, who can leave
            trust_env=False,
            follow_redirects=False,
            verify=_trust(host),
            headers={"Accept-Encoding": "identity"},
        )
    except (ValueError, httpx.InvalidURL) as error:
        raise _no_address(host) from error
    plain: httpx.Client = client._client
    plain.headers.pop("authorization", None)  # it would send OLLAMA_API_KEY to whatever host is named
    return plain


def _ollama() -> ModuleType:
    """Import Ollama's package, which makes a client of its own from OLLAMA_HOST and the proxy variables."""
    try:
        with hidden("OLLAMA_HOST"):
            import ollama
    except ImportError as error:
        raise OllamaNotFound(
            f"Ollama's client cannot be loaded: {str(error).rstrip('.')}. Repeat `make install`."
        ) from error
    return ollama


def _no_address(host: str) -> OllamaNotFound:
    return OllamaNotFound(
        f"[ollama] host is {shown_host(host)!r}, which is no address; expected one such as http://127.0.0.1:11434."
    )


def _trust(host: str) -> ssl.SSLContext:
    """The system's certificates; none are loaded where none are needed."""
    return ssl.create_default_context() if host.startswith("https") else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
