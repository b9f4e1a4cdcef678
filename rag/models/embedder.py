"""Texts to vectors: the embedding model, prepared once by sentence-transformers and then run by OpenVINO.

Preparing exports the model into the user's cache; from then on a question loads openvino and tokenizers alone, never
torch. Where OpenVINO is not installed, torch runs the same model through sentence-transformers.
"""

from __future__ import annotations

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
from .protocols import Encoded, MarkedText, ModelCard, TokenVectors, Vectors
from .runtime import (
    BATCH,
    Runner,
    chosen_backend,
    export,
    model_folder,
    openvino_runner,
    packaged_digest,
    prepared_folder,
    preparing,
    sentence_transformer,
    torch_runner,
    weight_files,
)

log = logging.getLogger("footnote")

_Made = TypeVar("_Made")


class SentenceEmbedder:
    """An embedding model. Safe to use from several threads."""

    def __init__(self, card: ModelCard, tokenizer: Tokenizer, run: Runner) -> None:
        self.card = card
        self.tokenizer = tokenizer  # reads to the end, for counting
        self._truncating = Tokenizer.from_str(tokenizer.to_str())
        self._truncating.enable_truncation(card.max_tokens)
        self._run = run

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """The number of tokens of each text, without the model's special tokens."""
        return [len(e.ids) for e in self.tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)]

    def token_spans(self, text: str) -> list[Span]:
        """The span of each token of `text`, special tokens left out."""
        return [Span(*offsets) for offsets in self.tokenizer.encode(text, add_special_tokens=False).offsets]

    @property
    def room(self) -> int:
        """The most tokens of a text that the model reads, special tokens and the document prompt taken off."""
        special: int = self.tokenizer.num_special_tokens_to_add(False)
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
        batches = [order[i : i + BATCH] for i in range(0, len(order), BATCH)]

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


def load_embedder(settings: config.Embedding) -> SentenceEmbedder:
    """The embedder that the settings name, prepared first where that was not done before.

    Raises:
        EmbeddingError: the model is not on this machine, was altered, or cannot be run.
    """
    folder = model_folder(settings.model)
    backend = chosen_backend(settings)
    prepared = prepared_folder(weight_files(folder), settings.model, backend)
    if not prepared.is_dir():
        _prepare(folder, settings.model, backend, prepared)
    return _loaded(prepared, folder, backend, settings.device)


@functools.lru_cache(maxsize=2)  # libraries that are open at the same time share it
def _loaded(prepared: Path, folder: Path, backend: str, device: str) -> SentenceEmbedder:
    try:
        card = ModelCard(**json.loads((prepared / "model.json").read_text()))
        tokenizer = Tokenizer.from_file(str(prepared / "tokenizer.json"))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        if backend == "openvino":
            run = openvino_runner(prepared, device)
        else:
            run = torch_runner(sentence_transformer(folder, device)[0].auto_model, device)
    except Exception as error:  # the libraries raise whatever they like here
        raise EmbeddingError(
            f"The prepared embedding model {prepared.name!r} (in footnote/models of the user's cache) cannot be loaded "
            f"({reason(error)}). Delete that folder: it is made again at the next start."
        ) from error
    return SentenceEmbedder(card, tokenizer, run)


def _prepare(folder: Path, name: str, backend: str, target: Path) -> None:
    log.info("Preparing the embedding model %s (once, about 20 seconds)...", name)
    digest = packaged_digest(folder)
    with preparing(target, f"embedding model {name}") as building:
        model = sentence_transformer(folder, "cpu")
        card = _describe(model, name, digest)
        model.tokenizer.backend_tokenizer.save(str(building / "tokenizer.json"))
        (building / "model.json").write_text(json.dumps(asdict(card), indent=1))
        if backend == "openvino":
            if card.pooling == "other":
                raise EmbeddingError(
                    f"{name} pools in a way that only sentence-transformers knows: set [embedding] backend to 'torch'."
                )
            export(model[0].auto_model, building)


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
