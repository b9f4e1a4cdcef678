"""Models run in the precision that is quickest on the machine."""

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

from rag.models import int8, precision

_WORDS, _SIZE = 2000, 64


class Precisions:
    """OpenVINO's core on a processor that names bfloat16. One precision may fail to compile, int8 to run."""

    def __init__(self, fails: str = "", int8: Callable[..., Any] | None = None) -> None:
        self._core, self._fails, self._int8, self.hints = ov.Core(), fails, int8, list[str]()

    def get_property(self, device: str, name: str) -> Any:
        value = self._core.get_property(device, name)
        return [*value, "BF16"] if name == "OPTIMIZATION_CAPABILITIES" and "BF16" not in value else value

    def compile_model(self, file: str, device: str, options: dict[str, str]) -> Any:
        is_int8 = Path(file).name == precision.INT8_MODEL
        hint = "int8" if is_int8 else options["INFERENCE_PRECISION_HINT"]
        self.hints.append(hint)
        if is_int8 and self._int8:
            return self._int8
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
    int8.write(folder / precision.MODEL, folder / precision.INT8_MODEL, int8.FINE)
    return folder


@pytest.fixture
def folder(exported: Path, tmp_path: Path) -> Path:
    return shutil.copytree(exported, tmp_path / "model")


def test_the_reference_is_float32_and_measures_nothing(folder: Path) -> None:
    core = Precisions()
    precision.compile_model(core, folder, "CPU", "reference")
    assert core.hints == ["f32"]
    assert not (folder / "quickest.json").exists()


def test_the_quicker_precision_is_measured_once_for_a_machine(folder: Path) -> None:
    precision.compile_model(Precisions(), folder, "CPU", "auto")
    file = folder / "quickest.json"
    record = json.loads(file.read_text())
    assert record["milliseconds"].keys() == {"float32", "bfloat16", "int8"}

    for name, hint in [("float32", "f32"), ("bfloat16", "bf16"), ("int8", "int8")]:
        file.write_text(json.dumps(record | {"precision": name}))
        core = Precisions()
        assert precision.compile_model(core, folder, "CPU", "auto").precision == name
        assert core.hints == [hint], "a record is not measured again"

    file.write_text(json.dumps(record | {"machine": {"processor": "another"}}))
    precision.compile_model(Precisions(), folder, "CPU", "auto")
    assert json.loads(file.read_text())["machine"] == record["machine"]


@pytest.mark.parametrize(("hint", "name"), [("bf16", "bfloat16"), ("int8", "int8")])
def test_a_precision_that_does_not_compile_is_not_used(hint: str, name: str, folder: Path) -> None:
    core = Precisions(fails=hint)
    assert precision.compile_model(core, folder, "CPU", "auto").precision != name
    assert name not in json.loads((folder / "quickest.json").read_text())["milliseconds"]


def _fails(inputs: Any) -> Any:
    raise RuntimeError("could not create a primitive")


def _is_wrong(inputs: Any) -> Any:
    return [np.random.default_rng(0).normal(size=(*inputs["input_ids"].shape, _SIZE))]


@pytest.mark.parametrize("model", [_fails, _is_wrong])
def test_int8_that_fails_or_is_wrong_at_its_first_batch_is_not_used(model: Callable[..., Any], folder: Path) -> None:
    assert precision.compile_model(Precisions(int8=model), folder, "CPU", "auto").precision != "int8"
    assert json.loads((folder / "quickest.json").read_text())["milliseconds"].keys() == {"float32", "bfloat16"}


def test_a_model_without_an_int8_version_runs_in_another_precision(folder: Path) -> None:
    (folder / precision.INT8_MODEL).unlink()
    core = Precisions()
    precision.compile_model(core, folder, "CPU", "auto")
    assert "int8" not in core.hints


@pytest.mark.parametrize("content", ["{", "[]", '{"machine": {}}', ""])
def test_a_damaged_record_is_measured_again(content: str, folder: Path) -> None:
    (folder / "quickest.json").write_text(content)
    precision.compile_model(Precisions(), folder, "CPU", "auto")
    assert "machine" in json.loads((folder / "quickest.json").read_text())


def _outputs(folder: Path, core: Any = None) -> Any:
    ids = np.arange(48, dtype=np.int64).reshape(3, 16)
    model = precision.compile_model(core or ov.Core(), folder, "CPU", "reference").model
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


def test_each_precision_keeps_what_it_compiled_apart(folder: Path) -> None:
    """OpenVINO would run what was compiled in float32 in bfloat16: with AMX it then crashes."""
    core = Precisions()
    precision.compile_model(core, folder, "CPU", "auto")
    file = folder / "quickest.json"
    record = json.loads(file.read_text())
    shutil.rmtree(next(folder.glob("compiled-*")))
    for name in ("float32", "bfloat16", "int8"):
        file.write_text(json.dumps(record | {"precision": name}))
        precision.compile_model(core, folder, "CPU", "auto")
    assert {path.parent.name.split("-")[1] for path in folder.glob("compiled-*/*.blob")} == {
        "float32",
        "bfloat16",
        "int8",
    }
