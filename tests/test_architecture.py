"""What holds the parts together: imports go one way, nothing leaves the machine, and a question loads no torch."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from conftest import ROOT

# A module imports from the rows above its own, and nothing else of the project.
ORDER = [
    {"rag.latex_names", "rag.environment", "rag.language", "rag.reasoning"},
    {"rag.errors", "rag.readable", "rag.weights", "rag.cleaning"},
    {"rag.types", "rag.arguments"},
    {"rag.config", "rag.reading", "rag.references", "rag.failures"},
    {"rag.reading.encodings", "rag.reading.tags"},
    {
        "rag.reading.sources",
        "rag.reading.attachments",
        "rag.reading.names",
        "rag.reading.journals",
        "rag.reading.snapshot",
        "rag.reading.formulas",
        "rag.reading.front_matter",
        "rag.reading.styles",
        "rag.reading.lettering",
        "rag.reading.limits",
        "rag.reading.pdf_file",
        "rag.reading.sandbox",
    },
    {
        "rag.reading.visible",
        "rag.reading.bylines",
        "rag.reading.imprint",
        "rag.reading.drawing",
        "rag.reading.replies",
    },
    {"rag.reading.glyphs", "rag.reading.zotero_beside"},
    {
        "rag.reading.blocks",
        "rag.reading.joining",
        "rag.reading.first_page",
        "rag.reading.scans",
        "rag.reading.frames",
        "rag.reading.furniture",
        "rag.reading.ligatures",
    },
    {"rag.reading.layout", "rag.reading.authors", "rag.reading.markup"},
    {"rag.reading.metadata", "rag.reading.covers"},
    {
        "rag.reading.pdf",
        "rag.reading.jats",
        "rag.reading.webpages",
        "rag.reading.bibtex",
        "rag.reading.ris",
        "rag.reading.zotero",
    },
    {"rag.reading.packed", "rag.reading.docx_looks"},
    {"rag.reading.docx", "rag.reading.epub"},
    {"rag.reading.readers", "rag.reading.apart"},
    {"rag.reading.worker"},
    {"rag.reading.locating"},
    {"rag.running"},
    {"rag.schema", "rag.rows", "rag.blanking"},
    {"rag.connecting"},
    {"rag.database"},
    {"rag.record_sources"},
    {"rag.record_removals"},
    {"rag.record_search"},
    {"rag.sentences", "rag.embedding", "rag.cross_encoder", "rag.records", "rag.model", "rag.index_versions"},
    {"rag.index_build"},
    {"rag.chunking", "rag.index", "rag.adding", "rag.uploads", "rag.asked"},
    {"rag.reembedding", "rag.record_checks"},
    {"rag.library", "rag.checking", "rag.llama_model", "rag.question_set"},
    {"rag.retrieval"},
    {"rag.answering", "rag.conversation", "rag.prompts"},
    {"rag.rereading", "rag.writing"},
    {"rag.replying", "rag.follow_ups"},
    {"rag.model_finder"},
    {"rag.assistant"},
    {"rag"},
    {"rag.doctor", "rag.llama", "rag.terminal"},
    {"rag.commands"},
    {"rag.cli"},
    {"rag.__main__"},
    {"ui", "eval"},  # whole packages: neither knows the other, nor does anything above know them
]
PACKAGES = ("rag", "ui", "eval")


def test_imports_go_one_way() -> None:
    sources = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path.read_text()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
    }
    assert "rag.assistant" in sources
    assert list(wrong_steps(sources)) == []


@pytest.mark.parametrize(
    ("module", "source", "wrong"),
    [
        ("rag.types", "from .library import Library", ["rag.types -> rag.library"]),
        ("rag.types", "def f():\n    import rag.cli", ["rag.types -> rag.cli"]),
        ("rag.records", "from . import config, embedding", ["rag.records -> rag.embedding"]),
        ("rag.library", "from rag import ask", ["rag.library -> rag"]),
        ("rag.cli", "from ui.page import serve", ["rag.cli -> ui.page"]),
        ("eval.score", "from ui import page\nfrom .questions import Question", ["eval.score -> ui.page"]),
        ("rag.reading.pdf", "from ..library import Library", ["rag.reading.pdf -> rag.library"]),
        ("rag.novelty", "import json", ["rag.novelty has no place in ORDER"]),
        ("ui.page", "import gradio\nfrom rag.assistant import Assistant", []),
    ],
)
def test_a_step_against_the_order_is_found(module: str, source: str, wrong: list[str]) -> None:
    assert list(wrong_steps({module: source})) == wrong


def wrong_steps(sources: Mapping[str, str]) -> Iterator[str]:
    for module, source in sources.items():
        if place(module) is None:
            yield f"{module} has no place in ORDER"
            continue
        for imported in imports(module, ast.parse(source)):
            above, here = place(imported), place(module)
            same_package = module.split(".")[0] == imported.split(".")[0] != "rag"
            if above is None or here is None or not (above < here or same_package):
                yield f"{module} -> {imported}"


def place(module: str) -> int | None:
    """The row of a module; a part of ui or eval stands where the whole does."""
    name = module if module.startswith("rag") else module.split(".")[0]
    return next((row for row, names in enumerate(ORDER) if name in names), None)


def imports(module: str, tree: ast.AST) -> Iterator[str]:
    """The modules of the project that a module imports, wherever in it, for types alone too."""
    parents = (module if module in (*PACKAGES, "rag.reading") else module.rpartition(".")[0]).split(".")
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            package = ".".join(parents[: len(parents) + 1 - node.level] if node.level else [])
            base = ".".join(filter(None, [package, node.module]))
            # `from . import config` names a module, `from . import __version__` something in the package.
            parts = [f"{base}.{alias.name}" for alias in node.names]
            known = {name for names in ORDER for name in names}
            found = [part if part in known or base in ("ui", "eval") else base for part in parts]
        else:
            continue
        yield from dict.fromkeys(name for name in found if name.split(".")[0] in PACKAGES)


# Python loads this at its start, in every process below: it notes and stops whatever reaches for the network.
WATCH = """
import atexit, os, sys

def watch(event, args):
    reaching = ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "socket.sendmsg")
    # ... but for where Ollama is looked for
    if event in reaching and os.environ.get("WATCH_ALLOWED", "11434") not in str(args):
        with open(os.environ["WATCH_ATTEMPTS"], "a") as file:
            print(event, *map(str, args), file=file)
        raise OSError("the network is off")

def note():
    with open(os.environ["WATCH_LOADED"], "a") as file:
        print(*sys.modules, file=file)

sys.addaudithook(watch)
atexit.register(note)
"""


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
    assert loaded.count("rag.retrieval") == loaded.count("chromadb") == 2
    assert set(loaded).isdisjoint({"torch", "sentence_transformers", "transformers", "gradio", "ollama"})


def test_a_model_that_is_not_here_is_an_error_and_not_a_download(tmp_path: Path, watched: dict[str, str]) -> None:
    (tmp_path / "paper.txt").write_text("Moss on Roofs\n\nMoss grows on 12 of 40 roofs.\n")
    command = [sys.executable, "-m", "rag", "add", "paper.txt"]
    env = watched | {"FOOTNOTE_EMBEDDING__MODEL": "nobody/no-such-model"}
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr.startswith("The embedding model 'nobody/no-such-model' is neither a folder nor in the local")
    assert (tmp_path / "attempts").read_text() == ""
