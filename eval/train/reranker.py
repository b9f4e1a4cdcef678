"""Train the cross-encoder: an adapter of the packaged embedding model and five heads, in one small file.

    python -m eval train --data ../shared/data --out out/train

Writes cross_encoder.safetensors (half precision) and curve.json to --out. An interrupted run continues from its last
checkpoint, unless data, rate or code changed. The training data are described in eval/train/groups.py, the file's
format in rag/models/reranker.py, whose ADAPTER_SHA256 changes with the file.

The loss of a group is the cross-entropy of the text that answers among all (a softmax of the output plus the program's
own score, so that the model only learns what that score lacks) and a logistic loss of whether each text states what is
asked for; the loss of a pair is the cross-entropy of its three labels of support.
"""

import argparse
import hashlib
import itertools
import json
import math
import random
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sklearn.metrics import roc_auc_score

from rag.config import Embedding
from rag.models.embedder import load_embedder
from rag.models.reranker import HEADS, RANK, SCALE, PairTokenizer, described, pooled
from rag.models.runtime import PACKAGED_MODEL, model_folder, sentence_transformer

from ..runs import code_digest
from .data import CLOZE, PASSAGES, Data
from .groups import read_data

_BATCH_TOKENS = 4096
_ROWS = {"cpu": 96, "cuda": 512}
"""The texts in a forward pass; they have similar lengths, so that little is padded."""
_SENTENCE_TOKENS, _PASSAGE_TOKENS = 96, 256
_HELD_OUT = 0.03  # of all groups and pairs, for the curve
_RATE = 4e-4  # 1e-3 does not converge
_HEADS_RATE = 5.0  # times the rate, for the heads, which start at random
_WARMUP = 100  # steps
_DECAY = 0.5  # of all steps
_STATED_WEIGHT = 0.5  # of the loss of "stated"; that of "answers" has 1
_CHECKPOINT_STEPS = 100
_SEED = 0
FILE = "cross_encoder.safetensors"


class Example(NamedTuple):
    """Token ids of the texts of a group, or of one pair; `label` is 0 (answers), -1 (none does), or the pair's.

    `scores` are the program's own of the texts of a group.
    """

    source: str
    ids: list[list[int]]
    label: int
    scores: list[float]

    @property
    def is_passages(self) -> bool:
        return self.source == PASSAGES

    @property
    def tokens(self) -> int:
        return len(self.ids) * max(map(len, self.ids))


Batch = list[Example]


def main(arguments: Sequence[str]) -> int:
    """Train, write the adapter and the curve."""
    parser = argparse.ArgumentParser(prog="python -m eval train", description="Train the cross-encoder.")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="the folder of the collections")
    parser.add_argument("--out", type=Path, default=Path("out/train"), metavar="DIR")
    parser.add_argument("--steps", type=int, metavar="N", help="number of steps (default: one pass over the data)")
    parser.add_argument("--papers", type=int, metavar="N", help="the first N of each collection, for a trial")
    parser.add_argument("--rate", type=float, default=_RATE, help="the highest learning rate")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args(arguments)
    data = _stored_data(options.data, options.out, options.papers)
    examples, held = split(encoded(data))
    train(examples, held, options.out, options.steps, options.rate, options.threads)
    return 0


def _stored_data(folder: Path, out: Path, papers: int | None) -> Data:
    """Return the data; it is kept in `out`, because retrieving the negatives takes long."""
    file = out / f"data-{papers or 'all'}-{code_digest()[:12]}.json"
    if not file.is_file():
        data = read_data(folder, out, papers)
        unfinished = file.with_suffix(".new")
        unfinished.write_text(json.dumps(data), encoding="utf-8")
        unfinished.replace(file)
    return Data.from_lists(json.loads(file.read_text(encoding="utf-8")))


