"""Measure the chat page in a real browser, and take the README's screenshots.

    python -m eval page [--screenshots ui/screenshots]

Runs `make chat` on the sample collection, twice if its library does not exist yet, and prints JSON: the seconds until
the page takes a question, of loading it, and from Enter to the first words of an answer; and the violations that
axe-core finds in each state, by impact. Needs Chromium. Nothing here is a test: the figures go into eval/LOG.md.
"""

import argparse
import contextlib
import importlib
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rag.errors import FootnoteError

from ..questions import QUESTIONS, load_questions

_ROOT = Path(__file__).parents[2]
_ARGUMENTS = ["--no-sandbox", "--disable-background-networking"]
_LOADS = 5
_QUESTIONS = 40
_WIDE, _NARROW = (1280, 900), (380, 800)
_SHOWN = (("light", _WIDE, ("answer", "refusal", "library")), ("dark", _NARROW, ("answer",)))  # in the README
_ASKED = "Which 3D manipulation framework beats the state of the art on unseen RLBench tasks, and by how much?"
_REFUSED = "What is the boiling point of ethanol?"


class PageNotMeasured(FootnoteError):
    """The page cannot be measured: Chromium is missing, or the page did not start."""


def main(arguments: Sequence[str]) -> int:
    """Measure the page and print the results."""
    parser = argparse.ArgumentParser(prog="python -m eval page", description="Measure the chat page.")
    parser.add_argument("--screenshots", type=Path, metavar="DIR", help="a folder for pictures of the main states")
    options = parser.parse_args(arguments)
    if not (chromium := shutil.which("chromium")):
        raise PageNotMeasured("The page is measured in Chromium, which is not installed: `apt install chromium`.")
    with _browser(chromium) as browser:
        if not (_ROOT / "sample-library").is_dir():
            with _chat(browser):  # a first start also adds the collection
                pass
        with _chat(browser) as (url, seconds):
            measured = {
                "make chat to a usable page, s": round(seconds, 2),
                "load, s": [round(_load(browser, url), 2) for _ in range(_LOADS)],
                "Enter to first words, ms": _first_words(browser, url),
                "axe-core": _violations(browser, url),
            }
            if options.screenshots:
                _take_screenshots(browser, url, options.screenshots)
    print(json.dumps(measured, indent=1))  # noqa: T201
    return 0


@contextlib.contextmanager
def _browser(chromium: str) -> Iterator[Any]:
    sync_playwright = importlib.import_module("playwright.sync_api").sync_playwright
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=_ARGUMENTS)
        yield browser
        browser.close()


@contextlib.contextmanager
def _chat(browser: Any) -> Iterator[tuple[str, float]]:
    """Run `make chat`; yield its address and the seconds until its page takes a question."""
    started = time.perf_counter()
    process = subprocess.Popen(
        ["make", "chat"], cwd=_ROOT, env=os.environ | {"FOOTNOTE_UI__PORT": "0"}, stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        assert process.stderr is not None
        found = (re.match(r"Footnote is ready: (\S+)", line) for line in process.stderr)
        ready = next(filter(None, found), None)
        if ready is None:
            raise PageNotMeasured("`make chat` ended before its page was ready. Run it to see why.")
        _load(browser, ready[1])
        yield ready[1], time.perf_counter() - started
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.wait()


def _load(browser: Any, url: str) -> float:
    """Return the seconds of a first load, without cache, until the page takes a question."""
    with browser.new_context() as context:
        started = time.perf_counter()
        _opened(context, url)
        return time.perf_counter() - started


def _opened(context: Any, url: str) -> Any:
    page = context.new_page()
    page.goto(url)
    page.get_by_label("Question", exact=True).wait_for()
    return page


def _first_words(browser: Any, url: str) -> dict[str, float]:
    """Return milliseconds from Enter to the first sentence, each question in a new conversation."""
    questions = [q.question for q in load_questions(QUESTIONS) if q.type == "fact" and not q.history][:_QUESTIONS]
    milliseconds = []
    with browser.new_context() as context:
        page = _opened(context, url)
        for question in ["warm up the machine", *questions]:
            page.get_by_role("button", name="New conversation").click()
            page.get_by_test_id("bot").first.wait_for(state="detached")
            box = page.get_by_label("Question", exact=True)
            box.fill(question)
            started = time.perf_counter()
            box.press("Enter")
            page.locator(".fn-sentence, .fn-refusal").first.wait_for()
            milliseconds.append((time.perf_counter() - started) * 1000)
            page.locator(".fn-status").first.wait_for()
    measured = milliseconds[1:]
    return {
        "questions": len(measured),
        "median": round(statistics.median(measured)),
        "95 %": round(statistics.quantiles(measured, n=20)[18]),
        "most": round(max(measured)),
    }


def _violations(browser: Any, url: str) -> dict[str, dict[str, int]]:
    """Count what axe-core finds in each state of the page, by impact."""
    axe = _axe()
    found = {}
    for scheme in ("light", "dark"):
        for width, height in (_WIDE, _NARROW):
            with browser.new_context(color_scheme=scheme, viewport={"width": width, "height": height}) as context:
                page = _opened(context, url)
                for state in _states(page):
                    page.evaluate(axe)
                    violations = page.evaluate("axe.run()")["violations"]
                    found[f"{state}, {scheme}, {width} px"] = dict(
                        Counter(f"{v['impact']}: {v['id']}" for v in violations)
                    )
    return found


def _axe() -> str:
    package = importlib.import_module("axe_playwright_python")
    (script,) = Path(str(package.__file__)).parent.glob("axe*.js")
    return script.read_text() + ";0"


def _states(page: Any) -> Iterator[str]:
    """Bring the page into its main states, one after another, and yield their names."""
    page.get_by_role("button", name="New conversation").click()
    page.get_by_text("Which papers are about").first.wait_for()
    yield "empty"
    _ask(page, _ASKED)
    yield "answer"
    _ask(page, _REFUSED)
    yield "refusal"
    page.get_by_role("tab", name="Library").click()
    page.locator("#library-place .fn-title").nth(1).click()
    page.get_by_role("region", name="Details of the paper").wait_for()
    yield "library"
    page.get_by_role("button", name="Close", exact=True).click()  # on a narrow page it covers the places
    page.get_by_role("tab", name="Conversations").click()
    page.get_by_role("button", name="Rename").first.wait_for()
    yield "conversations"


def _ask(page: Any, question: str) -> None:
    answers = page.locator(".fn-status").count()
    box = page.get_by_label("Question", exact=True)
    box.fill(question)
    box.press("Enter")
    page.locator(".fn-status").nth(answers).wait_for()


def _take_screenshots(browser: Any, url: str, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for scheme, (width, height), shown in _SHOWN:
        with browser.new_context(color_scheme=scheme, viewport={"width": width, "height": height}) as context:
            page = _opened(context, url)
            for state in _states(page):
                if state in shown:
                    page.wait_for_timeout(500)  # animations
                    page.screenshot(path=folder / f"{state}-{scheme}.png")
