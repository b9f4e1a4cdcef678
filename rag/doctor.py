"""Check a library, its models and the model server: `Assistant.check()` and `footnote doctor`."""

import contextlib
import importlib.util
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from .config import Settings
from .errors import AnswerModelError, FootnoteError, IndexServerError, ServerNotFound
from .hosts import is_this_machine
from .ingest.moved import missing_files
from .library import Library
from .models.ollama import discovery as of_ollama
from .models.ollama.connection import DEFAULT_PORT, ollama_server
from .models.openai import discovery as of_openai
from .models.openai.connection import configured_server
from .models.server import objects
from .models.server.address import Server, host_and_port
from .models.server.exchange import after, check_port
from .status import library_status
from .store.integrity import REBUILD, faults_of

_SAFE_VERSION = (0, 17, 1)
_VERSION = re.compile(r"v?(\d{1,6})\.(\d{1,6})\.(\d{1,6})")
_MEMORY_PER_FILE = 1.2  # memory of a model with its context, as a multiple of its file size
MEMINFO = Path("/proc/meminfo")
_AVAILABLE = re.compile(r"^MemAvailable:\s*(\d+) kB", re.MULTILINE)
_MAX_NAMES = 5  # of files
_SENT_AWAY = ", runs on another machine and is sent your papers"


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check; `remedy` says how to fix or improve it."""

    ok: bool
    what: str
    remedy: str = ""


def examine(library: Library) -> list[Finding]:
    """Check the library, its models, the index, the model server and its model, in that order."""
    return [*_library(library), _backend(), *_answering_model(library.settings)]


def _library(library: Library) -> Iterator[Finding]:
    if not library.exists:
        yield Finding(False, library.lost or f"library {library.shown}: there is none yet", "footnote add PATH")
        return
    try:
        faults = faults_of(library.records)
        for fault in faults:
            yield Finding(False, f"record: {fault.what}", fault.remedy)
        if not faults:
            only = " (read-only: it can be asked and searched)" if library.records.read_only else ""
            yield Finding(True, f"record: intact{only}")
        if all(fault.remedy == REBUILD for fault in faults):  # other damage would distort these checks
            yield from _contents(library)
    except FootnoteError as error:
        yield Finding(False, str(error))


def _contents(library: Library) -> Iterator[Finding]:
    status = library_status(library)
    what = f"library {status.name}: {status.papers} papers, {status.chunks} chunks"
    yield Finding(status.papers > 0, what, "" if status.papers else "footnote add PATH")
    if status.brief:
        yield Finding(True, f"{status.brief:,} papers are abstracts so far", "add them again to continue")
    failed = sorted({failed.name for failed in library.records.failures().values()})
    if failed:
        what = f"{len(failed):,} files could not be read, or only in part: {_first(failed)}"
        yield Finding(True, what, "`footnote add` of one of them says why")
    if missing := missing_files(library.records):
        what = f"{len(missing):,} files are not where they were read: {_first(missing)}"
        yield Finding(True, what, "`footnote add` the folder where they are now: they are known by their contents")
    card = library.embedder.card
    yield Finding(True, f"embedding model {card.name}: {card.dimensions} dimensions, {card.max_tokens} tokens")
    yield _cross_encoder(library)
    yield _index(library)


def _index(library: Library) -> Finding:
    try:
        is_intact, what = library.index.check()
    except IndexServerError as error:
        return Finding(False, "index: its Chroma server cannot be used; questions are answered without it", str(error))
    return Finding(is_intact, f"index: {what}", "" if is_intact else "footnote rebuild")


def _first(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MAX_NAMES:,} more" if len(names) > _MAX_NAMES else ""
    return f"{', '.join(names[:_MAX_NAMES])}{more}"


def _cross_encoder(library: Library) -> Finding:
    settings = library.settings.cross_encoder
    if not settings.used:
        return Finding(True, "cross-encoder: switched off in the settings")
    try:
        loaded = library.reranker is not None
    except FootnoteError as error:
        return Finding(False, str(error))
    name = "packaged" if settings.model == "auto" else settings.model
    return Finding(loaded, f"cross-encoder: {name}, for {settings.passages} passages")


def _backend() -> Finding:
    if importlib.util.find_spec("openvino"):
        return Finding(True, "OpenVINO: installed")
    return Finding(True, "OpenVINO: not installed, torch is used", "make install (twice as fast)")


def _answering_model(settings: Settings) -> Iterator[Finding]:
    """Check the model server, its model, the context window and memory, stopping at the first that is missing.

    A missing server is a fault only in llm mode. A configured model that cannot be used is also one in auto mode.
    """
    if settings.llm.server == "openai":
        yield from _openai(settings)
    else:
        yield from _ollama(settings)
    yield from _other_servers(settings)


def _ollama(settings: Settings) -> Iterator[Finding]:
    used = settings.answer.mode != "quote"
    ollama, server, deadline = settings.ollama, ollama_server(settings), of_ollama.search_deadline()
    try:
        check_port(server, DEFAULT_PORT)
        installed = of_ollama.installed_models(server, deadline)
    except AnswerModelError as error:
        yield _no_server(settings, "Ollama", server, error)
        return
    yield Finding(True, f"Ollama: {len(installed)} models at {server.url}")
    yield _version(of_ollama.server_version(server, deadline))
    try:
        model = of_ollama.choose_model(ollama, installed)
        details = of_ollama.model_details(server, model.name, deadline)
        of_ollama.check_usable(model, details, ollama)
    except AnswerModelError as error:
        yield _no_model(settings, ollama.model, error)
        return
    size = f": {model.parameters} parameters" if model.parameters else ""
    elsewhere = model.cloud or details.cloud or not _is_here(server)
    yield Finding(True, f"model {model.name}{size}{_SENT_AWAY if elsewhere else ''}")
    yield _window(ollama.context_tokens, details.window, used)
    if not elsewhere:
        yield _memory(model, of_ollama.loaded_models(server, deadline).get(model.name))


def _openai(settings: Settings) -> Iterator[Finding]:
    server, key = configured_server(settings), settings.llm.api_key.get_secret_value()
    deadline = after(objects.SEARCH_SECONDS)
    try:
        check_port(server, DEFAULT_PORT)
        offered = of_openai.offered_models(server, key, deadline)
    except AnswerModelError as error:
        yield _no_server(settings, "model server", server, error)
        return
    yield Finding(True, f"model server: {len(offered)} models at {server.url}")
    try:
        model = of_openai.choose_model(settings.llm, offered)
    except AnswerModelError as error:
        yield _no_model(settings, settings.llm.model, error)
        return
    yield Finding(True, f"model {model.name}{'' if _is_here(server) else _SENT_AWAY}")
    window = model.window or of_openai.served_window(server, key, model, deadline)
    yield _window(settings.ollama.context_tokens, window, settings.answer.mode != "quote")


def _other_servers(settings: Settings) -> Iterator[Finding]:
    """Report other model servers on this machine that could be used."""
    configured = configured_server(settings).url if settings.llm.server == "openai" else None
    for program, server, offered in of_openai.local_servers(after(objects.SEARCH_SECONDS)):
        if server.url != configured:
            has = f"{len(offered)} models" if offered is not None else "an API key is needed"
            key = "" if offered is not None else ", and its key in FOOTNOTE_LLM__API_KEY"
            what = f"another model server: {program} or similar at {server.url}, {has}"
            yield Finding(True, what, f'to use it: [llm] server = "openai", base_url = "{server.url}"{key}')


def _no_server(settings: Settings, name: str, server: Server, error: AnswerModelError) -> Finding:
    """Return the finding for a server that is missing, or that refused or is busy (also a fault in auto mode)."""
    is_missing = isinstance(error, ServerNotFound)
    is_fault = settings.answer.mode == "llm" or (settings.answer.mode == "auto" and not is_missing)
    what = f"{name}: {'not found' if is_missing else 'cannot be used'} at {server.url}; answers are quotes"
    return Finding(not is_fault, what, f"{error}{'' if is_fault else ' (optional)'}")


def _no_model(settings: Settings, name: str, error: AnswerModelError) -> Finding:
    is_fault = settings.answer.mode == "llm" or (settings.answer.mode != "quote" and name != "auto")
    return Finding(not is_fault, f"model {name}: cannot be used; answers are quotes", str(error))


def _version(version: str | None) -> Finding:
    """Warn about versions with a known leak. Versions that are not `1.2.3`, or 0.0.0, are source builds: assume new."""
    if version is None:
        return Finding(True, "Ollama version: not reported", "update Ollama: https://ollama.com/download")
    numbers = tuple(map(int, found.groups())) if (found := _VERSION.match(version)) else (0, 0, 0)
    if (0, 0, 0) < numbers < _SAFE_VERSION:
        what = f"Ollama version {version}: versions before {'.'.join(map(str, _SAFE_VERSION))} leak memory to callers"
        return Finding(True, f"{what} (CVE-2026-7482)", "update Ollama: https://ollama.com/download")
    return Finding(True, f"Ollama version {version}")


def _window(asked: int, window: int | None, used: bool) -> Finding:
    if window is None:
        return Finding(True, f"context window: {asked:,} tokens; the model does not report its own")
    if asked > window:
        what = f"context window: {asked:,} tokens are set, the model has {window:,}"
        return Finding(not used, what, f"[ollama] context_tokens = {window}, or a model with a larger window")
    return Finding(True, f"context window: {asked:,} of the model's {window:,} tokens")


def _memory(model: of_ollama.Installed, loaded: of_ollama.Loaded | None) -> Finding:
    """Compare the model's size with the free memory. Never a fault, since a graphics card's memory is unknown."""
    if loaded is not None:
        card = loaded.on_graphics_card
        where = f", {card / 1e9:.1f} GB of it on the graphics card" if card else ""
        until = f", until {loaded.until[:16].replace('T', ' ')}" if loaded.until else ""
        return Finding(True, f"memory: the model is loaded{where}{until}")
    free = _free_memory()
    if model.size is None or free is None:
        return Finding(True, "memory: not known")
    needed = int(model.size * _MEMORY_PER_FILE)
    what = f"memory: the model needs about {needed / 1e9:.1f} GB, {free / 1e9:.1f} GB are free"
    remedy = "close other programs or use a smaller model, unless a graphics card holds it"
    return Finding(True, what, remedy if needed > free else "")


def _free_memory() -> int | None:
    """Return the available memory in bytes (on a Mac, all memory); None if the system does not report it."""
    with contextlib.suppress(OSError):
        if found := _AVAILABLE.search(MEMINFO.read_text(encoding="ascii", errors="replace")):
            return int(found[1]) * 1024
    if {"SC_PHYS_PAGES", "SC_PAGE_SIZE"} <= set(getattr(os, "sysconf_names", ())):
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return None


def _is_here(server: Server) -> bool:
    """Return whether a server is on this machine. Its name resolves, since it has answered."""
    address = host_and_port(server, DEFAULT_PORT)
    try:
        return address is not None and is_this_machine(*address)
    except (OSError, UnicodeError):
        return False
