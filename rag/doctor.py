"""`footnote doctor`: what is there, what is wrong, and what to do about it, a line each."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from .config import Settings
from .errors import AnswerModelError, FootnoteError, OllamaNotFound
from .library import Library
from .models.ollama.discovery import (
    Installed,
    check_usable,
    choose_model,
    installed_models,
    loaded_models,
    model_details,
    search_deadline,
    server_version,
)
from .models.ollama.errors import shown_host
from .store.integrity import REBUILD, faults_of
from .store.papers import Records

_SAFE_VERSION = (0, 17, 1)
_VERSION = re.compile(r"v?(\d{1,6})\.(\d{1,6})\.(\d{1,6})")
_BESIDE_WEIGHTS = 1.2  # what a model takes with its context, to what its file has
_MEMINFO = Path("/proc/meminfo")
_AVAILABLE = re.compile(r"^MemAvailable:\s*(\d+) kB", re.MULTILINE)
_NAMED = 5  # files that failed


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `remedy` says what to do where it is not well, or could be better."""

    well: bool
    what: str
    remedy: str = ""


def examine(library: Library) -> list[Finding]:
    """Check the library, its models, the index, Ollama and its model, in that order."""
    return [*_library(library), _backend(), *_ollama(library.settings)]


def _library(library: Library) -> list[Finding]:
    if not library.exists:
        return [Finding(False, library.lost or f"library {library.shown}: there is none yet", "footnote add PATH")]
    findings = []
    try:
        faults = faults_of(library.records)
        findings += [Finding(False, f"record: {fault.what}", fault.remedy) for fault in faults]
        if not faults:
            only = " (read-only: it can be asked and searched)" if library.records.read_only else ""
            findings.append(Finding(True, f"record: whole{only}"))
        if any(fault.remedy != REBUILD for fault in faults):
            return findings  # what else there is to see would be seen through the damage
        counts = library.records.count()
        what = f"library {library.shown}: {counts['papers']} papers, {counts['chunks']} chunks"
        findings.append(Finding(counts["papers"] > 0, what, "" if counts["papers"] else "footnote add PATH"))
        findings += _left(library.records)
        card = library.embedder.card
        findings.append(
            Finding(True, f"embedding model {card.name}: {card.dimensions} dimensions, {card.max_tokens} tokens")
        )
        findings.append(_cross_encoder(library))
        well, what = library.index.check()
        findings.append(Finding(well, f"index: {what}", "" if well else "footnote rebuild"))
    except FootnoteError as error:
        findings.append(Finding(False, str(error)))
    return findings


def _cross_encoder(library: Library) -> Finding:
    settings = library.settings.cross_encoder
    uses = [f"{settings.passages} passages"] if settings.reads_passages else []
    uses += [f"{settings.sentences} sentences"] if settings.reads_sentences else []
    if not uses:
        return Finding(True, "cross-encoder: none, as the settings have it")
    try:
        loaded = library.reranker is not None
    except FootnoteError as error:
        return Finding(False, str(error))
    name = "the packaged one" if settings.model == "auto" else settings.model
    return Finding(loaded, f"cross-encoder: {name}, for {' and '.join(uses)}")


def _left(records: Records) -> list[Finding]:
    """What an `add` left: abstracts whose full texts are still to be read, and files that failed."""
    searched = records.searched()
    findings = []
    if searched["brief"]:
        what = f"{searched['brief']:,} papers are abstracts so far"
        findings.append(Finding(True, what, "add them again: it goes on where it stopped"))
    failed = sorted({failed.name for failed in records.failures().values()})
    if failed:
        more = f" and {len(failed) - _NAMED:,} more" if len(failed) > _NAMED else ""
        what = f"{len(failed):,} files could not be read, or only in part: {', '.join(failed[:_NAMED])}{more}"
        findings.append(Finding(True, what, "`footnote add` of one of them says why"))
    return findings


def _backend() -> Finding:
    if importlib.util.find_spec("openvino"):
        return Finding(True, "OpenVINO: installed")
    return Finding(
        True, "OpenVINO: not installed, torch is used", "make install (twice as fast, and starts in a second)"
    )


