"""Compile an exported model in the precision that runs quickest on this machine: float32, bfloat16 or int8.

bfloat16 halves the time of float32 with AMX and takes longer without; int8 halves it with VNNI and does not run with
plain AVX2. What a processor is said to be capable of does not tell, so all are timed once, and the record of it is kept
with the prepared model. They are timed again on another processor, under another version of OpenVINO, or when the
environment variable ONEDNN_MAX_CPU_ISA changes.
"""

import hashlib
import json
import logging
import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

log = logging.getLogger("footnote")

MODEL, INT8_MODEL = "model.xml", "int8.xml"
FLOAT32, BFLOAT16, INT8 = "float32", "bfloat16", "int8"
_OPTIONS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    FLOAT32: (MODEL, {"INFERENCE_PRECISION_HINT": "f32"}),
    BFLOAT16: (MODEL, {"INFERENCE_PRECISION_HINT": "bf16"}),
    INT8: (INT8_MODEL, {"INFERENCE_PRECISION_HINT": "f32"}),
}
"""The file and OpenVINO's options of each precision. Only models with the file INT8_MODEL may run in int8."""

_RECORD = "quickest.json"
_ROUNDS = 3
_SHAPE = (4, 112)  # texts and tokens of a timed batch, as in a question's passages
_FIRST_TOKEN = 1000  # of the vocabulary's words; special tokens are before it
_CLEARLY = 0.9  # of float32's time; else float32 is used
_LEAST_COSINE = 0.99  # to the outputs in float32; a broken kernel gives far less


class Compiled(NamedTuple):
    """A compiled model of OpenVINO's, and its precision."""

    model: Any
    precision: str


def compile_model(core: Any, folder: Path, device: str, precision: str) -> Compiled:
    """Return a prepared model, compiled.

    `precision` is that of the settings: `auto` or `reference`. `core` is OpenVINO's.
    """
    if device != "CPU":  # not measured
        return Compiled(_compile(core, folder, device, FLOAT32), FLOAT32)
    name = FLOAT32 if precision == "reference" else quickest(core, folder)
    return Compiled(_compile_from_cache(core, folder, name), name)


def _machine(core: Any) -> dict[str, Any]:
    """Return what the measured times depend on."""
    import openvino as ov

    return {
        "processor": core.get_property("CPU", "FULL_DEVICE_NAME"),
        "capabilities": sorted(core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")),
        "ONEDNN_MAX_CPU_ISA": os.environ.get("ONEDNN_MAX_CPU_ISA", ""),
        "openvino": ov.__version__,
    }


def quickest(core: Any, folder: Path) -> str:
    """Return the quickest precision from the record; time all if there is no record of this machine."""
    machine = _machine(core)
    possible = _possible(folder, machine["capabilities"])
    if possible == [FLOAT32]:
        return FLOAT32
    file = folder / _RECORD
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
        if record["machine"] == machine and record["precision"] in possible:
            return str(record["precision"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        log.debug("There is no record of the quickest precision in %s: %s", folder.name, error)
    seconds = _timed(core, folder, possible)
    name = min(seconds, key=lambda each: seconds[each] * (1 if each == FLOAT32 else 1 / _CLEARLY))
    milliseconds = {name: round(1000 * each, 1) for name, each in seconds.items()}
    _write(file, {"machine": machine, "precision": name, "milliseconds": milliseconds})
    return name


def _possible(folder: Path, capabilities: Sequence[str]) -> list[str]:
    """Return the precisions in which a model may run on a processor, float32 first."""
    may_run = {FLOAT32: True, BFLOAT16: "BF16" in capabilities, INT8: (folder / INT8_MODEL).is_file()}
    return [name for name, is_possible in may_run.items() if is_possible]


def _timed(core: Any, folder: Path, names: Sequence[str]) -> dict[str, float]:
    """Return the seconds that a batch takes in each precision that works on this machine.

    Processor time is measured, so that other programs disturb little, and the precisions take turns.
    """
    models = {}
    expected = None
    for name in names:  # the first batch compiles for its shape
        try:
            model = _compile(core, folder, "CPU", name)
            outputs = _outputs(model)
        except RuntimeError as error:  # the processor lacks the instructions, or ONEDNN_MAX_CPU_ISA hides them
            if name == FLOAT32:
                raise
            log.debug("The model does not run in %s: %s", name, error)
            continue
        expected = outputs if expected is None else expected
        if _cosine(outputs, expected) >= _LEAST_COSINE:
            models[name] = model
    seconds: dict[str, list[float]] = {name: [] for name in models}
    for _ in range(_ROUNDS):
        for name, model in models.items():
            started = time.process_time()
            _outputs(model)
            seconds[name].append(time.process_time() - started)
    return {name: min(taken) for name, taken in seconds.items()}


def _outputs(model: Any) -> NDArray[np.float32]:
    return np.asarray(model(_batch())[0], np.float32)


def _compile_from_cache(core: Any, folder: Path, name: str) -> Any:
    """Return a model, compiled from what an earlier start kept on this machine, which takes half the time.

    OpenVINO keeps no weights there, and recompiles what is damaged or made by another version. But it names a file by
    the model alone: one compiled in float32 would be run in bfloat16, and crash. So each precision has its own folder.
    """
    machine = hashlib.sha256(json.dumps(_machine(core)).encode()).hexdigest()[:16]
    cache = {"CACHE_DIR": str(folder / f"compiled-{name}-{machine}"), "CACHE_MODE": "OPTIMIZE_SIZE"}
    try:
        return _compile(core, folder, "CPU", name, cache)
    except RuntimeError as error:  # the folder cannot be written
        log.debug("A model of %s is compiled without a cache: %s", folder.name, error)
        return _compile(core, folder, "CPU", name)


def _compile(core: Any, folder: Path, device: str, name: str, more: Mapping[str, str] | None = None) -> Any:
    file, options = _OPTIONS[name]
    return core.compile_model(str(folder / file), device, {"PERFORMANCE_HINT": "THROUGHPUT", **options, **(more or {})})


def _batch() -> dict[str, NDArray[np.int64]]:
    ids = _FIRST_TOKEN + np.arange(np.prod(_SHAPE), dtype=np.int64).reshape(_SHAPE)
    return {"input_ids": ids, "attention_mask": np.ones_like(ids)}


def _cosine(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Return the cosine of two arrays as vectors; 0 if one has values that are not numbers."""
    value = float((one * other).sum()) / max(float(np.linalg.norm(one) * np.linalg.norm(other)), 1e-12)
    return value if np.isfinite(value) else 0.0


def _write(file: Path, record: dict[str, Any]) -> None:
    """Write a record at once, as other processes may read it; without room for it, each start measures again."""
    try:
        with tempfile.NamedTemporaryFile("w", dir=file.parent, encoding="utf-8", delete=False) as new:
            json.dump(record, new, indent=1)
        os.replace(new.name, file)
    except OSError as error:
        log.debug("The quickest precision is not recorded: %s", error)
