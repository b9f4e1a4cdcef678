"""The cross-encoders that score texts against a question: the packaged one, or a user's own.

The packaged one is the embedding model with a low-rank adapter of a megabyte, trained by `python -m eval train`;
cross_encoder.md describes its training and its quality. The adapter is merged into the packaged weights once, in the
user's cache. From then on a question loads openvino and tokenizers only.
"""

import bisect
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
from ..types import Span
from . import int8, runtime
from .protocols import MarkedText, Reading, Reranker

log = logging.getLogger("footnote")

ADAPTER = Path(__file__).with_name("cross_encoder.safetensors")
ADAPTER_SHA256 = "2b85ab2e073ffd884e90df4b408e773e6a05cdc50bac54d4422ee1fd208ceb4a"
HEADS = ("answers", "stated", "sentence")
"""The text answers; what is asked for is stated in it; and one of its sentences answers."""

RANK = 16
SCALE = 2.0
"""The factor of the product of a layer's two matrices, before it is added to the layer's weights."""

MAX_TOKENS = 320
_MAX_QUESTION_TOKENS = 64  # the rest is for the text
_MAX_HEADING = 200  # characters of title and section
_HEAD_INPUTS = 2 * 384  # first token, and mean of the text or the sentence, each of the packaged model's dimensions
_REMEDY = 'Install Footnote again, or do without: [cross_encoder] model = "none".'

Array = NDArray[np.float32]


class Pair(NamedTuple):
    """Token ids of a question with a text, and for each of its sentences the first token and the one after the last."""

    ids: list[int]
    sentences: list[tuple[int, int]]


class PackagedReranker:
    """The packaged model with the adapter. It reads a question and a text once, and scores both text and sentences."""

    def __init__(self, tokenizer: Tokenizer, body: runtime.Loaded, weight: Array, bias: Array) -> None:
        """`weight` (heads, 2 * dimensions) and `bias` (heads,) belong to the heads over the `body`."""
        self._tokenizer = PairTokenizer(tokenizer, MAX_TOKENS)
        self._run, self.precision = body
        self._weight, self._bias = weight, bias

    def scores(self, question: str, texts: Sequence[str]) -> Array:
        readings = self.read(question, [MarkedText(text, ()) for text in texts])
        return np.array([each.answers for each in readings], np.float32)

    def read(self, question: str, texts: Sequence[MarkedText]) -> list[Reading]:
        """Return the logits of each text, which must come from `described`; its marks are its sentences."""
        pairs = self._tokenizer.encode(question, texts)
        ids = [pair.ids for pair in pairs]
        readings: dict[int, Reading] = {}

        def keep(batch: list[int], hidden: Any) -> None:
            for row, index in enumerate(batch):
                readings[index] = self._reading(np.asarray(hidden[row], np.float32), pairs[index])

        if ids:
            # One text a batch: 16 passages differ so much in length that padding batches of 8 takes a fifth of the
            # time. The longest go first, so that no core is left with a long one at the end.
            self._run(runtime.batches_by_length(ids, 1)[::-1], ids, keep)
        return [readings[index] for index in range(len(ids))]

    def _reading(self, hidden: Array, pair: Pair) -> Reading:
        spans = [(0, len(pair.ids)), *pair.sentences]
        means = np.array([hidden[start:end].mean(axis=0) for start, end in spans], np.float32)
        inputs = np.concatenate([np.broadcast_to(hidden[0], means.shape), means], axis=1)
        outputs = _finite(inputs @ self._weight.T + self._bias, "packaged")
        answers, stated, _ = outputs[0].tolist()
        return Reading(answers, stated, outputs[1:, 2])


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
    """Return the scores, or raise EmbeddingError: NaN has no order and passes every threshold."""
    if not np.isfinite(scores).all():
        raise EmbeddingError(
            f"The {name} cross-encoder gave scores that are not numbers: its weights are damaged. Set [cross_encoder] "
            'model to another, or to "none".'
        )
    return scores


