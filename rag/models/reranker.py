"""Reads a question and a text together: the packaged embedding model, taught by a low-rank adapter of a megabyte.

One pass over a pair gives all that `HEADS` names. The adapter is made by `python -m eval train`; cross_encoder.md
beside it says of what, and how well it does. It is merged into the packaged weights once, in the user's cache; from
then on a question loads openvino and tokenizers alone. A user's own cross-encoder takes its place by name or path.
"""

from __future__ import annotations

import functools
import json
import logging
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from .. import config
from ..errors import EmbeddingError, reason
from .protocols import Reranker
from .runtime import (
    BATCH,
    PACKAGED_MODEL,
    Runner,
    chosen_backend,
    export,
    model_folder,
    openvino_runner,
    packaged_digest,
    prepared_folder,
    preparing,
    quieted,
    sentence_transformer,
    sha256,
    torch_runner,
    weight_files,
)

log = logging.getLogger("footnote")

ADAPTER = Path(__file__).with_name("cross_encoder.safetensors")
ADAPTER_SHA256 = "fe85087570eed97530e77f3fa611f6e4aba4abdd2a205e9b2a171c84147d424f"
HEADS = ("answers", "stated", "supported", "contradicted", "missing")
"""Does the text answer; is the kind of thing asked for stated in it; and of a sentence and quotes, which of three."""

RANK = 16
SCALE = 2.0
"""What the product of a layer's two matrices is multiplied by before it is added to the layer's weights."""

MAX_TOKENS = 256
_SMALLEST_BATCH = 4
_HEAD_INPUTS = 2 * 384  # the packaged model's dimensions, of the first token and of the mean
_REMEDY = 'Install Footnote again, or do without: [cross_encoder] model = "none".'
_QUESTION_TOKENS = 96  # of a question or a checked sentence as many are read; the rest is left to the text

Array = NDArray[np.float32]


class Reading(NamedTuple):
    """Of each text read beside a question, (texts,): how far it answers, and how far the kind of thing asked for is
    stated in it, both as logits. The first was learned beside the program's own score, as what is to be added to it."""

    answers: Array
    stated: Array


