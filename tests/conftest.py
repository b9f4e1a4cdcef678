"""What the tests share: a library of a few invented papers, and the real pages where they are there."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate

from rag.assistant import Assistant
from rag.config import Settings
from rag.models.embedder import Embedder, load_embedder
from rag.reading.sandbox import pool as sandbox

os.environ["HF_HUB_OFFLINE"] = "1"
for name in [name for name in os.environ if name.upper().startswith("FOOTNOTE_")]:
    del os.environ[name]
os.environ["FOOTNOTE_LIBRARY__PATH"] = "library"  # in a test's working directory, never the user's data folder

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
CASES = ROOT / "tests" / "cases"
"""Small inputs modelled on faults that users of similar tools reported. Each folder's EXPECTED.md holds the result."""

PAPERS = {
    "Counting Otters from Kites": (
        "River otters are hard to count. We fly a camera kite over eleven rivers and find otters with a small "
        "detector. The kite counts 94.5% of the otters that divers count, at a tenth of the cost. It fails in fog."
    ),
    "Tidal Clocks for Sensor Networks": (
        "Sensors under water drift apart in time. We let each sensor read the tide and agree on a clock without any "
        "radio. After 30 days the clocks differ by 1.8 seconds at most. The method needs a tide of 40 cm or more."
    ),
    "A Grammar of Bird Alarm Calls": (
        "We recorded 2,113 alarm calls of great tits. A grammar of seven rules predicts which call follows another. "
        "Playback experiments confirm six of the seven rules. Young birds break the rules twice as often as adults."
    ),
}


def write_pdf(path: Path, title: str, abstract: str, body: str, author: str = "") -> Path:
    """A paper of two pages: title and abstract, then an introduction."""
    styles = getSampleStyleSheet()
    parts = [Paragraph(title, styles["Title"])]
    parts += [Paragraph(author, styles["BodyText"])] if author else []
    parts += [Paragraph("Abstract", styles["Heading2"]), Paragraph(abstract, styles["BodyText"]), PageBreak()]
    parts += [Paragraph("1 Introduction", styles["Heading2"]), Paragraph(body, styles["BodyText"])]
    SimpleDocTemplate(str(path), pagesize=A4, title=title, author=author, invariant=True).build(parts)
    return path


def write_plant(folder: Path, plant: str, number: int) -> Path:
    """A paper on a plant whose abstract gives one number and whose full text another."""
    path = write_pdf(
        folder / f"{plant}.pdf",
        f"On the Growth of {plant} in Shade",
        f"We measured how {plant.lower()} grows in deep shade over one whole summer. It grew by {number} mm a week, "
        "less than in the sun, where its leaves stayed smaller and its stems were thicker than we had thought before.",
        f"The roots of {plant.lower()} reached a depth of {number + 100} cm in sand. We dug them out by hand and "
        "washed them over a sieve, and we weighed what was left of them after they had dried for two days in the oven.",
    )
    os.utime(path, (1_700_000_000 + number,) * 2)
    return path


@pytest.fixture(scope="session")
def embedder() -> Embedder:
    """The packaged embedding model, exported at its first use on this machine."""
    return load_embedder(Settings().embedding)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the invented papers, a text file each."""
    papers = tmp_path / "papers"
    papers.mkdir()
    for title, text in PAPERS.items():
        (papers / f"{title.split()[-1].lower()}.txt").write_text(f"{title}\n\n{text}\n")
    return papers


@pytest.fixture
def assistant(tmp_path: Path, folder: Path) -> Iterator[Assistant]:
    """An assistant in quote mode on a library of the invented papers."""
    with Assistant.open(library=tmp_path / "library", mode="quote") as opened:
        opened.add([folder])
        yield opened


def frame(reply: object) -> bytes:
    """A reply as a worker process writes it."""
    data = json.dumps(reply).encode()
    return len(data).to_bytes(sandbox.SIZE, "big") + data


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Has a shell script stand in for the worker processes; it writes `reply`, then runs `script`."""

    def use(reply: bytes = b"", script: str = "exit 1") -> None:
        program, said = tmp_path / "stand-in", tmp_path / "reply"
        said.write_bytes(reply)
        program.write_text(f"#!/bin/sh\ncat '{said}'\n{script}\n")
        program.chmod(0o755)
        sandbox.close_idle()
        monkeypatch.setattr(sys, "executable", str(program))

    yield use
    sandbox.close_idle()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium; where it is missing the tests skip on a person's machine, and fail in CI."""
    chromium = shutil.which("chromium")
    if not chromium and "CI" not in os.environ:
        pytest.skip("needs Debian's chromium, which is not installed")
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-background-networking"]
        with playwright.chromium.launch(executable_path=chromium, args=arguments) as launched:
            yield launched


@pytest.fixture(scope="session")
def seeds() -> Path:
    """The folder of real pages of titles and abstracts; it is not part of the project."""
    if not (SHARED / "seeds").is_dir():
        pytest.skip("needs the pages in ../shared/seeds, which are not here")
    return SHARED / "seeds"
