"""Answer requests on stdin, one at a time, each under its limits. This is the main program of a worker process.

`pool` starts it as `python -m rag.reading.sandbox.worker`.
"""

import base64
import importlib
import json
import os
import queue
import sys
import threading
import traceback
from collections.abc import Callable
from io import RawIOBase
from pathlib import Path
from typing import Any

from ...errors import SourceError
from .limits import end_with_children, limit_memory, peak_memory, start_cpu_timer, stop_cpu_timer
from .pool import IDLE_EXIT_STATUS, LENGTH_BYTES

_IDLE_SECONDS = 20.0
_RETIRE_MEMORY = 250_000_000  # bytes of peak memory, which a process does not return to the system


def main() -> int:
    """Answer requests until stdin is closed; exit with IDLE_EXIT_STATUS after _IDLE_SECONDS without one."""
    replies = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # libraries may print to stdout
    requests: queue.Queue[dict[str, Any]] = queue.Queue()
    threading.Thread(target=_read_requests, args=[requests], daemon=True).start()
    while True:
        try:
            request = requests.get(timeout=_IDLE_SECONDS)
        except queue.Empty:
            os._exit(IDLE_EXIT_STATUS)
        reply = _reply(request)
        retiring = "broken" in reply or peak_memory() > _RETIRE_MEMORY
        frame = json.dumps({**reply, "retiring": retiring}, ensure_ascii=False).encode("utf-8", "surrogatepass")
        _write(replies, len(frame).to_bytes(LENGTH_BYTES, "big") + frame)
        if retiring:
            return 0


def _reply(request: dict[str, Any]) -> dict[str, Any]:
    """Run a task and return its result; an exception becomes a reply with the reason."""
    task, arguments = TASKS[request["task"]], request["arguments"]
    for module in _modules(request["task"], arguments):
        importlib.import_module(module)
    limit_memory(int(request["memory"]))
    start_cpu_timer(float(request["cpu"]))
    try:
        return {"value": task(**arguments)}
    except SourceError as error:
        return {"refused": str(error)}
    except MemoryError:
        return {"broken": True}
    except RecursionError:
        return {"refused": "it is nested too deeply to be read"}
    except Exception as error:  # noqa: BLE001 - the boundary of all readers
        message = f"{type(error).__name__}: {error}"
        for name in ("path", "folder"):  # reasons must not contain folders of this machine
            if arguments.get(name):
                message = message.replace(str(arguments[name]), Path(arguments[name]).name)
        return {"unexpected": message[:1000], "trace": traceback.format_exc()[-20_000:]}
    finally:
        stop_cpu_timer()


def _modules(task: str, arguments: dict[str, Any]) -> tuple[str, ...]:
    """Return the modules that a task needs. Their import must not count towards the file's time limit."""
    if task in _VIEWING:  # a person waits, so nothing else is imported
        return ("rag.reading.pdf.draw", "pypdfium2", "PIL.Image")
    from ..formats import format_of

    found = format_of(Path(str(arguments.get("path", ""))))
    return found.modules if found else ()


def _read_requests(requests: queue.Queue[dict[str, Any]]) -> None:
    """Pass on the requests on stdin. It ends with the parent, and then this process and its children end too."""
    while len(length := _read(LENGTH_BYTES)) == LENGTH_BYTES:
        requests.put(json.loads(_read(int.from_bytes(length, "big"))))
    end_with_children()


def _read(count: int) -> bytes:
    data = bytearray()
    while len(data) < count and (piece := os.read(0, count - len(data))):
        data += piece
    return bytes(data)


def _write(replies: RawIOBase, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[replies.write(view) or 0 :]


def _read_file(path: str, name: str, most_pages: int | None, outside: bool) -> dict[str, Any]:
    from ..formats import read_file
    from .messages import pack_reading

    return pack_reading(read_file(Path(path), name, most_pages, outside=outside))


def _read_items(path: str) -> dict[str, Any]:
    from ..bibliography.reader import bibliography_items
    from .messages import pack_items

    return pack_items(*bibliography_items(Path(path)))


def _read_zotero(folder: str, collections: list[str], without: list[str]) -> dict[str, Any]:
    from ..bibliography.zotero import read_zotero
    from .messages import pack_items

    return pack_items(*read_zotero(Path(folder), collections, without))


def _draw(path: str, page: int, boxes: list[list[float]], width: int) -> str:
    from ..pdf.draw import draw

    return base64.b64encode(draw(Path(path), page, boxes, width)).decode()


def _sizes(path: str) -> list[tuple[float, float]]:
    from ..pdf.draw import measure

    return measure(Path(path))


TASKS: dict[str, Callable[..., Any]] = {
    "file": _read_file,
    "items": _read_items,
    "zotero": _read_zotero,
    "draw": _draw,
    "sizes": _sizes,
}
_VIEWING = ("draw", "sizes")


if __name__ == "__main__":
    sys.exit(main())
