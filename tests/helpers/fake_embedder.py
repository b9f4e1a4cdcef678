"""Make an embedder without a model, based on letters, that is fast enough for thousands of papers."""

from __future__ import annotations

import string
from collections.abc import Callable
from typing import Any

import numpy as np
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import Lowercase
from tokenizers.pre_tokenizers import BertPreTokenizer

from rag.models.embedder import SentenceEmbedder
from rag.models.protocols import ModelCard

_PAIRS = 5003


def fake_embedder(dimensions: int = 32) -> SentenceEmbedder:
    """Return an embedder whose vectors depend on the letter pairs in a text; each size has its own digest."""
    letters = string.ascii_lowercase + string.digits
    words = ["[UNK]", *letters, *("##" + letter for letter in letters), *".,:;-()"]
    tokenizer = Tokenizer(WordPiece({word: i for i, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.normalizer = Lowercase()
    tokenizer.pre_tokenizer = BertPreTokenizer()
    table = np.random.default_rng(dimensions).normal(size=(_PAIRS, dimensions)).astype(np.float32)

    def run(batches: list[list[int]], ids: list[list[int]], keep: Callable[[list[int], Any], None]) -> None:
        for batch in batches:
            hidden = np.zeros((len(batch), max(len(ids[i]) for i in batch), dimensions), np.float32)
            for row, i in enumerate(batch):
                numbers = np.array(ids[i])
                hidden[row, : len(numbers)] = table[(np.roll(numbers, 1) * 97 + numbers) % _PAIRS]
            keep(batch, hidden)

    card = ModelCard("stand-in", f"digest {dimensions}", dimensions, 256, "mean", True, "", "")
    return SentenceEmbedder(card, tokenizer, run)