def load_reranker(settings: config.CrossEncoder, running: config.Embedding) -> Reranker | None:
    """Return the cross-encoder that the settings name, None if they use none; prepare it at its first use.

    It runs with the backend and on the device of the embedding model, `running`. Raise EmbeddingError if the model is
    not on this machine, is not a cross-encoder, was altered, or cannot run.
    """
    if not settings.used:
        return None
    if settings.model == "auto":
        return _load(_prepare(running), runtime.place_of(running))
    return _load_users(settings.model, running)


def prepare_reranker(settings: config.CrossEncoder, running: config.Embedding) -> None:
    """Export the packaged cross-encoder if the settings use it and it is missing. Raise EmbeddingError if it fails."""
    if settings.used and settings.model == "auto":
        _prepare(running)


@functools.lru_cache(maxsize=2)  # open libraries share it
def _load(prepared: Path, place: runtime.Place) -> PackagedReranker:
    try:
        heads = json.loads((prepared / "heads.json").read_text())
        weight, bias = (np.array(heads[name], np.float32) for name in ("heads.weight", "heads.bias"))
        if weight.shape != (len(HEADS), _HEAD_INPUTS) or bias.shape != (len(HEADS),):
            raise ValueError(f"its heads have the shapes {weight.shape} and {bias.shape}")
        loaded = runtime.load_runner(prepared, place, lambda: _merged_transformer(place.device))
        return PackagedReranker(runtime.load_tokenizer(prepared), loaded, weight, bias)
    except Exception as error:  # the libraries raise anything
        raise EmbeddingError(
            f"The prepared cross-encoder {prepared.name!r} (in footnote/models of the user's cache) cannot be loaded "
            f"({reason(error)}). Delete that folder; the next start prepares it again. To do without: [cross_encoder] "
            'model = "none".'
        ) from error


def _prepare(running: config.Embedding) -> Path:
    folder, backend = runtime.model_folder(runtime.PACKAGED_MODEL), runtime.choose_backend(running)
    if not ADAPTER.is_file():
        raise EmbeddingError(f"The cross-encoder's file {ADAPTER} is missing. {_REMEDY}")
    prepared = runtime.prepared_folder([*runtime.weight_files(folder), ADAPTER], "cross-encoder", backend)
    if not prepared.is_dir():
        log.info("Preparing the cross-encoder (once, some seconds)...")
        runtime.verified_digest(folder)
        if runtime.sha256([ADAPTER]) != ADAPTER_SHA256:
            raise EmbeddingError(f"The cross-encoder's file {ADAPTER} was altered. {_REMEDY}")
        with runtime.preparation(prepared, "cross-encoder") as building:
            adapter = _arrays(ADAPTER)
            heads = {name: adapter[name].astype(float).tolist() for name in ("heads.weight", "heads.bias")}
            (building / "heads.json").write_text(json.dumps(heads))
            Tokenizer.from_file(str(folder / "tokenizer.json")).save(str(building / "tokenizer.json"))
            if backend == "openvino":
                runtime.export(_merged_transformer("cpu"), building, int8_group=int8.FINE)
    return prepared


def _merged_transformer(device: str) -> Any:
    import torch

    transformer = runtime.sentence_transformer(runtime.model_folder(runtime.PACKAGED_MODEL), device)[
        0
    ].auto_model.float()
    weights = {name: value.cpu().numpy() for name, value in transformer.state_dict().items()}
    changed = merged(weights, _arrays(ADAPTER))
    transformer.load_state_dict({name: torch.from_numpy(np.asarray(value)) for name, value in changed.items()})
    return transformer


def _arrays(file: Path) -> dict[str, Any]:
    from safetensors.numpy import load_file

    return dict(load_file(file))


