"""`footnote doctor`: what is there, what is wrong, and what to do about it, a line each."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass

from .assistant import Assistant
from .errors import FootnoteError
from .records import Records

_SECONDS = 2.0
_NAMED = 5  # files that failed


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `remedy` says what to do where it is not well, or could be better."""

    well: bool
    what: str
    remedy: str = ""


def examine(assistant: Assistant) -> list[Finding]:
    """Looks at the library, the embedding model, the index and Ollama, in that order."""
    return [*_library(assistant), _backend(assistant), _ollama(assistant)]


def _library(assistant: Assistant) -> list[Finding]:
    library = assistant.library
    if not library.exists:
        return [Finding(False, f"library {library.folder.name}: there is none yet", "footnote add PATH")]
    findings = []
    try:
        counts = library.records.count()
        what = f"library {library.folder.name}: {counts['papers']} papers, {counts['chunks']} chunks"
        findings.append(Finding(counts["papers"] > 0, what, "" if counts["papers"] else "footnote add PATH"))
        findings += _left(library.records)
        card = library.embedder.card
        findings.append(
            Finding(True, f"embedding model {card.name}: {card.dimensions} dimensions, {card.max_tokens} tokens")
        )
        library.index.update()
        findings.append(Finding(True, f"index: in step with the record (revision {library.records.revision})"))
    except FootnoteError as error:
        findings.append(Finding(False, str(error)))
    return findings


def _left(records: Records) -> list[Finding]:
    """What an `add` left: abstracts whose full texts are still to be read, and files that failed."""
    searched = records.searched()
    findings = []
    if searched["brief"]:
        what = f"{searched['brief']:,} papers are abstracts so far"
        findings.append(Finding(True, what, "add them again: it goes on where it stopped"))
    failed = sorted(failed.name for failed in records.failures().values())
    if failed:
        more = f" and {len(failed) - _NAMED:,} more" if len(failed) > _NAMED else ""
        what = f"{len(failed):,} files could not be read: {', '.join(failed[:_NAMED])}{more}"
        findings.append(Finding(True, what, "`footnote add` of one of them says why"))
    return findings


def _backend(assistant: Assistant) -> Finding:
    if importlib.util.find_spec("openvino"):
        return Finding(True, "OpenVINO: installed")
    return Finding(
        True, "OpenVINO: not installed, torch is used", "make install (twice as fast, and starts in a second)"
    )


def _ollama(assistant: Assistant) -> Finding:
    """Whether Ollama is there; nothing else depends on it, so its absence is no fault."""
    import httpx
    from ollama import Client, ResponseError

    host = assistant.settings.ollama.host
    try:
        client = Client(host=host, timeout=_SECONDS, trust_env=False, follow_redirects=False)
        client._client.headers.pop("authorization", None)  # it would send OLLAMA_API_KEY to whatever host is named
        models = client.list().models
    # The last three: what its client makes of another server's answer.
    except (ConnectionError, ResponseError, httpx.HTTPError, httpx.InvalidURL, ValueError, TypeError, AttributeError):
        return Finding(
            True, f"Ollama: not found at {host}; answers are quotes", "start it with `ollama serve` (optional)"
        )
    return Finding(True, f"Ollama: {len(models)} models at {host}; answers by a model are not built yet")
