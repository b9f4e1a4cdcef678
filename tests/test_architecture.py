"""What holds the parts together: imports go one way, nothing leaves the machine, and a question loads no torch."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from helpers.network_watch import WATCH
from helpers.papers import ROOT

# A part imports from the layers above its own, and from the parts of its own layer only where that layer is ordered.
LAYERS = [
    [
        "rag.byte_cache",
        "rag.hosts",
        "rag.errors",
        "rag.plain",
        "rag.text",
        "rag.types",
        "rag.tables",
        "rag.reports",
        "rag.arguments",
        "rag.filters",
        "rag.config",
    ],
    ["rag.reading", "rag.models", "rag.store"],
    ["rag.ingest", "rag.retrieval"],
    ["rag.answering.checks"],
    ["rag.answering", "rag.export", "rag.transfer"],
    [
        "rag.page_images",
        "rag.paper_tables",
        "rag.library",
        "rag.status",
        "rag.doctor",
        "rag.pipeline",
        "rag.history",
        "rag.transfers",
        "rag.page_view",
        "rag.paper_lists",
        "rag.assistant",
        "rag.llama_index",
        "rag",
    ],
    ["rag.cli", "rag.__main__"],
    ["ui", "eval"],
]
ORDERED = {0, 5, 6}
PACKAGES = ("rag", "ui", "eval")


def test_imports_go_one_way() -> None:
    assert "rag.assistant" in sources()
    assert list(wrong_steps(sources())) == []


def sources() -> dict[str, str]:
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts): path.read_text()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
    }


@pytest.mark.parametrize(
    ("module", "source", "wrong"),
    [
        ("rag.types", "from .library import Library", ["rag.types -> rag.library"]),
        ("rag.types", "def f():\n    import rag.cli", ["rag.types -> rag.cli"]),
        ("rag.store.papers", "from ..models import embedder", ["rag.store.papers -> rag.models.embedder"]),
        ("rag.store.papers", "from . import rows", []),
        ("rag.library", "from rag import ask", ["rag.library -> rag"]),
        ("rag.library", "from .ingest.run import Adding\nfrom .assistant import ask", ["rag.library -> rag.assistant"]),
        ("rag.cli.parser", "from ui.page import serve", ["rag.cli.parser -> ui.page"]),
        ("eval.score", "from ui import page\nfrom .questions import Question", ["eval.score -> ui.page"]),
        ("rag.reading.pdf.reader", "from ...library import Library", ["rag.reading.pdf.reader -> rag.library"]),
        (
            "rag.reading.pdf.__init__",
            "from .. import Library\nfrom ...library import L",
            ["rag.reading.pdf -> rag.library"],
        ),
        ("rag.novelty", "import json", ["rag.novelty belongs to no layer"]),
        ("ui.page", "import gradio\nfrom rag.assistant import Assistant", []),
    ],
)
def test_a_step_against_the_layers_is_found(module: str, source: str, wrong: list[str]) -> None:
    assert list(wrong_steps({module: source})) == wrong


PUBLIC = ("rag", "rag.types", "rag.errors", "rag.config", "rag.arguments", "rag.text")


def test_the_page_and_the_command_line_use_the_public_api_only() -> None:
    wrong = [
        f"{module} -> {imported}"
        for module, source in sources().items()
        if module.startswith(("ui.", "rag.cli."))
        for imported in imports(module, ast.parse(source))
        if imported not in PUBLIC and not imported.startswith(("ui", "rag.cli", "rag.text."))
    ]
    assert wrong == []


def wrong_steps(sources: Mapping[str, str]) -> Iterator[str]:
    for file, source in sources.items():
        module = file.removesuffix(".__init__")
        here = place(module)
        if here is None:
            yield f"{module} belongs to no layer"
            continue
        for imported in imports(file, ast.parse(source)):
            there = place(imported)
            if there is None or not is_allowed(here, there):
                yield f"{module} -> {imported}"


def is_allowed(here: tuple[int, int], there: tuple[int, int]) -> bool:
    """Return whether a part, given by its layer and its place there, may import another."""
    return there[0] < here[0] or there == here or (there < here and here[0] == there[0] in ORDERED)


def place(module: str) -> tuple[int, int] | None:
    """Return the layer of a module and its place there; a part's modules stand where the part does."""
    for layer, parts in enumerate(LAYERS):
        for at, part in enumerate(parts):
            if module == part or (part != "rag" and module.startswith(f"{part}.")):
                return layer, at
    return None