def _ollama(settings: Settings) -> list[Finding]:
    """Ollama's server, version and model, and the model's window and memory, until one of them is missing.

    Its absence is a fault only where answers must be written by a model; what was configured and cannot be had is one
    wherever a model is used at all.
    """
    needed, used = settings.answer.mode == "llm", settings.answer.mode != "quote"
    ollama = settings.ollama
    until = search_deadline()
    try:
        installed = installed_models(ollama.host, until)
    except OllamaNotFound as error:
        what = f"Ollama: not found at {shown_host(ollama.host)}; answers are quotes"
        return [Finding(not needed, what, f"{error}{'' if needed else ' (optional)'}")]
    findings = [
        Finding(True, f"Ollama: {len(installed)} models at {shown_host(ollama.host)}"),
        _version(server_version(ollama.host, until)),
    ]
    try:
        model = choose_model(ollama, installed)
        details = model_details(ollama.host, model.name, until)
        check_usable(model, details, ollama)
    except AnswerModelError as error:
        fault = needed or (used and ollama.model != "auto")
        return [*findings, Finding(not fault, f"model {ollama.model}: cannot be used; answers are quotes", str(error))]
    size = f": {model.parameters} parameters" if model.parameters else ""
    elsewhere = ", runs on another machine and is sent your papers" if model.cloud or details.cloud else ""
    findings.append(Finding(True, f"model {model.name}{size}{elsewhere}"))
    findings.append(_window(ollama.context_tokens, details.window, used))
    if not elsewhere and _is_here(ollama.host):
        findings.append(_memory(model, model.name in loaded_models(ollama.host, until)))
    return findings


def _version(version: str | None) -> Finding:
    """A version without three numbers, or 0.0.0, was built by hand and says nothing of its age."""
    if version is None:
        return Finding(True, "Ollama version: it does not say", "update Ollama: https://ollama.com/download")
    numbers = tuple(map(int, found.groups())) if (found := _VERSION.match(version)) else (0, 0, 0)
    if (0, 0, 0) < numbers < _SAFE_VERSION:
        what = f"Ollama version {version}: versions before {'.'.join(map(str, _SAFE_VERSION))} leak memory to callers"
        return Finding(True, f"{what} (CVE-2026-7482)", "update Ollama: https://ollama.com/download")
    return Finding(True, f"Ollama version {version}")


def _window(asked: int, window: int | None, used: bool) -> Finding:
    if window is None:
        return Finding(True, f"context window: {asked:,} tokens; the model does not say how many it reads")
    if asked > window:
        what = f"context window: {asked:,} tokens are asked for, the model reads {window:,}"
        return Finding(not used, what, f"[ollama] context_tokens = {window}, or a model that reads more")
    return Finding(True, f"context window: {asked:,} of the model's {window:,} tokens")


def _memory(model: Installed, loaded: bool) -> Finding:
    """Whether the model fits; never a fault, since a graphics card's own memory is not seen here."""
    if loaded:
        return Finding(True, "memory: the model is loaded")
    free = _free_memory()
    if model.size is None or free is None:
        return Finding(True, "memory: not known")
    wanted = int(model.size * _BESIDE_WEIGHTS)
    what = f"memory: the model takes about {wanted / 1e9:.1f} GB, {free / 1e9:.1f} GB are free"
    remedy = "close other programs, or take a smaller model, unless a graphics card holds it"
    return Finding(True, what, remedy if wanted > free else "")


def _free_memory() -> int | None:
    """Bytes that programs can still have; on a Mac all there are; None where the system does not say."""
    with contextlib.suppress(OSError):
        if found := _AVAILABLE.search(_MEMINFO.read_text(encoding="ascii", errors="replace")):
            return int(found[1]) * 1024
    if {"SC_PHYS_PAGES", "SC_PAGE_SIZE"} <= set(getattr(os, "sysconf_names", ())):
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return None


def _is_here(host: str) -> bool:
    """Whether the address is this machine's own."""
    name = urlsplit(host if "//" in host else f"//{host}").hostname or "localhost"
    return name == "localhost" or name == "::1" or name.startswith("127.")
