"""Measure how long readers of one page wait for answers in quotes.

    python -m eval readers [--library DIR | --papers DIR] [--readers 20] [--every 15] [--seconds 300]
                           [--upload FILE ...] [--burst 60]

Serves the page on a copy of a library in a process of its own. Each reader is a browser tab that asks a question every
`--every` seconds, the first at a random moment of that span; every other question is limited by a filter. Half way the
files of `--upload` are added by the page. At the end `--burst` questions are asked at once: those beyond the queue's
places have to be told so quickly. Prints JSON: seconds from a question to its whole answer, for all and for those asked
while files were added, and the processor seconds that the page took for each. Needs no browser.
"""

import argparse
import asyncio
import contextlib
import itertools
import json
import os
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import psutil

from rag.assistant import Assistant
from rag.errors import FootnoteError

from ..collections.paper_questions import QUESTIONS
from ..files import read_json_lines
from ..questions import SAMPLE

_ROOT = Path(__file__).parents[2]
_DEADLINE = 120  # seconds, of any request
_BUSY = "Footnote is busy"
_API = "/gradio_api"


class ReadersNotMeasured(FootnoteError):
    """The page did not start, or does not speak as expected."""


class Asked(NamedTuple):
    """A question: when it was asked and answered, in seconds of the run, and whether the page was busy or failed."""

    at: float
    seconds: float
    busy: bool = False
    failed: str = ""
    beside_upload: bool = False


def main(arguments: Sequence[str]) -> int:
    """Serve a page, let the readers ask, and print what they waited."""
    options = _parsed(arguments)
    with tempfile.TemporaryDirectory(prefix="footnote-readers-") as folder:
        library = Path(folder, "library")
        if options.library:
            shutil.copytree(options.library, library)
        with Assistant.open(library=library, mode="quote") as assistant:
            if not options.library:
                assistant.add(options.papers)
            papers = [paper.id for paper in assistant.papers()]
            passages = assistant.library.records.count()["chunks"]
        with served(library) as (process, url):
            page = psutil.Process(process.pid)
            before = sum(page.cpu_times()[:2])
            regular, burst = asyncio.run(_Run(url, options, papers).measure())
            spent, memory = sum(page.cpu_times()[:2]) - before, page.memory_info().rss
    measured = {
        "papers": len(papers), "passages": passages, "readers": options.readers, "every, s": options.every,
        "all": summary(regular),
        "while files were added": summary([each for each in regular if each.beside_upload]),
        "burst": summary(burst),
        "processor s a question": round(spent / max(len(regular) + len(burst), 1), 3),
        "memory, MB": round(memory / 1e6),
    }  # fmt: skip
    print(json.dumps(measured, indent=1))  # noqa: T201
    return 0


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m eval readers", description="Measure many readers of one page.")
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--library", type=Path, metavar="DIR", help="a library, of which a copy is asked")
    source.add_argument("--papers", type=Path, default=SAMPLE, metavar="DIR", help="papers to make a library of")
    parser.add_argument("--readers", type=int, default=20, metavar="N")
    parser.add_argument("--every", type=float, default=15.0, metavar="SECONDS")
    parser.add_argument("--seconds", type=float, default=300.0, metavar="SECONDS")
    parser.add_argument("--upload", type=Path, nargs="+", default=[], metavar="FILE", help="added half way")
    parser.add_argument("--burst", type=int, default=60, metavar="N", help="questions asked at once at the end")
    return parser.parse_args(arguments)


def summary(asked: Sequence[Asked]) -> dict[str, Any]:
    """Return the counts, and seconds at the median, at 95 % and at most; of the busy ones at most."""
    answered = sorted(each.seconds for each in asked if not each.busy and not each.failed)
    busy = [each.seconds for each in asked if each.busy]
    found: dict[str, Any] = {
        "questions": len(asked),
        "busy": len(busy),
        "failed": sorted({a.failed for a in asked if a.failed}),
    }
    if answered:
        last = statistics.quantiles(answered, n=20)[18] if len(answered) > 1 else answered[0]
        found |= {"median, s": round(statistics.median(answered), 3), "95 %, s": round(last, 3)}
        found |= {"most, s": round(answered[-1], 3)}
    if busy:
        found["busy at most, s"] = round(max(busy), 3)
    return found


