"""Prepared models are shared, marked as used, and removed when no version has used them for a month."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from rag.config import Embedding
from rag.models import runtime
from rag.models.embedder import SentenceEmbedder, load_embedder

_MONTH = 31 * 24 * 3600


def _folder(path: Path, age: float) -> Path:
    path.mkdir()
    (path / "model.bin").write_bytes(b"weights")
    os.utime(path, (time.time() - age, time.time() - age))
    return path


def test_a_new_version_removes_the_prepared_models_that_were_not_used_for_a_month(tmp_path: Path) -> None:
    old = _folder(tmp_path / "otter-openvino-0123456789abcdef", _MONTH)
    unfinished = _folder(tmp_path / "otter-openvino-0123456789abcdefx1y2", _MONTH)
    in_use = _folder(tmp_path / "otter-openvino-fedcba9876543210", 3600)
    others = [_folder(tmp_path / name, _MONTH) for name in ("otter-torch-0123456789abcdef", "reed-openvino-01")]
    new = tmp_path / "otter-openvino-aaaabbbbccccdddd"
    with runtime.preparation(new, "model") as building:
        (building / "model.bin").write_bytes(b"new weights")
    assert not old.exists()
    assert not unfinished.exists()
    assert all((each / "model.bin").is_file() for each in (new, in_use, *others))


def test_a_model_that_is_loaded_counts_as_used(tmp_path: Path) -> None:
    folder = _folder(tmp_path / "otter", _MONTH)
    runtime.load_runner(folder, runtime.Place("torch", "cpu", "auto"), lambda: SimpleTransformer())
    assert time.time() - folder.stat().st_mtime < 3600


class SimpleTransformer:
    """What a runner needs of a transformer before it runs."""

    def eval(self) -> None:
        pass


def test_a_text_that_is_too_long_is_cut_and_those_beside_it_are_read_whole() -> None:
    whole = load_embedder(Embedding())
    short = SentenceEmbedder(replace(whole.card, max_tokens=16), whole.tokenizer, whole._run)
    texts = ["Otters count reeds.", "Otters count reeds by night. " * 20]
    of_short, of_whole = (each.token_vectors(texts) for each in (short, whole))
    assert of_short[0].spans == of_whole[0].spans
    assert of_short[1].spans == of_whole[1].spans[:14]  # two of 16 are special
    np.testing.assert_allclose(of_short[0].vectors, of_whole[0].vectors, atol=0.02)
