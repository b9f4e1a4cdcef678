"""Train the cross-encoder: an adapter for the packaged embedding model and three heads, in one small file.

    python -m eval train --data ../shared/data --out out/train

Writes cross_encoder.safetensors (half precision) and curve.json to --out. Training starts from the packaged adapter. An
interrupted run resumes from its last checkpoint, unless data, rate or code have changed. The training data is described
in eval/train/groups.py, the file format in rag/models/reranker.py, whose ADAPTER_SHA256 must match the file.

The loss of a group is the sum of four: the cross-entropy of the answering passages among all, the cross-entropy of the
answering sentences among all, and two logistic losses, for whether each passage states what is asked for and whether
each sentence answers, which make the logits of different questions comparable.
"""

import argparse
import hashlib
import itertools
import json
import random
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sklearn.metrics import roc_auc_score

from rag.models.reranker import (
    MAX_TOKENS,
    Pair,
    PairTokenizer,
    described,
)
from rag.models.runtime import PACKAGED_MODEL, load_tokenizer, model_folder

from ..collections.qasper_papers import read_qasper
from ..runs import code_digest
from .groups import HELD_PAPERS, Group, read_groups

_BATCH_TOKENS = 2600
_RATE = 2e-4
_HEADS_RATE = 3.0  # times the rate
_WARMUP = 60  # steps
_DECAY = 0.6  # of all steps
_STATED_WEIGHT, _SENTENCE_WEIGHT = 0.5, 0.5  # of the logistic losses; the others have 1
_PASSAGES_PER_RIGHT, _SENTENCES_PER_RIGHT = 2.5, 4.0  # weights of positives in the logistic losses
_CHECKPOINT_STEPS = 150
_SEED = 0
FILE = "cross_encoder.safetensors"


class Example(NamedTuple):
    """A group as token ids; `right` has a row of sentence labels for each passage, and is empty if unknown."""

    source: str
    pairs: list[Pair]
    answering: int
    right: list[list[bool]]

    @property
    def longest(self) -> int:
        return max(len(pair.ids) for pair in self.pairs)


Batch = list[Example]


def main(arguments: Sequence[str]) -> int:
    """Train, and write the adapter and the learning curve."""
    parser = argparse.ArgumentParser(prog="python -m eval train", description="Train the cross-encoder.")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="the folder with the collections")
    parser.add_argument("--out", type=Path, default=Path("out/train"), metavar="DIR")
    parser.add_argument("--steps", type=int, metavar="N", help="number of steps (default: one pass over the data)")
    parser.add_argument("--papers", type=int, metavar="N", help="use only the first N of each collection, for a trial")
    parser.add_argument("--rate", type=float, default=_RATE, help="the highest learning rate")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args(arguments)
    groups = read_groups(options.data, options.papers)
    apart = {paper.title for paper in read_qasper(options.data / "qasper_train")[:HELD_PAPERS]}
    train(*split(groups, apart), options.out, options.steps, options.rate, options.threads)
    return 0


def split(groups: Sequence[Group], apart: set[str]) -> tuple[list[Example], list[Example]]:
    """Return the examples to train on, and those held out for the curve: questions about the papers `apart`.

    The held-out papers are also used to fit the weights of the cross-encoder's logits.
    """
    tokenizer = PairTokenizer(load_tokenizer(model_folder(PACKAGED_MODEL)), MAX_TOKENS)
    drawn = random.Random(_SEED).sample(groups, len(groups))
    held = [group for group in drawn if group.passages[0].title in apart and group.source in ("qasper", "unanswerable")]
    rest = [group for group in drawn if group.passages[0].title not in apart]
    return [encoded(group, tokenizer) for group in rest], [encoded(group, tokenizer) for group in held]


def encoded(group: Group, tokenizer: PairTokenizer) -> Example:
    """Return a group as token ids, encoded as in the program."""
    texts = [described(each.title, each.section, each.sentences) for each in group.passages]
    right = [list(each.right) for each in group.passages] if group.marked else []
    return Example(group.source, tokenizer.encode(group.question, texts), group.answering, right)