@contextlib.contextmanager
def served(library: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Serve a library's page in quote mode on a free port of loopback; yield the process and the address."""
    env = os.environ | {
        "FOOTNOTE_LIBRARY__PATH": str(library),
        "FOOTNOTE_UI__PORT": "0",
        "FOOTNOTE_ANSWER__MODE": "quote",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "rag", "chat"], cwd=_ROOT, env=env, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stderr is not None
        lines = (re.match(r"Footnote is ready: (\S+)", line) for line in process.stderr)
        if not (ready := next(filter(None, lines), None)):
            raise ReadersNotMeasured("The page ended before it was ready. Run `footnote chat` to see why.")
        yield process, ready[1]
    finally:
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
        process.kill()


class _Run:
    """The readers of one page."""

    def __init__(self, url: str, options: argparse.Namespace, papers: Sequence[str]) -> None:
        self._url, self._options, self._papers = url, options, papers
        self._chance = random.Random(1)
        known = [each["question"] for each in read_json_lines(QUESTIONS)]
        self._chance.shuffle(known)
        self._questions = itertools.cycle(known)
        self._uploading = False
        self._began = 0.0

    async def measure(self) -> tuple[list[Asked], list[Asked]]:
        """Return what was asked at leisure, and what was asked at once."""
        limits = httpx.Limits(max_connections=None)
        async with httpx.AsyncClient(
            base_url=self._url, timeout=_DEADLINE, limits=limits, trust_env=False
        ) as self._page:
            config = (await self._page.get("/config")).json()
            self._submit = event_of(config, "question", "submit")
            await self._ask("warm-up", "")
            self._began = time.monotonic()
            upload = asyncio.create_task(self._upload())
            readers = [self._reader(f"reader{number}") for number in range(self._options.readers)]
            regular = list(itertools.chain(*await asyncio.gather(*readers)))
            await upload
            burst = [self._ask(f"burst{number}", "") for number in range(self._options.burst)]
            return regular, list(await asyncio.gather(*burst))

    async def _reader(self, tab: str) -> list[Asked]:
        asked: list[Asked] = []
        at = self._chance.uniform(0, self._options.every)
        for number in itertools.count():
            if at >= self._options.seconds:
                return asked
            await asyncio.sleep(max(0.0, at - self._elapsed))
            scope = (
                json.dumps({"papers": self._chance.sample(self._papers, len(self._papers) // 2)}) if number % 2 else ""
            )
            asked.append(await self._ask(tab, scope))
            at += self._options.every
        raise AssertionError

    @property
    def _elapsed(self) -> float:
        return time.monotonic() - self._began

    async def _ask(self, tab: str, scope: str) -> Asked:
        """Ask as the page does: one request for the question, one for the stream of what is shown."""
        at, began, beside = self._elapsed, time.monotonic(), self._uploading
        body = {"data": [next(self._questions), None, scope], "fn_index": self._submit, "session_hash": tab}
        shown = ""
        try:
            (await self._page.post(f"{_API}/queue/join", json=body)).raise_for_status()
            async with self._page.stream("GET", f"{_API}/queue/data", params={"session_hash": tab}) as stream:
                async for line in stream.aiter_lines():
                    shown += line
                    if '"process_completed"' in line:
                        break
        except httpx.HTTPError as error:
            return Asked(at, time.monotonic() - began, failed=repr(error))
        seconds = time.monotonic() - began
        busy = _BUSY in shown
        failed = "" if busy or "fn-status" in shown else shown[-300:]
        return Asked(at, seconds, busy, failed, beside or self._uploading)

    async def _upload(self) -> None:
        """Add files by the page, half way, and wait until they are added."""
        if not self._options.upload:
            return
        await asyncio.sleep(self._options.seconds / 2)
        self._uploading = True
        files = [("files", (path.name, path.read_bytes())) for path in self._options.upload]
        paths = (await self._page.post(f"{_API}/upload", files=files)).raise_for_status().json()
        (await self._page.post("/adding/files", json={"paths": paths})).raise_for_status()
        while (state := (await self._page.get("/state.json")).json()["adding"]) and state["is_running"]:
            await asyncio.sleep(0.5)
        self._uploading = False


def event_of(config: dict[str, Any], element: str, event: str) -> int:
    """Return the number of an event's function, given the id of its element on the page."""
    (component,) = (each["id"] for each in config["components"] if each["props"].get("elem_id") == element)
    found = [each["id"] for each in config["dependencies"] if [component, event] in map(list, each["targets"])]
    if len(found) != 1:
        raise ReadersNotMeasured(f"The page has {len(found)} functions for {event} of {element}.")
    return int(found[0])
