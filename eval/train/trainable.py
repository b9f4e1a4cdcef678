"""Define the cross-encoder as a torch module. Importing it takes seconds, so only the training imports it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.numpy import load_file
from torch import nn

from rag.models.reranker import ADAPTER, HEADS, RANK, SCALE
from rag.models.runtime import PACKAGED_MODEL, model_folder, sentence_transformer


class LowRank(nn.Module):
    """A frozen linear layer with a trainable low-rank update."""

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        self.layer = layer
        self.down = nn.Parameter(torch.empty(RANK, layer.in_features))
        self.up = nn.Parameter(torch.zeros(layer.out_features, RANK))
        nn.init.kaiming_uniform_(self.down, a=math.sqrt(5))

    def forward(self, x: Any) -> Any:
        return self.layer(x) + SCALE * (x @ self.down.T) @ self.up.T


class Reader(nn.Module):
    """The packaged model with trainable low-rank layers, biases and norms, and the heads."""

    def __init__(self) -> None:
        super().__init__()
        self.body = sentence_transformer(model_folder(PACKAGED_MODEL), "cpu")[0].auto_model.float()
        self.body.set_attn_implementation("sdpa")
        self.start = {name: value.clone() for name, value in self.body.named_parameters() if value.ndim == 1}
        for name, parameter in self.body.named_parameters():
            parameter.requires_grad = name in self.start and name.startswith("encoder.")
        for module in list(self.body.encoder.modules()):
            for name, child in list(module.named_children()):
                if isinstance(child, nn.Linear):
                    setattr(module, name, LowRank(child))
        self.heads = nn.Linear(2 * self.body.config.hidden_size, len(HEADS))
        self.load(_arrays(ADAPTER))

    def load(self, adapter: dict[str, Any]) -> None:
        """Set the trainable parameters from an adapter; a missing third head is initialised from the first."""
        with torch.no_grad():
            for name, parameter in self.body.named_parameters():
                layer, _, kind = name.rpartition(".")
                if kind in ("down", "up"):
                    parameter.copy_(torch.from_numpy(adapter[f"{layer}.weight.{kind}"]))
                elif parameter.requires_grad:
                    parameter.add_(torch.from_numpy(adapter[f"{_plain(name)}.added"]))
            for part, to in (("weight", self.heads.weight), ("bias", self.heads.bias)):
                given = adapter[f"heads.{part}"]
                rows = given if len(given) == len(HEADS) else given[[0, 1, 0]]
                to.copy_(torch.from_numpy(rows))

    def forward(self, ids: Any, mask: Any, rows: Any, means: Any) -> tuple[Any, Any]:
        """Return the logits of the passages, (passages, 2), and of the sentences, (sentences,).

        `rows` (sentences,) has each sentence's passage; `means` (sentences, passages * tokens) averages its tokens.
        """
        added = (1.0 - mask[:, None, None, :]) * torch.finfo(torch.float32).min
        hidden = self.body(input_ids=ids, attention_mask=added).last_hidden_state
        whole = (hidden * mask[:, :, None]).sum(1) / mask.sum(1)[:, None]
        sentences = torch.sparse.mm(means, hidden.reshape(-1, hidden.shape[-1]))
        first = hidden[:, 0]
        of_passages = self.heads(torch.cat([first, whole], 1))[:, :2]
        return of_passages, self.heads(torch.cat([first[rows], sentences], 1))[:, 2]

    def adapter(self) -> dict[str, Any]:
        """Return the adapter's arrays in half precision, named as `rag.models.reranker.merged` reads them."""
        arrays: dict[str, Any] = {}
        for name, parameter in self.body.named_parameters():
            layer, _, kind = name.rpartition(".")
            plain = _plain(name)
            if kind in ("down", "up"):
                arrays[f"{layer}.weight.{kind}"] = parameter
            elif parameter.requires_grad:
                arrays[f"{plain}.added"] = parameter.detach().cpu() - self.start[plain]
        arrays |= {"heads.weight": self.heads.weight, "heads.bias": self.heads.bias}
        return {name: value.detach().cpu().numpy().astype(np.float16) for name, value in arrays.items()}


def _plain(name: str) -> str:
    """Return a parameter's name in the packaged model."""
    return name.replace(".layer.weight", ".weight").replace(".layer.bias", ".bias")


def _arrays(file: Path) -> dict[str, Any]:
    return {name: array.astype(np.float32) for name, array in load_file(file).items()}