def imports(file: str, tree: ast.AST) -> Iterator[str]:
    """Yield the project's modules that a module imports, wherever in it, for types alone too."""
    parents = file.split(".")[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            package = ".".join(parents[: len(parents) + 1 - node.level] if node.level else [])
            base = ".".join(filter(None, [package, node.module]))
            found = [f"{base}.{alias.name}" if is_module(f"{base}.{alias.name}") else base for alias in node.names]
        else:
            continue
        yield from dict.fromkeys(name for name in found if name.split(".")[0] in PACKAGES)


def is_module(name: str) -> bool:
    path = ROOT.joinpath(*name.split("."))
    return path.with_suffix(".py").is_file() or path.is_dir()


@pytest.fixture
def watched(tmp_path: Path) -> dict[str, str]:
    """An environment whose Python processes are watched, and in which nothing tells a library to stay offline."""
    (tmp_path / "watch").mkdir()
    (tmp_path / "watch" / "sitecustomize.py").write_text(WATCH)
    for name in ("attempts", "loaded"):
        (tmp_path / name).touch()
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("HF_", "TRANSFORMERS_", "GRADIO_"))}
    return kept | {
        "PYTHONPATH": f"{tmp_path / 'watch'}{os.pathsep}{ROOT}",
        "XDG_CACHE_HOME": str(tmp_path / "cache"),  # so that the model is prepared here, with all that this loads
        "WATCH_ATTEMPTS": str(tmp_path / "attempts"),
        "WATCH_LOADED": str(tmp_path / "loaded"),
    }


def run(env: Mapping[str, str], cwd: Path, *words: str) -> str:
    done = subprocess.run([sys.executable, *words], cwd=cwd, env=env, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_nothing_leaves_the_machine_and_a_question_loads_no_torch(
    tmp_path: Path, folder: Path, watched: dict[str, str]
) -> None:
    reach = "import socket\ntry: socket.create_connection(('127.0.0.1', 9))\nexcept OSError as error: print(error)"
    assert run(watched, tmp_path, "-c", reach) == "the network is off\n"
    assert (tmp_path / "attempts").read_text() != ""  # so it is seen when something tries
    (tmp_path / "attempts").write_text("")

    assert run(watched, tmp_path, "-m", "rag", "add", str(folder)) == "3 added\n"
    (tmp_path / "loaded").write_text("")
    for words in (["ask", "How many otters does the kite count?"], ["search", "bird calls"]):
        assert run(watched, tmp_path, "-m", "rag", *words) != ""
    loaded = (tmp_path / "loaded").read_text().split()

    assert (tmp_path / "attempts").read_text() == ""
    assert loaded.count("rag.retrieval.search") == 2
    assert set(loaded).isdisjoint({"torch", "sentence_transformers", "transformers", "chromadb", "gradio", "ollama"})


def test_a_model_that_is_not_here_is_an_error_and_not_a_download(tmp_path: Path, watched: dict[str, str]) -> None:
    (tmp_path / "paper.txt").write_text("Moss on Roofs\n\nMoss grows on 12 of 40 roofs.\n")
    command = [sys.executable, "-m", "rag", "add", "paper.txt"]
    env = watched | {"FOOTNOTE_EMBEDDING__MODEL": "nobody/no-such-model"}
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr.startswith("The embedding model 'nobody/no-such-model' is neither a folder nor in the local")
    assert (tmp_path / "attempts").read_text() == ""