def encoded(data: Data) -> list[Example]:
    """Encode the groups and pairs as token ids."""
    tokenizer = load_embedder(Embedding(model=PACKAGED_MODEL)).tokenizer
    sentences, passages = (PairTokenizer(tokenizer, most) for most in (_SENTENCE_TOKENS, _PASSAGE_TOKENS))
    examples = []
    for group in data.groups:
        read = passages if group.source == PASSAGES else sentences
        ids = read.encode(group.question, [described(text.title, text.text) for text in group.texts])
        scores = [text.score for text in group.texts]
        examples.append(Example(group.source, ids, 0 if group.answers else -1, scores))
    pairs = [Example("support", passages.encode(pair.sentence, [pair.quotes]), pair.label, []) for pair in data.pairs]
    return examples + pairs


def split(examples: Sequence[Example]) -> tuple[list[Example], list[Example]]:
    """Return the examples to train on, and those held out for the curve."""
    drawn = random.Random(_SEED).sample(examples, len(examples))
    count = int(len(drawn) * _HELD_OUT)
    return drawn[count:], drawn[:count]


def batches(examples: Sequence[Example], seed: int) -> list[Batch]:
    """Make batches of about `_BATCH_TOKENS` tokens, of groups or of pairs, of similar lengths, in random order."""
    rng = random.Random(seed)
    made: list[Batch] = []
    for support in (False, True):
        kept = [each for each in examples if (each.source == "support") == support]
        # Sorted by length with some noise, so that a batch is not the same in each pass.
        order = sorted(kept, key=lambda each: max(map(len, each.ids)) * rng.uniform(0.9, 1.1))
        batch: Batch = []
        for each in order:
            longest = max(max(map(len, one.ids)) for one in [*batch, each])
            if batch and longest * sum(len(one.ids) for one in [*batch, each]) > _BATCH_TOKENS:
                made.append(batch)
                batch = []
            batch.append(each)
        made += [batch] if batch else []
    return rng.sample(made, len(made))