def _load_users(name: str, running: config.Embedding) -> UserReranker:
    folder = runtime.model_folder(name, "cross-encoder", "cross_encoder")
    if not _is_cross_encoder(folder):
        raise EmbeddingError(
            f"{name!r} is not a cross-encoder: its config.json has no scoring head. Set "
            '[cross_encoder] model to another, or to "auto".'
        )
    runtime.keep_offline()
    from sentence_transformers import CrossEncoder as Model

    device = (
        running.device if runtime.choose_backend(running) == "torch" else "cpu"
    )  # OpenVINO's devices have other names
    try:
        model = Model(str(folder), device=device, local_files_only=True, trust_remote_code=False)
    except Exception as error:  # the library raises anything
        raise EmbeddingError(f"The cross-encoder {name!r} cannot be loaded: {reason(error)}.") from error
    if model.config.num_labels != 1:
        raise EmbeddingError(
            f"The cross-encoder {name!r} gives {model.config.num_labels} scores per pair; reranking needs one. Set "
            '[cross_encoder] model to another, or to "auto".'
        )
    return UserReranker(name, model)


def _is_cross_encoder(folder: Path) -> bool:
    """Return whether a model was saved with a scoring head; sentence-transformers gives others a random one."""
    try:
        kinds = json.loads((folder / "config.json").read_text(encoding="utf-8")).get("architectures") or []
        parts = folder / "modules.json"  # names the score of a language model's "yes"
        return any("ForSequenceClassification" in kind for kind in kinds) or (
            parts.is_file() and "cross_encoder" in parts.read_text(encoding="utf-8")
        )
    except (OSError, ValueError, AttributeError):
        return False


def described(title: str, section: str | None, sentences: Sequence[str]) -> MarkedText:
    """Return sentences under their title and section in the form in which they are read, each sentence marked."""
    heading = ": ".join(filter(None, (title, section)))[:_MAX_HEADING]
    text = f"{heading}\n" if heading else ""
    marks = []
    for sentence in sentences:
        marks.append(Span(len(text), len(text) + len(sentence)))
        text += f"{sentence} "
    return MarkedText(text.rstrip(), tuple(marks))


def merged(weights: Mapping[str, Any], adapter: Mapping[str, Any]) -> dict[str, Any]:
    """Return the weights, arrays by name, with the adapter's changes.

    A layer's matrix (out, in) changes by `SCALE` times `.up` (out, rank) @ `.down` (rank, in), a vector by `.added`.
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


class PairTokenizer:
    """Encode pairs of a question and a text; of a pair that is too long the text is cut."""

    def __init__(self, tokenizer: Tokenizer, max_tokens: int) -> None:
        """`tokenizer` must neither pad nor truncate."""
        self._tokenizer, self._max = tokenizer, max_tokens
        self._max_question = min(_MAX_QUESTION_TOKENS, max_tokens // 2)

    def encode(self, question: str, texts: Sequence[MarkedText]) -> list[Pair]:
        """Return the question with each text. A sentence that was cut off has the last token, which ends the pair."""
        offsets = self._tokenizer.encode(question, add_special_tokens=False).offsets
        if len(offsets) > self._max_question:
            question = question[: offsets[self._max_question - 1][1]]
        encodings = self._tokenizer.encode_batch([(question, text.text) for text in texts])
        return [self._pair(encoding, text.marks) for encoding, text in zip(encodings, texts, strict=True)]

    def _pair(self, encoding: Any, marks: Sequence[Span]) -> Pair:
        ids = encoding.ids
        if len(ids) > self._max:
            ids = [*ids[: self._max - 1], ids[-1]]
        first = encoding.type_ids.index(1) if 1 in encoding.type_ids else len(ids)
        starts = [start for start, _ in encoding.offsets[first:-1]]
        last = len(ids) - 1
        sentences = []
        for mark in marks:
            begin, end = (min(first + bisect.bisect_left(starts, at), last) for at in mark)
            sentences.append((begin, max(end, begin + 1)))
        return Pair(ids, sentences)
