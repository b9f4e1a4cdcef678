"""Check a library, its models and Ollama: `Assistant.check()` and `footnote doctor`."""

import contextlib
import importlib.util
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from .config import Settings
from .errors import AnswerModelError, FootnoteError, OllamaNotFound
from .library import Library
from .models.ollama import discovery
from .models.ollama.errors import shown_host
from .status import library_status
from .store.integrity import REBUILD, faults_of

_SAFE_VERSION = (0, 17, 1)
_VERSION = re.compile(r"v?(\d{1,6})\.(\d{1,6})\.(\d{1,6})")
_MEMORY_PER_FILE = 1.2  # memory of a model with its context, as a multiple of its file size
MEMINFO = Path("/proc/meminfo")
_AVAILABLE = re.compile(r"^MemAvailable:\s*(\d+) kB", re.MULTILINE)
_MAX_NAMES = 5  # of failed files


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check; `remedy` says how to fix or improve it."""

    ok: bool
    what: str
    remedy: str = ""


def examine(library: Library) -> list[Finding]:
    """Check the library, its models, the index, Ollama and its model, in that order."""
    return [*_library(library), _backend(), *_ollama(library.settings)]


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
        more = f" and {len(failed) - _MAX_NAMES:,} more" if len(failed) > _MAX_NAMES else ""
        what = f"{len(failed):,} files could not be read, or only in part: {', '.join(failed[:_MAX_NAMES])}{more}"
        yield Finding(True, what, "`footnote add` of one of them says why")
    card = library.embedder.card
    yield Finding(True, f"embedding model {card.name}: {card.dimensions} dimensions, {card.max_tokens} tokens")
    yield _cross_encoder(library)
    index_ok, what = library.index.check()
    yield Finding(index_ok, f"index: {what}", "" if index_ok else "footnote rebuild")


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


def _ollama(settings: Settings) -> Iterator[Finding]:
    """Check Ollama's server, version and model, and the model's context window and memory, until one is missing.

    A missing server is a fault only in mode llm. A configured model that cannot be used is one in mode auto too.
    """
    needed, used = settings.answer.mode == "llm", settings.answer.mode != "quote"
    ollama, deadline = settings.ollama, discovery.search_deadline()
    host = shown_host(ollama.host)
    try:
        installed = discovery.installed_models(ollama.host, deadline)
    except OllamaNotFound as error:
        remedy = f"{error}{'' if needed else ' (optional)'}"
        yield Finding(not needed, f"Ollama: not found at {host}; answers are quotes", remedy)
        return
    yield Finding(True, f"Ollama: {len(installed)} models at {host}")
    yield _version(discovery.server_version(ollama.host, deadline))
    try:
        model = discovery.choose_model(ollama, installed)
        details = discovery.model_details(ollama.host, model.name, deadline)
        discovery.check_usable(model, details, ollama)
    except AnswerModelError as error:
        is_fault = needed or (used and ollama.model != "auto")
        yield Finding(not is_fault, f"model {ollama.model}: cannot be used; answers are quotes", str(error))
        return
    size = f": {model.parameters} parameters" if model.parameters else ""
    elsewhere = ", runs on another machine and is sent your papers" if model.cloud or details.cloud else ""
    yield Finding(True, f"model {model.name}{size}{elsewhere}")
    yield _window(ollama.context_tokens, details.window, used)
    if not elsewhere and _is_here(ollama.host):
        yield _memory(model, model.name in discovery.loaded_models(ollama.host, deadline))


def _version(version: str | None) -> Finding:
    """Warn of versions with a known leak. One without three numbers, or 0.0.0, was built from source: assume new."""
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


def _memory(model: discovery.Installed, loaded: bool) -> Finding:
    """Compare the model with the free memory. Never a fault: memory of a graphics card is not known."""
    if loaded:
        return Finding(True, "memory: the model is loaded")
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


def _is_here(host: str) -> bool:
    name = urlsplit(host if "//" in host else f"//{host}").hostname or "localhost"
    return name == "localhost" or name == "::1" or name.startswith("127.")
