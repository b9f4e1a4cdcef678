"""Models run in the precision that is quicker on the machine."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import pytest
from openvino import opset13

from rag.models import precision

_WORDS, _SIZE = 2000, 32


class TwoPrecisions:
    """OpenVINO's core on a processor that names bfloat16, which runs or fails to compile."""

    def __init__(self, fails: str = "") -> None:
        self._core, self._fails, self.hints = ov.Core(), fails, list[str]()

    def get_property(self, device: str, name: str) -> Any:
        value = self._core.get_property(device, name)
        return [*value, "BF16"] if name == "OPTIMIZATION_CAPABILITIES" and "BF16" not in value else value

    def compile_model(self, file: str, device: str, options: dict[str, str]) -> Any:
        hint = options["INFERENCE_PRECISION_HINT"]
        self.hints.append(hint)
        if hint == self._fails:
            raise RuntimeError("could not create a primitive")
        return self._core.compile_model(file, device, options | {"INFERENCE_PRECISION_HINT": "f32"})


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of two linear layers over embedded tokens."""
    folder = tmp_path_factory.mktemp("model")
    draw = np.random.default_rng(0)
    ids, mask = (opset13.parameter([-1, -1], np.int64) for _ in range(2))
    for input_, name in [(ids, "input_ids"), (mask, "attention_mask")]:
        input_.output(0).set_names({name})
    table = opset13.constant(draw.normal(size=(_WORDS, _SIZE)).astype(np.float32))
    hidden = opset13.gather(table, ids, opset13.constant(0))
    for _ in range(2):
        weights = opset13.constant(draw.normal(size=(_SIZE, _SIZE)).astype(np.float32) / 5)
        hidden = opset13.tanh(opset13.matmul(hidden, weights, False, True))
    kept = opset13.unsqueeze(opset13.convert(mask, "f32"), opset13.constant(2))
    model = ov.Model([opset13.multiply(hidden, kept)], [ids, mask], "tiny")
    ov.save_model(model, folder / precision.MODEL, compress_to_fp16=False)
    return folder


@pytest.fixture
def folder(exported: Path, tmp_path: Path) -> Path:
    return shutil.copytree(exported, tmp_path / "model")


def test_the_reference_is_float32_and_measures_nothing(folder: Path) -> None:
    core = TwoPrecisions()
    precision.compile_model(core, folder, "CPU", "reference")
    assert core.hints == ["f32"]
    assert not (folder / "quickest.json").exists()


def test_the_quicker_precision_is_measured_once_for_a_machine(folder: Path) -> None:
    precision.compile_model(TwoPrecisions(), folder, "CPU", "auto")
    file = folder / "quickest.json"
    record = json.loads(file.read_text())
    assert record["milliseconds"].keys() == {"float32", "bfloat16"}

    for name, hint in [("float32", "f32"), ("bfloat16", "bf16")]:
        file.write_text(json.dumps(record | {"precision": name}))
        core = TwoPrecisions()
        precision.compile_model(core, folder, "CPU", "auto")
        assert core.hints == [hint], "a record is not measured again"

    file.write_text(json.dumps(record | {"machine": {"processor": "another"}}))
    precision.compile_model(TwoPrecisions(), folder, "CPU", "auto")
    assert json.loads(file.read_text())["machine"] == record["machine"]


def test_bfloat16_that_does_not_compile_gives_way_to_float32(folder: Path) -> None:
    core = TwoPrecisions(fails="bf16")
    precision.compile_model(core, folder, "CPU", "auto")
    assert core.hints[-1] == "f32"
    assert json.loads((folder / "quickest.json").read_text())["precision"] == "float32"


@pytest.mark.parametrize("content", ["{", "[]", '{"machine": {}}', ""])
def test_a_damaged_record_is_measured_again(content: str, folder: Path) -> None:
    (folder / "quickest.json").write_text(content)
    precision.compile_model(TwoPrecisions(), folder, "CPU", "auto")
    assert "machine" in json.loads((folder / "quickest.json").read_text())


def _outputs(folder: Path, core: Any = None) -> Any:
    ids = np.arange(48, dtype=np.int64).reshape(3, 16)
    model = precision.compile_model(core or ov.Core(), folder, "CPU", "reference")
    return model({"input_ids": ids, "attention_mask": np.ones_like(ids)})[0]


def test_what_was_compiled_is_kept_and_used_by_the_next_start(folder: Path) -> None:
    first = _outputs(folder)
    (kept,) = folder.glob("compiled-*/*.blob")
    time = kept.stat().st_mtime_ns
    np.testing.assert_array_equal(_outputs(folder), first)
    assert kept.stat().st_mtime_ns == time


def _flipped(data: bytes) -> bytes:
    return bytes(byte ^ 1 if at == len(data) // 3 else byte for at, byte in enumerate(data))


@pytest.mark.parametrize("damage", [lambda data: b"", lambda data: data[: len(data) // 2], _flipped])
def test_a_damaged_cache_changes_nothing(damage: Callable[[bytes], bytes], folder: Path) -> None:
    first = _outputs(folder)
    (kept,) = folder.glob("compiled-*/*.blob")
    content = damage(kept.read_bytes())
    kept.unlink()  # it is read-only
    kept.write_bytes(content)
    np.testing.assert_array_equal(_outputs(folder), first)


def test_models_run_without_a_cache_that_can_be_written(folder: Path) -> None:
    first = _outputs(folder)
    (kept,) = folder.glob("compiled-*")
    shutil.rmtree(kept)
    kept.write_text("a file in its place")
    np.testing.assert_array_equal(_outputs(folder), first)
