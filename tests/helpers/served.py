"""Run `footnote chat` in another process, and open its page in a browser."""

from __future__ import annotations

import http.client
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from helpers.network_watch import WATCH
from helpers.papers import PAPERS, ROOT, write_pdf
from rag.assistant import Assistant

OTTERS, TIDES, BIRDS = PAPERS
DAMS = "Beaver Dams and Summer Floods"
expect.set_options(timeout=20_000)


@dataclass(frozen=True)
class Server:
    """A running `footnote chat`, its working directory and environment."""

    process: subprocess.Popen[str]
    url: str
    folder: Path
    env: dict[str, str]

    def add(self, name: str, text: str) -> None:
        """Add a paper from another process."""
        (self.folder / name).write_text(text)
        self.run("add", name)

    def record(self) -> Assistant:
        """Open the same library."""
        return Assistant.open(library=self.folder / "library", mode="quote")

    def run(self, *words: str) -> str:
        """Run another `footnote` command; return its output."""
        command = [sys.executable, "-m", "rag", *words]
        done = subprocess.run(command, cwd=self.folder, env=self.env, check=True, capture_output=True, text=True)
        return done.stdout

    def stop(self) -> str:
        """Stop the server as Ctrl-C does; return what it wrote to stderr after its address."""
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(20) == 0
        assert self.process.stderr is not None
        return self.process.stderr.read()

    def get(self, path: str, **headers: str) -> tuple[int, str]:
        response = self.request("GET", path, None, headers)
        return response.status, response.read().decode()

    def post(self, path: str, body: bytes, **headers: str) -> tuple[int, str]:
        response = self.request("POST", path, body, {"Content-Type": "application/json"} | headers)
        return response.status, response.read().decode()

    def request(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=30)
        connection.request(method, path, body, headers)
        return connection.getresponse()


@contextmanager
def served(folder: Path, *options: str, **settings: str) -> Iterator[Server]:
    """Run `footnote chat` in `folder` with options and with settings such as `UI__PASSWORD="..."`."""
    (folder / "sitecustomize.py").write_text(WATCH)
    env = (
        os.environ
        | {
            "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}",
            "WATCH_ATTEMPTS": str(folder / "attempts"),
            "WATCH_LOADED": os.devnull,
            "FOOTNOTE_LIBRARY__PATH": str(folder / "library"),
            "WATCH_ALLOWED": settings.get("OLLAMA__HOST", ":11434").rpartition(":")[2],
        }
        | {f"FOOTNOTE_{name}": value for name, value in settings.items()}
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "rag", "chat", "--port", "0", *options],
        cwd=folder, env=env, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # ignored in background jobs
    )  # fmt: skip
    try:
        assert process.stderr is not None
        ready = process.stderr.readline()
        url = re.fullmatch(r"Footnote is ready: (http://127\.0\.0\.1:\d+) \(Ctrl-C stops it\)\n", ready)
        assert url, ready + process.stderr.read()
        yield Server(process, url[1], folder, env)
    finally:
        process.terminate()  # it deletes its cache folder
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def add_papers(folder: Path) -> None:
    """Make a library in `folder`: the test papers, one with a year, one with a tag, a PDF and a damaged one."""
    for title, text in PAPERS.items():
        (folder / f"{title.split()[-1].lower()}.txt").write_text(f"{title}\n\n{text}\n")
    write_pdf(
        folder / "dams.pdf",
        DAMS,
        "Beavers build dams across small streams. A dam of sticks and mud lowers the peak of a summer flood by 31% "
        "in the valley below it.",
        "We measured 27 streams over four summers. Streams with a dam carried 18 grams of silt per litre, half as much "
        "as those without.",
        author="Ada Lovelace",
    )
    (folder / "torn.pdf").write_bytes(b"%PDF-1.4 no more of it")
    with Assistant.open(library=folder / "library", mode="quote") as assistant:
        report = assistant.add([*folder.glob("*.txt"), *folder.glob("*.pdf")])
        assert (len(report.added), len(report.failed)) == (4, 1), report.failed
        assistant.edit(TIDES, year=2019)
        assistant.edit(BIRDS, tags=["birds"])


@contextmanager
def opened(browser: Browser, server: Server, **options: Any) -> Iterator[Page]:
    """Open the page in a new browser context and wait until it is ready."""
    context: BrowserContext
    with browser.new_context(**options) as context:
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.goto(server.url)
        expect(page.get_by_role("button", name="Select example 1")).to_be_visible()
        yield page


def violations(page: Page) -> list[str]:
    """Return the accessibility violations that axe-core finds, of every impact."""
    page.evaluate(Axe().axe_script + ";0")
    found = page.evaluate("axe.run()")["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html']}" for each in found]


def choose(page: Page, facet: str, value: str) -> None:
    """Limit questions in the library pane to a value of a facet or, without a facet, to a paper."""
    place = page.locator("#library-pane").get_by_role("list")
    if facet:
        place = page.get_by_role("group", name=facet, exact=True)
        if not place.is_visible():
            page.locator("#library-pane summary", has_text=facet).click()
    place.get_by_role("checkbox", name=value).check()
    expect(page.locator("#scoped")).to_contain_text(" of ")


def ask(page: Page, question: str) -> str:
    """Ask a question; return the text of the complete answer."""
    before = page.locator(".fn-status").count()
    box = page.get_by_label("Question", exact=True)
    box.fill(question)
    box.press("Enter")
    expect(page.locator(".fn-status").nth(before)).to_be_visible()
    return page.get_by_test_id("bot").last.inner_text()


def open_card(page: Page, footnote: Locator) -> Locator:
    """Click a footnote, go back from the paper that it opens, and return the card of its quote."""
    footnote.click()
    page.get_by_role("button", name="Back to the quotes").click()
    card = page.locator(str(footnote.get_attribute("href")))
    expect(card).to_be_focused()
    return card
