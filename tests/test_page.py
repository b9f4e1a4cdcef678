"""The chat page in a real browser: answers with their references, text that stays text, and no other host."""

from __future__ import annotations

import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from conftest import PAPERS, ROOT
from playwright.sync_api import Browser, Page, expect, sync_playwright
from test_architecture import WATCH

from rag.assistant import Assistant

QUESTION = "How many otters does the kite count?"
OTTERS = "Counting Otters from Kites"
expect.set_options(timeout=30_000)


@dataclass(frozen=True)
class Server:
    """A running `footnote chat`, the folder it works in, and the environment it was started in."""

    process: subprocess.Popen[str]
    url: str
    folder: Path
    env: dict[str, str]

    def add(self, name: str, text: str) -> None:
        """Adds a paper as another process does."""
        (self.folder / name).write_text(text)
        command = [sys.executable, "-m", "rag", "add", name]
        subprocess.run(command, cwd=self.folder, env=self.env, check=True, capture_output=True)

    def get(self, path: str, **headers: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=30)
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        return response.status, response.read().decode()


@contextmanager
def served(folder: Path) -> Iterator[Server]:
    (folder / "sitecustomize.py").write_text(WATCH)
    env = os.environ | {
        "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}",
        "WATCH_ATTEMPTS": str(folder / "attempts"),
        "WATCH_LOADED": os.devnull,
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "rag", "chat", "--port", "0"], cwd=folder, env=env, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # it is ignored in background jobs
    )  # fmt: skip
    try:
        assert process.stderr is not None
        ready = process.stderr.readline()
        url = re.fullmatch(r"Footnote is ready: (http://127\.0\.0\.1:\d+) \(Ctrl-C stops it\)\n", ready)
        assert url, ready + process.stderr.read()
        yield Server(process, url[1], folder, env)
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The page over a library of the invented papers."""
    folder = tmp_path_factory.mktemp("page")
    for title, text in PAPERS.items():
        (folder / f"{title.split()[-1].lower()}.txt").write_text(f"{title}\n\n{text}\n")
    with Assistant.open(library=folder / "library") as assistant:
        assert len(assistant.add(list(folder.glob("*.txt"))).added) == 3
    with served(folder) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    if not chromium and "CI" not in os.environ:
        pytest.skip("needs Debian's chromium, which is not installed")
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-background-networking"]
        with playwright.chromium.launch(executable_path=chromium, args=arguments) as launched:
            yield launched


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    with browser.new_context() as context:
        opened = context.new_page()
        opened.goto(server.url)
        yield opened


def ask(page: Page, question: str) -> str:
    """The text of the page's answer to a question, once it is whole."""
    before = page.get_by_test_id("bot").count()
    box = page.get_by_test_id("textbox")
    expect(box).to_be_enabled()
    box.fill(question)
    box.press("Enter")
    answer = page.get_by_test_id("bot").nth(before)
    expect(answer).to_contain_text("confidence")
    return answer.inner_text()


def test_an_answer_shows_its_quote_and_its_reference(page: Page) -> None:
    answer, *_ = ask(page, QUESTION).partition("\n\nQuotes only, confidence ")
    text, references = answer.split("\n\n")
    number = re.search(r"The kite counts 94\.5% of the otters[^\[]*\[(\d)\]", text)
    assert number
    assert any(line.startswith(f"[{number[1]}] {OTTERS}, kites.txt") for line in references.splitlines())


def test_neither_browser_nor_server_asks_another_host(browser: Browser, server: Server) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("websocket", lambda socket: asked.append(socket.url))
        page.goto(server.url)
        ask(page, QUESTION)
        hosts = {urlsplit(url).netloc for url in asked if not url.startswith(("data:", "blob:"))}
    assert hosts == {urlsplit(server.url).netloc}
    assert not (server.folder / "attempts").exists()


