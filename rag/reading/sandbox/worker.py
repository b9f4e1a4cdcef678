"""The worker process of the sandbox: it answers requests on stdin, one after another, each under its limits.

`python -m rag.reading.sandbox.worker` is that process; see rag.reading.sandbox.pool for who starts it.
"""

from __future__ import annotations

import importlib
import json
import os
import select
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ...errors import SourceError
from .limits import limit_memory, limit_seconds, peak_memory, unlimited_seconds
from .pool import RETIRED, SIZE

_IDLE_SECONDS = 20.0
_SPENT = 250_000_000  # bytes of memory after which a worker is replaced: it would not give them back
# What a kind of file needs is loaded before its time is counted.
_NEEDED = {
    ".md": ("markdown_it", "rag.reading.front_matter"),
    ".markdown": ("markdown_it", "rag.reading.front_matter"),
    ".html": ("bs4", "lxml.etree"),
    ".htm": ("bs4", "lxml.etree"),
    ".xhtml": ("bs4", "lxml.etree"),
    ".xml": ("bs4", "lxml.etree"),
    ".nxml": ("bs4", "lxml.etree"),
    ".docx": ("bs4", "lxml.etree", "mammoth"),
    ".epub": ("bs4", "lxml.etree"),
    ".bib": ("bibtexparser", "pylatexenc.latex2text"),
    ".ris": ("rispy",),
    ".pdf": ("numpy", "pypdfium2", "rag.reading.pdf.reader", "rag.reading.pdf.layout", "rag.reading.pdf.metadata"),
}


def main() -> int:
    """Answer requests until stdin ends; the exit status is RETIRED where none came for a while."""
    replies = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # what a library prints is no reply
    threading.Thread(target=_end_with_parent, daemon=True).start()
    while request := _next_request():
        reply = _answered(request)
        if "broken" in reply or peak_memory() > _SPENT:
            reply["spent"] = True
        frame = json.dumps(reply, ensure_ascii=False).encode("utf-8", "surrogatepass")
        _write(replies, len(frame).to_bytes(SIZE, "big") + frame)
        if "spent" in reply:
            break
    return 0


def _next_request() -> dict[str, Any] | None:
    waiting = select.poll()
    waiting.register(0, select.POLLIN)
    if not waiting.poll(1000 * _IDLE_SECONDS):
        os._exit(RETIRED)
    head = _read(SIZE)
    request: dict[str, Any] | None = json.loads(_read(int.from_bytes(head, "big"))) if len(head) == SIZE else None
    return request


def _read(count: int) -> bytes:
    data = bytearray()
    while len(data) < count and (piece := os.read(0, count - len(data))):
        data += piece
    return bytes(data)


def _write(replies: Any, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[replies.write(view) :]


def _end_with_parent() -> None:
    """Wait until nobody can send a request any more, then end this process and what it started."""
    waiting = select.poll()
    waiting.register(0, 0)
    waiting.poll()
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(0)


def _answered(request: dict[str, Any]) -> dict[str, Any]:
    work, arguments = _WORKS[request["work"]], request["arguments"]
    path = Path(str(arguments.get("path", "")))
    for module in _NEEDED.get(".epub" if path.is_dir() else path.suffix.lower(), ()):
        importlib.import_module(module)
    limit_memory(int(request["memory"]))
    limit_seconds(float(request["cpu"]))
    try:
        return {"value": work(**arguments)}
    except SourceError as error:
        return {"refused": str(error)}
    except MemoryError:
        return {"broken": True}
    except RecursionError:
        return {"refused": "it is nested too deeply to be read"}
    except Exception as error:  # noqa: BLE001 - the boundary of all readers
        said = f"{type(error).__name__}: {error}"
        for name in ("path", "folder"):  # where the file lies is nobody's business
            if arguments.get(name):
                said = said.replace(str(arguments[name]), Path(arguments[name]).name)
        return {"unexpected": said[:1000], "trace": traceback.format_exc()[-20_000:]}
    finally:
        unlimited_seconds()


def _read_file(path: str, name: str, most_pages: int | None, outside: bool) -> dict[str, Any]:
    from ..formats import read_file
    from .messages import packed_reading

    return packed_reading(read_file(Path(path), name, most_pages, outside=outside))


def _read_items(path: str) -> dict[str, Any]:
    from ..bibliography.bibtex import bibtex_items
    from ..bibliography.ris import ris_items
    from .messages import packed_items

    return packed_items(*(ris_items if path.lower().endswith(".ris") else bibtex_items)(Path(path)))


def _read_zotero(folder: str, collections: list[str], without: list[str]) -> dict[str, Any]:
    from ..bibliography.zotero import read_zotero
    from .messages import packed_items

    return packed_items(*read_zotero(Path(folder), collections, without))


def _draw(path: str, page: int, boxes: list[list[float]]) -> str:
    import base64

    from ..pdf.draw import draw

    return base64.b64encode(draw(Path(path), page, boxes)).decode()


_WORKS: dict[str, Callable[..., Any]] = {
    "file": _read_file,
    "items": _read_items,
    "zotero": _read_zotero,
    "draw": _draw,
}


if __name__ == "__main__":
    sys.exit(main())
