"""A workspace for tests: a folder of papers with a library made with a light model, and processes that share it."""

from __future__ import annotations

import json
import os
import string
import subprocess
import sys
from pathlib import Path
from typing import Any

from helpers.papers import ROOT
from rag.assistant import Assistant
from rag.ingest.chunking import chunk_paper
from rag.reports import AddReport
from rag.types import Paper

Entry = tuple[str, str]

KITES: Entry = ("Otters Seen from Kites", "A kite carries the camera. It finds nine otters in ten.")
CLOCKS: Entry = ("Clocks That Read the Tide", "Sensors agree on a time without radio. They drift by two seconds.")
BIRDS: Entry = ("A Grammar of Alarm Calls", "Seven rules predict the next call. Playback confirms six.")


def make_model(folder: Path, size: int) -> Path:
    """Save a random two-layer BERT that reads letters as a sentence-transformers model."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    letters = string.ascii_lowercase + string.digits
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *("##" + c for c in letters), *".,:-"]
    body = folder / "body"
    body.mkdir(parents=True)
    (body / "vocab.txt").write_text("\n".join(words))
    torch.manual_seed(size)
    shape = {"hidden_size": size, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    BertModel(BertConfig(vocab_size=len(words), max_position_embeddings=128, **shape)).save_pretrained(body)
    BertTokenizerFast(str(body / "vocab.txt"), model_max_length=128).save_pretrained(body)
    parts = [Transformer(str(body), max_seq_length=128), Pooling(size, "mean")]
    SentenceTransformer(modules=parts, device="cpu").save(str(folder / "model"))
    return folder / "model"


class Workspace:
    """A folder of papers, and a library of them made with a light model."""

    def __init__(self, root: Path, model: Path) -> None:
        self.root, self.model = root, model
        self.papers, self.library = root / "papers", root / "library"
        self.papers.mkdir()
        self.assistant = self.open()

    def open(self, model: Path | None = None, **tables: dict[str, Any]) -> Assistant:
        return open_library(self.library, model or self.model, **tables)

    def write(self, name: str, *entries: Entry | dict[str, Any]) -> Path:
        """Write a file of JSON lines."""
        rows = [
            entry if isinstance(entry, dict) else dict(zip(("title", "text"), entry, strict=True)) for entry in entries
        ]
        path = self.papers / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return path

    def add(self, *paths: Path) -> AddReport:
        return self.assistant.add(list(paths) or [self.papers])

    def stored(self) -> list[tuple[str, str, tuple[str, ...]]]:
        """Return title, text after the title, and sources of all papers, sorted."""
        texts = {paper.id: self.assistant.paper(paper.id).text for paper in self.assistant.papers()}
        return sorted((p.title, texts[p.id][len(p.title) + 2 :], p.sources) for p in self.assistant.papers())

    def ids(self) -> dict[str, str]:
        return {paper.title: paper.id for paper in self.assistant.papers()}

    def titles_found(self, words: str, **filters: Any) -> list[str]:
        """Search for `words`; return the titles of the passages that contain one of them."""
        passages = self.assistant.search(words, 50, **filters)
        return [p.title for p in passages if any(word in p.text.casefold() for word in words.casefold().split())]


def open_library(library: Path | str, model: Path | str, **tables: dict[str, Any]) -> Assistant:
    return Assistant.open(library, mode="quote", overrides={"embedding": {"model": str(model)}, **tables})


def start_process(file: str, function: str, *arguments: object) -> subprocess.Popen[str]:
    """Call a function of a test file in a new process, which runs the file as a script."""
    command = [sys.executable, file, function, *map(str, arguments)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    return subprocess.Popen(
        command, text=True, cwd=ROOT, env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"}, **pipes
    )


def send_to_test(value: Any) -> None:
    """Write a JSON line from the other process to the test."""
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def send_line(process: subprocess.Popen[str], line: str) -> None:
    """Write a line from the test to the other process."""
    assert process.stdin
    process.stdin.write(line + "\n")
    process.stdin.flush()


def check_spans(assistant: Assistant, name: str) -> Paper:
    """Assert that every sentence of a paper is in a chunk, and that every chunk is a span of one section."""
    paper, library = assistant.paper(name), assistant.library
    records = library.records
    key = records.paper_key(paper.id)
    candidates = records.candidates([row[0] for row in records.rows("SELECT key FROM chunks WHERE paper = ?", (key,))])
    chunks = [candidates.chunk(row) for row in range(len(candidates))]
    assert chunks == chunk_paper(paper, library.embedder, assistant.settings.chunking)
    assert paper.text.startswith(paper.title)
    left = list(paper.text)
    for chunk in chunks:
        section, page = paper.section_at(chunk.start), paper.page_at(chunk.start)
        assert section == paper.section_at(chunk.end - 1)
        assert (chunk.section, chunk.page) == (section and section.title, page and page.number)
        for start, end in chunk.sentences:
            left[start:end] = " " * (end - start)
    assert "".join(left).split() == paper.title.split()
    return paper


def indexed(assistant: Assistant) -> bool:
    """Return whether the index has exactly the record's chunks with their vectors. This needs no embedding model."""
    library = assistant.library
    keys = sorted(library.records.chunk_keys())
    for some, _, vectors in library.records.vectors():
        for key, vector in zip(some, vectors, strict=True):
            nearest = library.index.nearest(vector, len(keys) + 5)
            if sorted(nearest) != keys or nearest[0] != key:
                return False
    return True