@pytest.mark.parametrize("path", ["/", "/config", "/gradio_api/info"])
def test_a_foreign_host_header_is_answered_400(server: Server, path: str) -> None:
    assert server.get(path)[0] == 200
    assert server.get(path, Host="localhost")[0] == 200
    assert server.get(path, Host="footnote.example") == (400, "Invalid host header")


def test_html_markdown_and_latex_are_shown_as_the_text_they_are(page: Page, server: Server) -> None:
    title = '<img src=x onerror="alert(1)"> **Newts** in <b>Ponds</b> &lt; <think>'
    server.add(
        "newts.txt", f"{title}\n\nNewts <!-- hide --> in AT&T ponds: p < .001 & $$q^2$$ _so_ [it](is) &amp; on.\n"
    )
    alerts: list[str] = []
    page.on("dialog", lambda dialog: (alerts.append(dialog.message), dialog.dismiss()))
    quoted = ask(page, "Where do newts live in ponds?")
    question = "Which <i>newts</i> **live** in <img src=x onerror=alert(2)> ponds &amp; lakes?"
    ask(page, question)
    followed = ask(page, "And what do they do there?")
    assert f"] {title}, newts.txt" in quoted
    assert "Newts <!-- hide --> in AT&T ponds: p < .001 & " in quoted
    assert "_so_ [it](is) &amp; on." in quoted
    assert page.get_by_test_id("user").nth(1).inner_text() == question
    assert f"Searched for: {question} And what do they do there?" in followed  # as it was asked, not as it was escaped
    shown = page.get_by_role("log")
    assert shown.get_by_test_id("bot").count() == 3
    assert shown.locator("img:not([src^='data:']), b, i, em, strong, a, think, .katex").count() == 0
    assert alerts == []


def test_a_page_sees_a_paper_that_a_later_add_brought(page: Page, server: Server) -> None:
    question = "How deep do marmots dig their burrows?"
    assert "6.4 metres" not in ask(page, question)
    server.add("marmots.txt", "Burrows of Marmots\n\nMarmots dig burrows that are 6.4 metres deep.\n")
    answer = ask(page, question)
    assert "Marmots dig burrows that are 6.4 metres deep." in answer
    assert "Burrows of Marmots, marmots.txt" in answer


def test_a_question_without_words_gets_the_message_of_the_command(page: Page) -> None:
    box = page.get_by_test_id("textbox")
    box.fill("?!")
    box.press("Enter")
    expect(page.get_by_test_id("bot")).to_have_text("The question is empty. Ask in a sentence or a few keywords.")


def test_ctrl_c_stops_the_server_quietly_though_a_page_is_open(browser: Browser, tmp_path: Path) -> None:
    with served(tmp_path) as running, browser.new_context() as context:
        page = context.new_page()
        page.goto(running.url)
        box = page.get_by_test_id("textbox")
        box.fill(QUESTION)
        box.press("Enter")
        expect(page.get_by_test_id("bot")).to_contain_text("There is no library in 'library' yet.")
        running.process.send_signal(signal.SIGINT)
        assert running.process.wait(20) == 0
        assert running.process.stderr is not None
        assert running.process.stderr.read() == ""


def test_an_error_that_nobody_foresaw_is_a_message_on_the_page(
    assistant: Assistant, caplog: pytest.LogCaptureFixture
) -> None:
    from ui.page import make_page  # not above: it loads gradio

    broken_history = [None]
    (message,) = make_page(assistant).fn(QUESTION, broken_history)
    assert message.startswith("An error that Footnote did not foresee (AttributeError: ")
    assert caplog.messages == ["A question was not answered."]


def test_a_taken_port_is_an_error_that_names_it(tmp_path: Path) -> None:
    from ui.page import PageError, serve

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with (
            Assistant.open(library=tmp_path, overrides={"ui": {"port": port}}) as assistant,
            pytest.raises(PageError, match=rf"127\.0\.0\.1:{port} \(Address already in use.*--port"),
        ):
            serve(assistant)