def _reader() -> Any:
    """Return a torch module: the packaged model with trainable low-rank layers, biases and norms, and the heads."""
    import torch
    from torch import nn

    class LowRank(nn.Module):
        def __init__(self, layer: nn.Linear) -> None:
            super().__init__()
            self.layer = layer
            self.down = nn.Parameter(torch.empty(RANK, layer.in_features))
            self.up = nn.Parameter(torch.zeros(layer.out_features, RANK))
            nn.init.kaiming_uniform_(self.down, a=math.sqrt(5))

        def forward(self, x: Any) -> Any:
            return self.layer(x) + SCALE * (x @ self.down.T) @ self.up.T

    class Reader(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = sentence_transformer(model_folder(PACKAGED_MODEL), "cpu")[0].auto_model
            self.body.set_attn_implementation("eager")  # in bfloat16 on a processor nearly twice as fast as SDPA
            self.start = {name: value.clone() for name, value in self.body.named_parameters() if value.ndim == 1}
            for name, parameter in self.body.named_parameters():
                parameter.requires_grad = name in self.start and name.startswith("encoder.")
            for module in list(self.body.encoder.modules()):
                for name, child in list(module.named_children()):
                    if isinstance(child, nn.Linear):
                        setattr(module, name, LowRank(child))
            self.heads = nn.Linear(2 * self.body.config.hidden_size, len(HEADS))
            self.beside = nn.Parameter(torch.ones(2))

        def forward(self, ids: Any, mask: Any) -> Any:
            added = (1.0 - mask[:, None, None, :].float()) * torch.finfo(torch.bfloat16).min
            hidden = self.body(input_ids=ids, attention_mask=added).last_hidden_state
            with torch.autocast(ids.device.type, enabled=False):  # else scores are rounded to two digits
                return self.heads(pooled(hidden.float(), mask.float()))

        def adapter(self) -> dict[str, Any]:
            """Return the adapter's arrays in half precision, named as `rag.models.reranker.merged` reads them."""
            arrays: dict[str, Any] = {}
            for name, parameter in self.body.named_parameters():
                layer, _, kind = name.rpartition(".")
                plain = name.replace(".layer.weight", ".weight").replace(".layer.bias", ".bias")
                if kind in ("down", "up"):
                    arrays[f"{layer}.weight.{kind}"] = parameter
                elif parameter.requires_grad:
                    arrays[f"{plain}.added"] = parameter.detach().cpu() - self.start[plain]
            arrays |= {"heads.weight": self.heads.weight, "heads.bias": self.heads.bias}
            return {name: value.detach().cpu().numpy().astype(np.float16) for name, value in arrays.items()}

    torch.manual_seed(_SEED)
    return Reader()


def _outputs(reader: Any, batch: Batch, device: str) -> Any:
    """Return the heads' outputs for all texts of a batch, (texts, heads); texts of similar lengths run together."""
    import torch

    rows = [ids for each in batch for ids in each.ids]
    order = sorted(range(len(rows)), key=lambda i: len(rows[i]))
    parts = [order[i : i + _ROWS[device]] for i in range(0, len(order), _ROWS[device])]
    outputs = []
    for part in parts:
        ids = np.zeros(_shape(len(part), max(len(rows[i]) for i in part)), np.int64)
        ids[len(part) :, 0] = 1  # padding rows are dropped later; without a token they would be NaN
        for place, i in enumerate(part):
            ids[place, : len(rows[i])] = rows[i]
        given = torch.from_numpy(ids).to(device)
        with torch.autocast(device, torch.bfloat16):
            outputs.append(reader(given, (given != 0).long())[: len(part)])
    return torch.cat(outputs)[torch.from_numpy(np.argsort(order)).to(device)]


def _shape(rows: int, tokens: int) -> tuple[int, int]:
    """Round a shape up, so that there are few shapes: torch prepares and caches kernels for each."""
    return -(-rows // 8) * 8, -(-tokens // 16) * 16


def _loss(outputs: Any, batch: Batch, beside: Any) -> Any:
    """Return the loss of a batch; `beside` are the weights of the program's own scores of sentences and passages."""
    import torch
    from torch.nn import functional

    if batch[0].source == "support":
        labels = torch.tensor([each.label for each in batch], device=outputs.device)
        return functional.cross_entropy(outputs[:, 2:], labels)
    ends = list(itertools.accumulate(len(each.ids) for each in batch))
    stated = torch.zeros(len(outputs), device=outputs.device)
    first = torch.zeros((), device=outputs.device)
    known = torch.tensor([score for each in batch for score in each.scores], device=outputs.device)
    of_passages = torch.tensor([each.is_passages for each in batch for _ in each.ids], device=outputs.device)
    answers = outputs[:, 0] + torch.where(of_passages, beside[1], beside[0]) * known
    ranked = 0
    for end, each in zip(ends, batch, strict=True):
        start = end - len(each.ids)
        stated[start] = float(each.label == 0)
        if each.label == 0 and each.source != CLOZE:  # a cloze's missing word shows in how it reads
            first = first - torch.log_softmax(answers[start:end], 0)[0]
            ranked += 1
    weight = torch.where(stated > 0, 4.0, 1.0)  # about four times as many do not
    second = functional.binary_cross_entropy_with_logits(outputs[:, 1], stated, weight=weight)
    return first / max(ranked, 1) + _STATED_WEIGHT * second


def train(
    examples: Sequence[Example], held: Sequence[Example], out: Path, steps: int | None, rate: float, threads: int
) -> None:
    """Train to the end, from the checkpoint in `out` if there is one, and write the results."""
    import torch

    out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(threads)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    reader = _reader().to(device).eval()  # no dropout: each text is seen once or twice
    body = [parameter for parameter in reader.body.parameters() if parameter.requires_grad]
    heads = [*reader.heads.parameters(), reader.beside]
    rates = [rate, _HEADS_RATE * rate]
    optimizer = torch.optim.AdamW([{"params": body}, {"params": heads}], lr=rate, betas=(0.9, 0.98), weight_decay=0.01)
    one_pass = len(batches(examples, 0))
    steps = steps or one_pass
    checkpoint, curve, first = out / "checkpoint.pt", [], 0
    made_of = _made_of(examples, rate)
    kept = torch.load(checkpoint, map_location=device, weights_only=True) if checkpoint.is_file() else {}
    if kept.get("made_of") == made_of:
        reader.load_state_dict(kept["reader"])
        optimizer.load_state_dict(kept["optimizer"])
        curve, first = kept["curve"], kept["step"]
    _log(f"{len(examples):,} groups and pairs, {one_pass:,} steps a pass, {steps:,} in all, from {first:,} on {device}")
    losses: list[float] = []
    began = time.monotonic()
    for step, batch in enumerate(_stream(examples, steps)):
        if step < first:
            continue
        for each, highest in zip(optimizer.param_groups, rates, strict=True):
            each["lr"] = highest * _share(step, steps)
        optimizer.zero_grad()
        loss = _loss(_outputs(reader, batch, device), batch, reader.beside)
        loss.backward()
        torch.nn.utils.clip_grad_norm_([*body, *heads], 1.0)
        optimizer.step()
        if batch[0].source != "support":
            losses.append(loss.item())
        if (step + 1) % _CHECKPOINT_STEPS == 0 or step + 1 == steps:
            curve.append({"step": step + 1, "loss": round(float(np.mean(losses or [0.0])), 4)})
            curve[-1] |= _scores(reader, held, device)
            pace = (time.monotonic() - began) / (step + 1 - first)
            _log(f"{json.dumps(curve[-1])} {(steps - step - 1) * pace / 60:.0f} min left")
            losses = []
            state = {"reader": reader.state_dict(), "optimizer": optimizer.state_dict(), "curve": curve}
            torch.save(state | {"step": step + 1, "made_of": made_of}, checkpoint.with_suffix(".new"))
            checkpoint.with_suffix(".new").replace(checkpoint)
            _write(reader, out, {"steps": steps, "rate": rate, "beside": reader.beside.tolist(), "curve": curve})


def _made_of(examples: Sequence[Example], rate: float) -> str:
    """Return a key of the run, without its number of steps: a run can be continued for more steps."""
    return hashlib.sha256(repr((rate, code_digest(), examples)).encode()).hexdigest()


def _stream(examples: Sequence[Example], steps: int) -> Iterator[Batch]:
    endless = (batch for number in itertools.count() for batch in batches(examples, number))
    return itertools.islice(endless, steps)


def _share(step: int, steps: int) -> float:
    """Return the share of the highest learning rate: linear warmup, constant, linear decay to 0.

    A run that is stopped before the decay can be continued for any number of steps.
    """
    return min((step + 1) / _WARMUP, 1.0, (steps - step) / (steps * _DECAY))


def _scores(reader: Any, held: Sequence[Example], device: str) -> dict[str, float]:
    """Score held-out examples: reciprocal rank by source, with the program's own score alone and with the model's
    output; accuracy of support; AUROC of "stated" of the best text."""
    import torch

    ranks: dict[str, list[float]] = defaultdict(list)
    stated, labels, right = [], [], []
    beside = reader.beside.tolist()
    with torch.inference_mode():
        for batch in batches(held, 0):
            outputs = _outputs(reader, batch, device).cpu().numpy()
            at = 0
            for each in batch:
                rows = outputs[at : at + len(each.ids)]
                at += len(each.ids)
                if each.source == "support":
                    right.append(float(rows[0, 2:].argmax() == each.label))
                    continue
                stated.append(float(rows[:, 1].max()))
                labels.append(each.label == 0)
                if each.label == 0 and each.source != CLOZE:
                    known = np.array(each.scores)
                    ranks[f"RR {each.source}"].append(_reciprocal_rank(rows[:, 0] + beside[each.is_passages] * known))
                    ranks[f"RR {each.source}, unread"].append(_reciprocal_rank(known))
    scores = {name: np.mean(each) for name, each in sorted(ranks.items())} | {"support": np.mean(right)}
    if len(set(labels)) == 2:
        scores["AUROC stated"] = roc_auc_score(labels, stated)
    return {name: round(float(value), 4) for name, value in scores.items()}


def _reciprocal_rank(scores: Any) -> float:
    """Return the reciprocal rank of the first score; ties rank before it."""
    return 1.0 / (1 + int((scores[1:] >= scores[0]).sum()))


def _write(reader: Any, out: Path, made: dict[str, Any]) -> None:
    from safetensors.numpy import save_file

    save_file(reader.adapter(), out / FILE)
    (out / "curve.json").write_text(json.dumps(made, indent=1) + "\n")


def _log(line: str) -> None:
    sys.stderr.write(f"{line}\n")
