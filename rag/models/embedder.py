"""The embedding model: prepared once by sentence-transformers, then run by OpenVINO.

The preparation exports the model into the user's cache. From then on a question loads openvino and tokenizers only,
never torch. Without OpenVINO, torch runs the same model.
"""

import functools
import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from .. import config
from ..errors import EmbeddingError, reason
from ..types import Span
from . import int8, runtime
from .protocols import Encoded, MarkedText, ModelCard, TokenVectors, Vectors

log = logging.getLogger("footnote")

T = TypeVar("T")


class SentenceEmbedder:
    """An embedding model of sentence-transformers. Thread-safe."""

    def __init__(self, card: ModelCard, tokenizer: Tokenizer, run: runtime.Runner) -> None:
        """`tokenizer` must not truncate."""
        self.card = card
        self.tokenizer = tokenizer
        self._run = run

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(e.ids) for e in self.tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)]

    def token_spans(self, text: str) -> list[Span]:
        return [Span(*offsets) for offsets in self.tokenizer.encode(text, add_special_tokens=False).offsets]

    @property
    def room(self) -> int:
        special: int = self.tokenizer.num_special_tokens_to_add(False)
        return self.card.max_tokens - special - self.count_tokens([self.card.document_prompt])[0]

    def encode_question(self, question: str) -> Vectors:
        return self._encode([MarkedText(self.card.query_prompt + question, ())])[0].vector

    def encode_texts(self, texts: Sequence[MarkedText]) -> list[Encoded]:
        prompt = self.card.document_prompt
        shift = len(prompt)
        moved = [MarkedText(prompt + t, tuple(Span(a + shift, b + shift) for a, b in marks)) for t, marks in texts]
        return self._encode(moved if prompt else texts)

    def token_vectors(self, texts: Sequence[str]) -> list[TokenVectors]:
        return self._map_outputs(texts, lambda _, hidden, encoding: _token_vectors(hidden, encoding))

    def _encode(self, texts: Sequence[MarkedText]) -> list[Encoded]:
        return self._map_outputs(
            [t.text for t in texts], lambda i, hidden, encoding: self._pooled(hidden, encoding, texts[i].marks)
        )

    def _map_outputs(self, texts: Sequence[str], function: Callable[[int, Vectors, Any], T]) -> list[T]:
        """Call `function(index, model output, encoding)` for each text and return the results in input order."""
        encodings = self.tokenizer.encode_batch(list(texts))
        if any(len(each.ids) > self.card.max_tokens for each in encodings):
            encodings = self._truncating.encode_batch(list(texts))
        ids = [e.ids for e in encodings]
        results: dict[int, T] = {}

        def keep(batch: list[int], hidden: NDArray[np.float32]) -> None:
            for row, index in enumerate(batch):
                results[index] = function(index, hidden[row], encodings[index])

        self._run(runtime.batches_by_length(ids, runtime.BATCH_SIZE), ids, keep)
        return [results[i] for i in range(len(texts))]

    @functools.cached_property
    def _truncating(self) -> Tokenizer:
        """A copy that truncates; made when a text is too long, since a question is not."""
        tokenizer = Tokenizer.from_str(self.tokenizer.to_str())
        tokenizer.enable_truncation(self.card.max_tokens)
        return tokenizer

    def _pooled(self, hidden: Vectors, encoding: Any, marks: Sequence[Span]) -> Encoded:
        """Pool the text's vector, and each mark's as the mean of its tokens: in context, and at no further cost."""
        tokens = hidden[: len(encoding.ids)].astype(np.float32)
        whole = tokens[0] if self.card.pooling == "cls" else tokens.mean(axis=0)
        starts = np.array([a for a, _ in encoding.offsets])
        ends = np.array([b for _, b in encoding.offsets])
        rows = np.zeros((len(marks), self.card.dimensions), np.float32)
        for row, (start, end) in enumerate(marks):
            inside = (starts >= start) & (ends <= end) & (ends > starts)
            rows[row] = tokens[inside].mean(axis=0) if inside.any() else whole
        return Encoded(_unit(whole), _unit(rows), len(encoding.ids))


def load_embedder(settings: config.Embedding) -> SentenceEmbedder:
    """Return the embedder that the settings name; prepare it at its first use.

    Raise EmbeddingError if the model is not on this machine, was altered, or cannot run.
    """
    folder = runtime.model_folder(settings.model)
    backend = runtime.choose_backend(settings)
    prepared = runtime.prepared_folder(runtime.weight_files(folder), settings.model, backend)
    if not prepared.is_dir():
        _prepare(folder, settings.model, backend, prepared)
    return _load(prepared, folder, runtime.place_of(settings))


@functools.lru_cache(maxsize=2)  # open libraries share it
def _load(prepared: Path, folder: Path, place: runtime.Place) -> SentenceEmbedder:
    try:
        card = ModelCard(**json.loads((prepared / "model.json").read_text()))
        loaded = runtime.load_runner(
            prepared, place, lambda: runtime.sentence_transformer(folder, place.device)[0].auto_model
        )
        return SentenceEmbedder(card, runtime.load_tokenizer(prepared), loaded.run)
    except Exception as error:  # the libraries raise anything
        raise EmbeddingError(
            f"The prepared embedding model {prepared.name!r} (in footnote/models of the user's cache) cannot be loaded "
            f"({reason(error)}). Delete that folder; the next start prepares the model again."
        ) from error


def _prepare(folder: Path, name: str, backend: str, target: Path) -> None:
    log.info("Preparing the embedding model %s (once, about 20 seconds)...", name)
    digest = runtime.verified_digest(folder)
    with runtime.preparation(target, f"embedding model {name}") as building:
        model = runtime.sentence_transformer(folder, "cpu")
        card = _describe(model, name, digest)
        model.tokenizer.backend_tokenizer.save(str(building / "tokenizer.json"))
        (building / "model.json").write_text(json.dumps(asdict(card), indent=1))
        if backend == "openvino":
            if card.pooling == "other":
                raise EmbeddingError(
                    f"Only sentence-transformers can pool as {name} does: set [embedding] backend to 'torch'."
                )
            runtime.export(model[0].auto_model, building, int8_group=int8.COARSE)


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


def _token_vectors(hidden: Vectors, encoding: Any) -> TokenVectors:
    kept = [i for i, special in enumerate(encoding.special_tokens_mask) if not special]
    return TokenVectors(_unit(hidden[kept].astype(np.float32)), tuple(Span(*encoding.offsets[i]) for i in kept))


def _unit(vectors: Vectors) -> Vectors:
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(norms, 1e-12), np.float32)
