"""Compile an exported model in the precision that runs quicker on this machine: float32 or bfloat16.

bfloat16 halves the time of float32 with AMX and takes longer without. What a processor is said to be capable of does
not tell, so both are timed once, and the record of it is kept with the prepared model. They are timed again on another
processor, under another version of OpenVINO, or when the environment variable ONEDNN_MAX_CPU_ISA changes.
"""

import hashlib
import json
import logging
import os
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

log = logging.getLogger("footnote")

MODEL = "model.xml"
FLOAT32, BFLOAT16 = "float32", "bfloat16"
_HINTS = {FLOAT32: "f32", BFLOAT16: "bf16"}  # of OpenVINO

_RECORD = "quickest.json"
_ROUNDS = 3
_SHAPE = (4, 112)  # texts and tokens of a timed batch, as in a question's passages
_FIRST_TOKEN = 1000  # of the vocabulary's words; special tokens are before it
_CLEARLY = 0.9  # of float32's time; else float32 is used
_LEAST_COSINE = 0.99  # to the outputs in float32; a broken kernel gives far less


def compile_model(core: Any, folder: Path, device: str, precision: str) -> Any:
    """Return a prepared model, compiled.

    `precision` is that of the settings: `auto` or `reference`. `core` is OpenVINO's.
    """
    if device != "CPU":  # not measured
        return _compile(core, folder, device, FLOAT32)
    name = FLOAT32 if precision == "reference" else quicker(core, folder)
    return _compile_from_cache(core, folder, name)


def _machine(core: Any) -> dict[str, Any]:
    """Return what the measured times depend on."""
    import openvino as ov

    return {
        "processor": core.get_property("CPU", "FULL_DEVICE_NAME"),
        "capabilities": sorted(core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")),
        "ONEDNN_MAX_CPU_ISA": os.environ.get("ONEDNN_MAX_CPU_ISA", ""),
        "openvino": ov.__version__,
    }


def quicker(core: Any, folder: Path) -> str:
    """Return the quicker precision from the record; time both if there is no record of this machine."""
    machine = _machine(core)
    if "BF16" not in machine["capabilities"]:
        return FLOAT32
    file = folder / _RECORD
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
        if record["machine"] == machine and record["precision"] in _HINTS:
            return str(record["precision"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        log.debug("There is no record of the quicker precision in %s: %s", folder.name, error)
    seconds = _timed(core, folder)
    name = BFLOAT16 if seconds.get(BFLOAT16, np.inf) < _CLEARLY * seconds[FLOAT32] else FLOAT32
    milliseconds = {name: round(1000 * each, 1) for name, each in seconds.items()}
    _write(file, {"machine": machine, "precision": name, "milliseconds": milliseconds})
    return name


def _timed(core: Any, folder: Path) -> dict[str, float]:
    """Return the seconds that a batch takes in each precision that works on this machine.

    Processor time is measured, so that other programs disturb little, and the precisions take turns.
    """
    models = {FLOAT32: _compile(core, folder, "CPU", FLOAT32)}
    try:
        models[BFLOAT16] = _compile(core, folder, "CPU", BFLOAT16)
    except RuntimeError as error:  # ONEDNN_MAX_CPU_ISA hides the instructions
        log.debug("The model does not run in bfloat16: %s", error)
    seconds: dict[str, list[float]] = {name: [] for name in models}
    outputs: dict[str, NDArray[np.float32]] = {}
    for _ in range(1 + _ROUNDS):  # the first compiles for the shape
        for name, model in models.items():
            started = time.process_time()
            outputs[name] = np.asarray(model(_batch())[0], np.float32)
            seconds[name].append(time.process_time() - started)
    return {
        name: min(taken[1:])
        for name, taken in seconds.items()
        if name == FLOAT32 or _cosine(outputs[name], outputs[FLOAT32]) >= _LEAST_COSINE
    }


def _compile_from_cache(core: Any, folder: Path, name: str) -> Any:
    """Return a model, compiled from what an earlier start kept on this machine, which takes half the time.

    OpenVINO keeps no weights there, and recompiles what is damaged or made by another version.
    """
    machine = hashlib.sha256(json.dumps(_machine(core)).encode()).hexdigest()[:16]
    cache = {"CACHE_DIR": str(folder / f"compiled-{machine}"), "CACHE_MODE": "OPTIMIZE_SIZE"}
    try:
        return _compile(core, folder, "CPU", name, cache)
    except RuntimeError as error:  # the folder cannot be written
        log.debug("A model of %s is compiled without a cache: %s", folder.name, error)
        return _compile(core, folder, "CPU", name)


def _compile(core: Any, folder: Path, device: str, name: str, more: Mapping[str, str] | None = None) -> Any:
    options = {"PERFORMANCE_HINT": "THROUGHPUT", "INFERENCE_PRECISION_HINT": _HINTS[name], **(more or {})}
    return core.compile_model(str(folder / MODEL), device, options)


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
        log.debug("The quicker precision is not recorded: %s", error)