def batches(examples: Sequence[Example], seed: int) -> list[Batch]:
    """Make batches of about `_BATCH_TOKENS` tokens from groups of similar length, in random order."""
    rng = random.Random(seed)
    made: list[Batch] = []
    batch: Batch = []
    # Sort by length with some noise, so that batches differ between passes.
    for each in sorted(examples, key=lambda each: each.longest * rng.uniform(0.85, 1.15)):
        longest, rows = max(one.longest for one in [*batch, each]), sum(len(one.pairs) for one in [*batch, each])
        if batch and longest * rows > _BATCH_TOKENS:
            made.append(batch)
            batch = []
        batch.append(each)
    made += [batch] if batch else []
    return rng.sample(made, len(made))


def _outputs(reader: Any, batch: Batch) -> tuple[Any, Any]:
    """Return the logits of all passages in a batch, and of all their sentences."""
    import torch

    pairs = [pair for each in batch for pair in each.pairs]
    length = -(-max(len(pair.ids) for pair in pairs) // 8) * 8
    ids, mask = np.zeros((len(pairs), length), np.int64), np.zeros((len(pairs), length), np.float32)
    rows: list[int] = []
    cells: list[tuple[int, int, float]] = []
    for row, pair in enumerate(pairs):
        ids[row, : len(pair.ids)] = pair.ids
        mask[row, : len(pair.ids)] = 1.0
        for start, end in pair.sentences:
            cells += [(len(rows), row * length + token, 1.0 / (end - start)) for token in range(start, end)]
            rows.append(row)
    sentence, token, share = (torch.tensor(column) for column in zip(*cells, strict=True))
    means = torch.sparse_coo_tensor(torch.stack([sentence, token]), share, (len(rows), ids.size))
    return tuple(reader(torch.from_numpy(ids), torch.from_numpy(mask), torch.tensor(rows), means))


def _parts(batch: Batch, passages: Any, sentences: Any) -> Iterator[tuple[Example, Any, Any]]:
    """Yield each example with the logits of its passages and sentences."""
    first = second = 0
    for each in batch:
        count = sum(len(pair.sentences) for pair in each.pairs)
        yield each, passages[first : first + len(each.pairs)], sentences[second : second + count]
        first, second = first + len(each.pairs), second + count


def _loss(batch: Batch, passages: Any, sentences: Any) -> Any:
    import torch
    from torch.nn import functional

    def among(logits: Any, right: Any) -> Any:
        return torch.logsumexp(logits, 0) - torch.logsumexp(logits[right > 0], 0)

    def logistic(logits: Any, right: Any, weight: float) -> Any:
        weights = torch.where(right > 0, weight, 1.0)
        return functional.binary_cross_entropy_with_logits(logits, right, weight=weights)

    losses = []
    for each, of_passages, of_sentences in _parts(batch, passages, sentences):
        answering = (torch.arange(len(of_passages)) < each.answering).float()
        loss = _STATED_WEIGHT * logistic(of_passages[:, 1], answering, _PASSAGES_PER_RIGHT)
        if each.answering:
            loss = loss + among(of_passages[:, 0], answering)
        if each.right:
            right = torch.tensor([float(value) for row in each.right for value in row])
            loss = loss + _SENTENCE_WEIGHT * logistic(of_sentences, right, _SENTENCES_PER_RIGHT)
            if right.any():
                loss = loss + among(of_sentences, right)
        losses.append(loss)
    return sum(losses) / len(losses)


def train(
    examples: Sequence[Example], held: Sequence[Example], out: Path, steps: int | None, rate: float, threads: int
) -> None:
    """Train, resuming from a checkpoint in `out` if there is one, and write the results."""
    import torch

    from .trainable import Reader

    out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(threads)
    torch.manual_seed(_SEED)
    reader = Reader().eval()  # no dropout, since each text is seen only once or twice
    body = [parameter for parameter in reader.body.parameters() if parameter.requires_grad]
    heads = list(reader.heads.parameters())
    rates = [rate, _HEADS_RATE * rate]
    optimizer = torch.optim.AdamW([{"params": body}, {"params": heads}], lr=rate, betas=(0.9, 0.98), weight_decay=0.01)
    one_pass = len(batches(examples, 0))
    steps = steps or one_pass
    checkpoint, curve, first = out / "checkpoint.pt", [], 0
    made_of = _made_of(examples, rate)
    kept = torch.load(checkpoint, weights_only=True) if checkpoint.is_file() else {}
    if kept.get("made_of") == made_of:
        reader.load_state_dict(kept["reader"])
        optimizer.load_state_dict(kept["optimizer"])
        curve, first = kept["curve"], kept["step"]
    _log(f"{len(examples):,} groups, {one_pass:,} steps a pass, {steps:,} in all, from {first:,}")
    losses: list[float] = []
    began = time.monotonic()
    for step, batch in enumerate(_stream(examples, steps)):
        if step < first:
            continue
        for each, highest in zip(optimizer.param_groups, rates, strict=True):
            each["lr"] = highest * _share(step, steps)
        optimizer.zero_grad()
        loss = _loss(batch, *_outputs(reader, batch))
        loss.backward()
        torch.nn.utils.clip_grad_norm_([*body, *heads], 1.0)
        optimizer.step()
        losses.append(loss.item())
        if (step + 1) % _CHECKPOINT_STEPS == 0 or step + 1 == steps:
            curve.append({"step": step + 1, "loss": round(float(np.mean(losses)), 4)} | _scores(reader, held))
            pace = (time.monotonic() - began) / (step + 1 - first)
            _log(f"{json.dumps(curve[-1])} {(steps - step - 1) * pace / 60:.0f} min left")
            losses = []
            state = {"reader": reader.state_dict(), "optimizer": optimizer.state_dict(), "curve": curve}
            torch.save(state | {"step": step + 1, "made_of": made_of}, checkpoint.with_suffix(".new"))
            checkpoint.with_suffix(".new").replace(checkpoint)
            _write(reader, out, {"steps": steps, "rate": rate, "curve": curve})


def _made_of(examples: Sequence[Example], rate: float) -> str:
    """Return a key that identifies the run, without its number of steps, so that it can be extended."""
    return hashlib.sha256(repr((rate, code_digest(), examples)).encode()).hexdigest()


def _stream(examples: Sequence[Example], steps: int) -> Iterator[Batch]:
    endless = (batch for number in itertools.count() for batch in batches(examples, number))
    return itertools.islice(endless, steps)


def _share(step: int, steps: int) -> float:
    """Return the factor of the learning rate: linear warmup, constant, linear decay to 0.

    A run stopped before the decay can be resumed for any number of steps.
    """
    return min((step + 1) / _WARMUP, 1.0, (steps - step) / (steps * _DECAY))


def _scores(reader: Any, held: Sequence[Example]) -> dict[str, float]:
    """Score the held-out questions.

    The scores are reciprocal ranks of passages and sentences, how often the best sentence answers, and the AUROC of the
    best "stated" logit against questions without an answer.
    """
    import torch

    figures: dict[str, list[float]] = {"RR passages": [], "RR sentences": [], "best sentence": []}
    stated: list[tuple[bool, float]] = []
    with torch.inference_mode():
        for batch in batches(held, 0):
            for each, passages, sentences in _parts(batch, *(part.numpy() for part in _outputs(reader, batch))):
                stated.append((each.answering > 0, float(passages[:, 1].max())))
                if not each.answering:
                    continue
                figures["RR passages"].append(
                    _reciprocal_rank(passages[:, 0], np.arange(len(passages)) < each.answering)
                )
                right = np.array([value for row in each.right for value in row])
                if right.any():
                    figures["RR sentences"].append(_reciprocal_rank(sentences, right))
                    figures["best sentence"].append(float(right[sentences.argmax()]))
    scores = {name: round(float(np.mean(values)), 4) for name, values in figures.items() if values}
    labels, values = zip(*stated, strict=True) if stated else ((), ())
    return scores | ({"AUROC stated": round(float(roc_auc_score(labels, values)), 4)} if len(set(labels)) == 2 else {})


def _reciprocal_rank(scores: Any, right: Any) -> float:
    """Return the reciprocal rank of the best right score; ties rank above it."""
    return 1.0 / (1 + int((scores[~right] >= scores[right].max()).sum()))


def _write(reader: Any, out: Path, made: dict[str, Any]) -> None:
    from safetensors.numpy import save_file

    save_file(reader.adapter(), out / FILE)
    (out / "curve.json").write_text(json.dumps(made, indent=1) + "\n")


def _log(line: str) -> None:
    sys.stderr.write(f"{line}\n")
