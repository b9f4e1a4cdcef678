"""A wheel built from the tree has every package and data file; installed alone, it answers and serves the page."""

from __future__ import annotations

import http.client
import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from helpers.papers import PAPERS, ROOT

pytestmark = pytest.mark.slow
PACKAGES = ("rag", "ui", "eval")
NOT_PACKAGED = ("__pycache__", "screenshots", "LOG.md")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a wheel built from a copy of the tree, without build isolation, so that nothing is downloaded."""
    folder = tmp_path_factory.mktemp("build")
    for name in PACKAGES:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns(*NOT_PACKAGED))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", "dist", ".", cwd=folder)
    (built,) = (folder / "dist").glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the bin folder of a fresh environment with the wheel; its dependencies are this environment's."""
    folder = tmp_path_factory.mktemp("fresh")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    site = folder / Path(sysconfig.get_path("purelib")).relative_to(sys.prefix)
    # A path in a .pth file is searched last, and its own .pth files, such as an editable install's, are ignored.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    pip("--python", str(folder / "bin" / "python"), "install", "--no-deps", "--no-index", str(wheel), cwd=folder)
    return folder / "bin"


def pip(*words: str, cwd: Path) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *words]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def environment() -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONPATH" and not k.startswith("FOOTNOTE_")}
    return kept | {"FOOTNOTE_OLLAMA__HOST": "http://127.0.0.1:9", "HF_HUB_OFFLINE": "1"}


def footnote(installed: Path, folder: Path, *words: str) -> str:
    command = [installed / "footnote", *words, "--library", "library"]
    done = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_has_every_package_and_data_file(wheel: Path) -> None:
    wanted = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and not set(NOT_PACKAGED) & set(path.parts)
    }
    names = set(zipfile.ZipFile(wheel).namelist())
    assert wanted - names == set()


def test_the_installed_wheel_answers_and_serves_the_page(installed: Path, tmp_path: Path) -> None:
    python = [installed / "python", "-c", "import rag, ui, eval; print(rag.__file__, ui.__file__, eval.__file__)"]
    where = subprocess.run(python, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=True).stdout
    assert where.count(str(installed.parent)) == 3
    for title, text in PAPERS.items():
        (tmp_path / f"{title.split()[-1]}.txt").write_text(f"{title}\n\n{text}\n")
    assert footnote(installed, tmp_path, "add", ".") == "3 added\n"
    assert "94.5%" in footnote(installed, tmp_path, "ask", "How many otters does the kite count?")

    command = [installed / "footnote", "chat", "--port", "0", "--library", "library"]
    with subprocess.Popen(command, cwd=tmp_path, env=environment(), stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stderr is not None
            ready = re.match(r"Footnote is ready: (\S+)", server.stderr.readline())
            assert ready
            for path, content in (("/", "Footnote"), ("/static/footnote/page.js", "fn-copy")):
                connection = http.client.HTTPConnection(urlsplit(ready[1]).netloc, timeout=20)
                connection.request("GET", path)
                assert content in connection.getresponse().read().decode()
        finally:
            server.send_signal(signal.SIGINT)
