"""Vectors are packed in few bytes, and hardly change."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from rag.store.migrations import MIGRATIONS, pack_vectors
from rag.store.papers import Records
from rag.store.vectors import pack, unpack

Matrix = NDArray[np.float32]


def unit(rows: int, dimensions: int, seed: int = 0) -> Matrix:
    vectors = np.random.default_rng(seed).normal(size=(rows, dimensions)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_packed_vectors_keep_their_length_and_direction_in_a_byte_a_value() -> None:
    vectors = unit(300, 384)
    packed = pack(vectors)
    assert len(packed) == 300 * 388
    found = unpack(packed, 300)
    assert np.allclose(np.linalg.norm(found, axis=1), 1.0, atol=1e-5)
    assert float((found * vectors).sum(axis=1).min()) > 0.9999


@given(st.integers(0, 5), st.integers(1, 400), st.integers(0, 99))
def test_any_shape_survives_and_packs_into_the_same_bytes_again(rows: int, dimensions: int, seed: int) -> None:
    vectors = unit(rows, dimensions, seed)
    vectors[:1] = 0.0
    packed = pack(vectors)
    found = unpack(packed, rows)
    assert found.size == vectors.size
    assert not found[:1].any()
    assert pack(found) == packed


@pytest.mark.parametrize(("data", "rows"), [(b"abc", 1), (b"abcdefghi", 2), (b"abcd", 0)])
def test_bytes_of_another_size_are_refused(data: bytes, rows: int) -> None:
    with pytest.raises(ValueError, match=f"{len(data)} bytes are not {rows} vectors"):
        unpack(data, rows)


def test_the_vectors_of_an_older_record_are_packed_when_it_is_opened(tmp_path: Path) -> None:
    path, vectors = tmp_path / "footnote.sqlite", unit(3, 384)
    db = sqlite3.connect(path)
    before = MIGRATIONS.index(pack_vectors)
    for migration in MIGRATIONS[:before]:
        migration(db)
    paper = ("ab", "Oak", "oak", "oak", "", "Oak\n\nIt grows. It falls.", 2020, "{}", "{}", vectors[0].tobytes(), "")
    db.execute(f"INSERT INTO papers VALUES (1{', ?' * len(paper)})", paper)
    spans, sentences = np.array([[5, 14], [15, 24]], "<i4"), vectors[1:].astype("<f2")
    chunk = (5, 24, spans.tobytes(), vectors[0].tobytes(), sentences.tobytes())
    db.execute("INSERT INTO chunks VALUES (1, 1, ?, ?, NULL, NULL, NULL, ?, ?, ?)", chunk)
    db.execute(f"PRAGMA user_version = {before}")
    db.commit()
    db.close()
    for _ in range(2):  # the second time there is nothing to pack
        records = Records(path)
        found = records.candidates([1])
        assert np.allclose(found.vectors[0], vectors[0], atol=2e-3)
        assert np.allclose(found.paper_vectors[0], vectors[0], atol=2e-3)
        assert np.all((found.sentence_vectors * vectors[1:]).sum(axis=1) > 0.999)
        records.close()