class PackagedReranker:
    """The packaged model with the adapter."""

    def __init__(self, tokenizer: Tokenizer, run: Runner, weight: Array, bias: Array) -> None:
        """`weight` (heads, 2 dimensions) and `bias` (heads,) are the heads'."""
        self._tokenizer = PairTokenizer(tokenizer, MAX_TOKENS)
        self._run, self._weight, self._bias = run, weight, bias

    def scores(self, question: str, texts: Sequence[str]) -> Array:
        return self.read(question, texts).answers

    def read(self, question: str, texts: Sequence[str]) -> Reading:
        """What the first two heads say of each of `texts`, which are as `described` gives them."""
        outputs = self._outputs(self._tokenizer.encode(question, texts))
        return Reading(outputs[:, 0], outputs[:, 1])

    def support(self, pairs: Sequence[tuple[str, str]]) -> Array:
        """Of each sentence and its quotes the logits of supported, contradicted and missing, (pairs, 3).

        The check of citations (`rag.answering.support`) does better without them: eval/LOG.md.
        """
        return self._outputs([ids for pair in pairs for ids in self._tokenizer.encode(pair[0], [pair[1]])])[:, 2:]

    def _outputs(self, ids: list[list[int]]) -> Array:
        """The heads' outputs, (rows, heads); the batches are made by length."""
        outputs = np.zeros((len(ids), len(HEADS)), np.float32)
        order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
        size = min(BATCH, max(_SMALLEST_BATCH, -(-len(order) // 2)))  # a batch is run on one core, and there are two
        batches = [order[i : i + size] for i in range(0, len(order), size)]

        def keep(batch: list[int], hidden: Any) -> None:
            mask = np.zeros(hidden.shape[:2], np.float32)
            for row, index in enumerate(batch):
                mask[row, : len(ids[index])] = 1.0
            outputs[batch] = pooled(np.asarray(hidden, np.float32), mask) @ self._weight.T + self._bias

        if ids:
            self._run(batches, ids, keep)
        return _finite(outputs, "packaged")


class UserReranker:
    """A user's own cross-encoder, run by sentence-transformers."""

    def __init__(self, name: str, model: Any) -> None:
        self._name, self._model, self._lock = name, model, threading.Lock()

    def scores(self, question: str, texts: Sequence[str]) -> Array:
        import torch

        with self._lock:
            scores = self._model.predict(
                [(question, text) for text in texts],
                activation_fn=torch.nn.Identity(),
                show_progress_bar=False,
                convert_to_numpy=True,
            )
        return _finite(np.asarray(scores, np.float32), repr(self._name))


def _finite(scores: Array, name: str) -> Array:
    """The scores as they are: one that is no number would leave no order, and let every answer pass."""
    if not np.isfinite(scores).all():
        raise EmbeddingError(
            f"The {name} cross-encoder gave scores that are no numbers: its weights are damaged. Set [cross_encoder] "
            'model to another, or to "none".'
        )
    return scores


def load_reranker(settings: config.CrossEncoder, running: config.Embedding) -> Reranker | None:
    """The cross-encoder that the settings name, prepared first where that was not done before; None if none is used.

    `running` says on what it is run, as the embedding model is.

    Raises:
        EmbeddingError: the model is not on this machine, is no cross-encoder, was altered, or cannot be run.
    """
    if not settings.used:
        return None
    return _adapted(running) if settings.model == "auto" else _own(settings.model, running)


def prepare_reranker(settings: config.CrossEncoder, running: config.Embedding) -> None:
    """Exports the packaged cross-encoder where the settings use it and that was not done before.

    Raises:
        EmbeddingError: it was altered, or cannot be stored.
    """
    if settings.used and settings.model == "auto":
        _prepared(running)


def _adapted(running: config.Embedding) -> PackagedReranker:
    return _loaded(_prepared(running), chosen_backend(running), running.device)


@functools.lru_cache(maxsize=2)  # libraries that are open at the same time share it
def _loaded(prepared: Path, backend: str, device: str) -> PackagedReranker:
    try:
        tokenizer = Tokenizer.from_file(str(prepared / "tokenizer.json"))
        tokenizer.no_padding()
        tokenizer.no_truncation()
        heads = json.loads((prepared / "heads.json").read_text())
        weight, bias = (np.array(heads[name], np.float32) for name in ("heads.weight", "heads.bias"))
        if weight.shape != (len(HEADS), _HEAD_INPUTS) or bias.shape != (len(HEADS),):
            raise ValueError(f"its heads have the shapes {weight.shape} and {bias.shape}")
        if backend == "openvino":
            run = openvino_runner(prepared, device)
        else:
            run = torch_runner(_merged_transformer(device), device)
    except Exception as error:  # the libraries raise whatever they like here
        raise EmbeddingError(
            f"The prepared cross-encoder {prepared.name!r} (in footnote/models of the user's cache) cannot be loaded "
            f"({reason(error)}). Delete that folder: "
            'it is made again at the next start. Without it: [cross_encoder] model = "none".'
        ) from error
    return PackagedReranker(tokenizer, run, weight, bias)


def _prepared(running: config.Embedding) -> Path:
    """The folder of the prepared cross-encoder, made where there is none."""
    folder, backend = model_folder(PACKAGED_MODEL), chosen_backend(running)
    if not ADAPTER.is_file():
        raise EmbeddingError(f"The cross-encoder's file {ADAPTER} is missing. {_REMEDY}")
    prepared = prepared_folder([*weight_files(folder), ADAPTER], "cross-encoder", backend)
    if not prepared.is_dir():
        log.info("Preparing the cross-encoder (once, some seconds)...")
        packaged_digest(folder)
        if sha256([ADAPTER]) != ADAPTER_SHA256:
            raise EmbeddingError(f"The cross-encoder's file {ADAPTER} was altered. {_REMEDY}")
        with preparing(prepared, "cross-encoder") as building:
            adapter = _arrays(ADAPTER)
            heads = {name: adapter[name].astype(float).tolist() for name in ("heads.weight", "heads.bias")}
            (building / "heads.json").write_text(json.dumps(heads))
            Tokenizer.from_file(str(folder / "tokenizer.json")).save(str(building / "tokenizer.json"))
            if backend == "openvino":
                export(_merged_transformer("cpu"), building)
    return prepared


def _merged_transformer(device: str) -> Any:
    """The packaged transformer with the adapter's changes."""
    import torch

    transformer = sentence_transformer(model_folder(PACKAGED_MODEL), device)[0].auto_model.float()
    weights = {name: value.cpu().numpy() for name, value in transformer.state_dict().items()}
    changed = merged(weights, _arrays(ADAPTER))
    transformer.load_state_dict({name: torch.from_numpy(np.asarray(value)) for name, value in changed.items()})
    return transformer


def _arrays(file: Path) -> dict[str, Any]:
    from safetensors.numpy import load_file

    return dict(load_file(file))


def _own(name: str, running: config.Embedding) -> UserReranker:
    folder = model_folder(name, "cross-encoder", "cross_encoder")
    if not _reads_pairs(folder):
        raise EmbeddingError(
            f"{name!r} is no cross-encoder: nothing in its config.json scores a question with a text. Set "
            '[cross_encoder] model to one that does, or to "auto".'
        )
    quieted()
    from sentence_transformers import CrossEncoder as Model

    device = running.device if chosen_backend(running) == "torch" else "cpu"  # OpenVINO's devices have other names
    try:
        model = Model(str(folder), device=device, local_files_only=True, trust_remote_code=False)
    except Exception as error:  # the library raises whatever it likes here
        raise EmbeddingError(f"The cross-encoder {name!r} cannot be loaded: {reason(error)}.") from error
    if model.config.num_labels != 1:
        raise EmbeddingError(
            f"The cross-encoder {name!r} gives {model.config.num_labels} scores a pair; one that ranks gives one. Set "
            '[cross_encoder] model to such a one, or to "auto".'
        )
    return UserReranker(name, model)


def _reads_pairs(folder: Path) -> bool:
    """Whether a model was saved with what scores a pair: another would be given one with weights drawn at random."""
    try:
        kinds = json.loads((folder / "config.json").read_text(encoding="utf-8")).get("architectures") or []
        parts = folder / "modules.json"  # where a language model's yes is the score, it stands here
        return any("ForSequenceClassification" in kind for kind in kinds) or (
            parts.is_file() and "cross_encoder" in parts.read_text(encoding="utf-8")
        )
    except (OSError, ValueError, AttributeError):
        return False


def described(title: str, text: str) -> str:
    """A text as it is read beside a question."""
    return f"{title}: {text}" if title else text


def merged(weights: Mapping[str, Any], adapter: Mapping[str, Any]) -> dict[str, Any]:
    """The weights with the adapter's changes, arrays by name.

    A layer's matrix (out, in) changes by `SCALE` times `.up` (out, rank) @ `.down` (rank, in); vectors by `.added`.
    """
    changed = dict(weights)
    for name, change in adapter.items():
        layer, _, kind = name.rpartition(".")
        if kind == "up":
            down = adapter[f"{layer}.down"].astype(np.float32)
            changed[layer] = weights[layer] + SCALE * change.astype(np.float32) @ down
        elif kind == "added":
            changed[layer] = weights[layer] + change.astype(np.float32)
    return changed


def pooled(hidden: Any, mask: Any) -> Any:
    """The first token's output beside the mean of all, (rows, 2 dimensions); of NumPy's arrays as of torch's.

    `hidden` is (rows, tokens, dimensions); `mask` (rows, tokens), of its type, is 1 where there is a token.
    """
    means = (hidden * mask[:, :, None]).sum(1) / mask.sum(1)[:, None]
    if isinstance(hidden, np.ndarray):
        return np.concatenate([hidden[:, 0], means], axis=1)
    import torch

    return torch.cat([hidden[:, 0], means], dim=1)


class PairTokenizer:
    """Texts beside a question as token ids; of a pair that is too long the text is cut."""

    def __init__(self, tokenizer: Tokenizer, max_tokens: int) -> None:
        """`tokenizer` neither pads nor cuts."""
        self._tokenizer, self._max = tokenizer, max_tokens
        self._of_question = min(_QUESTION_TOKENS, max_tokens // 2)

    def encode(self, question: str, texts: Sequence[str]) -> list[list[int]]:
        """The token ids of the question with each text."""
        offsets = self._tokenizer.encode(question, add_special_tokens=False).offsets
        if len(offsets) > self._of_question:
            question = question[: offsets[self._of_question - 1][1]]
        return [self._cut(each.ids) for each in self._tokenizer.encode_batch([(question, text) for text in texts])]

    def _cut(self, ids: list[int]) -> list[int]:
        return ids if len(ids) <= self._max else [*ids[: self._max - 1], ids[-1]]
