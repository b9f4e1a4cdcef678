"""The embedder's vectors in int8 stand beside those in float32: a library may hold both."""

import json
import shutil

import openvino
import pytest

from eval.questions import SAMPLE
from rag.models import precision, runtime
from rag.models.embedder import SentenceEmbedder
from rag.models.protocols import Embedder, MarkedText
from rag.types import Span

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def rounded(embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> SentenceEmbedder:
    """The packaged model in int8, whichever precision is the quickest here."""
    files = runtime.weight_files(runtime.model_folder(runtime.PACKAGED_MODEL))
    prepared = runtime.prepared_folder(files, runtime.PACKAGED_MODEL, "openvino")
    folder = shutil.copytree(prepared, tmp_path_factory.mktemp("int8") / "model")
    precision.quickest(openvino.Core(), folder)
    record = json.loads((folder / "quickest.json").read_text())
    if precision.INT8 not in record["milliseconds"]:
        pytest.skip("int8 does not run on this processor")
    (folder / "quickest.json").write_text(json.dumps(record | {"precision": precision.INT8}))
    loaded = runtime.load_runner(folder, runtime.Place("openvino", "cpu", "auto"), lambda: None)
    assert loaded.precision == precision.INT8
    return SentenceEmbedder(embedder.card, runtime.load_tokenizer(folder), loaded.run)


def _least_cosine(rounded: Embedder, embedder: Embedder, texts: list[str]) -> float:
    """Return the least cosine between int8 and float32, of texts and of two spans in each."""
    marked = [MarkedText(text, (Span(0, 100), Span(100, 250))) for text in texts]
    pairs = zip(rounded.encode_texts(marked), embedder.encode_texts(marked), strict=True)
    return min(min(one.vector @ other.vector, *(one.marks * other.marks).sum(axis=1)) for one, other in pairs)


def test_vectors_in_int8_are_compatible_with_those_in_float32(rounded: SentenceEmbedder, embedder: Embedder) -> None:
    texts = ["otters", "Which kite counts otters?", *(file.read_text() for file in SAMPLE.glob("*.md"))]
    assert _least_cosine(rounded, embedder, texts) > 0.998


def test_texts_without_known_words_differ_more_in_int8(rounded: SentenceEmbedder, embedder: Embedder) -> None:
    assert _least_cosine(rounded, embedder, ["", "標題 🦦 \u200b!"]) > 0.99


def test_a_vector_in_int8_does_not_depend_on_its_batch(rounded: SentenceEmbedder) -> None:
    texts = [file.read_text() for file in sorted(SAMPLE.glob("*.md"))[:10]]
    together = rounded.encode_texts([MarkedText(text, ()) for text in texts])
    for text, encoded in zip(texts, together, strict=True):
        assert rounded.encode_question(text) @ encoded.vector > 0.9999
