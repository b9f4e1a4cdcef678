"""What is exported to JSON lines is imported without loss, and nothing else is taken for an export."""

from __future__ import annotations

import hashlib
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.commands import footnote_here
from helpers.small_library import all_of, open_small
from hypothesis import given, settings
from hypothesis import strategies as st

from rag import Assistant
from rag.errors import LibraryError
from rag.store import schema, whole
from rag.store.history import AnswerHistory, Feedback, SavedAnswer
from rag.store.papers import Failed, Records, StoredChunk, StoredSource
from rag.text.readable import folded
from rag.transfer.json_lines import export, import_library
from rag.types import Cell, Chunk, Page, Paper, Section, Span, Table

SIZE = 4  # dimensions


@pytest.fixture(scope="module")
def exported(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All of the library in JSON lines."""
    file = tmp_path_factory.mktemp("exported") / "mine.jsonl"
    with open_small(filled) as opened:
        opened.export(file)
    return file


def test_an_imported_library_gives_the_same_answers_without_the_embedding_model(
    library: Assistant, exported: Path, tmp_path: Path
) -> None:
    with open_small(tmp_path / "new") as imported:
        assert str(imported.import_library(exported)) == "papers: 3, saved answers: 2, uploaded files: 1"
        assert all_of(imported) == all_of(library)
        (copy,) = (tmp_path / "new" / "uploads").glob("*/*")
        assert copy.read_bytes() == (library.library.folder / copy.relative_to(tmp_path / "new")).read_bytes()
        imported.export(tmp_path / "again.jsonl")
    assert (tmp_path / "again.jsonl").read_bytes() == exported.read_bytes()


# Random libraries

texts = st.text(max_size=40)
words = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zs"]), min_size=1, max_size=12)
names = st.lists(texts, max_size=3).map(tuple)
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
objects = st.dictionaries(texts, plain, max_size=3)


def unit(draw: Any, rows: int) -> Any:
    vectors = np.array(draw(st.lists(st.integers(-9, 9), min_size=rows * SIZE, max_size=rows * SIZE)), np.float32)
    vectors = vectors.reshape(rows, SIZE) + np.float32(0.5)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@st.composite
def spans(draw: Any, length: int) -> Span:
    return Span(*sorted(draw(st.tuples(st.integers(0, length), st.integers(0, length)))))


@st.composite
def chunks(draw: Any, length: int) -> StoredChunk:
    sentences = tuple(draw(st.lists(spans(length), max_size=3)))
    label, section = draw(st.none() | texts), draw(st.none() | texts)
    chunk = Chunk(*draw(spans(length)), sentences, draw(st.none() | st.integers(1, 99)), label, section)
    return StoredChunk(chunk, unit(draw, 1)[0], unit(draw, len(sentences)).astype(np.float16).astype(np.float32))


@st.composite
def papers(draw: Any, number: int, sources: int) -> whole.WholePaper:
    title, body = draw(words), draw(texts)
    text = f"{title}\n\n{body}"
    span, part = spans(len(text)), draw(spans(len(text)))
    cell = Cell(part.start, part.end, draw(st.integers(0, 3)))
    table = Table(draw(st.none() | texts), *part, draw(st.sampled_from([None, part])), 0, ((cell,),))
    paper = Paper(
        title=title, text=text, id=f"{number:04}", authors=draw(names), year=draw(st.none() | st.integers(-1, 9999)),
        venue=draw(st.none() | texts), doi=draw(st.none() | texts), arxiv_id=draw(st.none() | texts),
        citekey=draw(st.none() | texts), tags=draw(names), collections=draw(names), notes=draw(names),
        pages=tuple(Page(n, draw(st.none() | texts), *each) for n, each in enumerate(draw(st.lists(span, max_size=2)))),
        sections=tuple(Section(draw(texts), *each, draw(words)) for each in draw(st.lists(span, max_size=2))),
        tables=draw(st.sampled_from([(), (table,)])), brief=draw(st.booleans()),
        extent=draw(st.sampled_from(["full", "abstract", "scan", ""])),
        certainty=tuple(draw(st.lists(st.tuples(words, st.floats(0, 1)), max_size=2))),
    )  # fmt: skip
    return whole.WholePaper(
        paper=paper,
        added=draw(texts),
        reading=(folded(draw(words)), hashlib.sha256(text[len(title) :].encode()).hexdigest()),
        corrections=draw(objects),
        sources=draw(st.lists(st.integers(1, sources), unique=True, max_size=2).map(sorted)) if sources else [],
        vector=unit(draw, 1)[0],
        chunks=draw(st.lists(chunks(len(text)), max_size=2)),
        boxes=draw(st.none() | st.tuples(st.integers(-9, 9), st.binary(max_size=20))),
    )


@st.composite
def libraries(draw: Any) -> dict[str, Any]:
    locations = draw(st.lists(texts, unique=True, max_size=3))
    ratings = st.none() | st.builds(Feedback, st.none() | st.booleans(), texts, words)
    asked = st.builds(
        SavedAnswer, st.just(0), texts, texts, objects, objects, objects, st.sampled_from([None, 3]), ratings
    )
    return {
        "made_with": draw(st.none() | objects),
        "sources": [StoredSource(each, draw(texts), draw(st.none() | texts)) for each in locations],
        "papers": [draw(papers(number, len(locations))) for number in range(draw(st.integers(0, 3)))],
        "failures": [Failed(each, *draw(st.tuples(texts, texts, texts))) for each in locations],
        "removals": [whole.Removal(each, *draw(st.tuples(texts, texts)), 1) for each in locations],
        "answers": [answer._replace(key=7 * n) for n, answer in enumerate(draw(st.lists(asked, max_size=3)), 1)],
    }  # fmt: skip


def store(records: Records, library: dict[str, Any]) -> None:
    with records.transaction() as db:
        if library["made_with"] is not None:
            records.set_meta(db, "made_with", json.dumps(library["made_with"]))
        for source in library["sources"]:
            whole.put_source(db, source)
        for paper in library["papers"]:
            whole.put_whole_paper(records, db, paper)
        for failed in library["failures"]:
            records.put_failure(db, failed)
        for removal in library["removals"]:
            whole.put_removal(db, removal)
        whole.put_conversation(db, whole.ConversationName(3, "a\x00\u2028b", "then"))
        for answer in library["answers"]:
            AnswerHistory(records).put(db, answer)


def tables(records: Records) -> dict[str, list[Any]]:
    """Return the rows of a record, its derived tables included, without keys that are given again."""
    found = {}
    for name in sorted(set(schema.TABLES) - {"meta"}):
        rows = records.rows(f"SELECT * FROM {name}")
        found[name] = sorted(repr([row[k] for k in row.keys() if k != "key"]) for row in rows)  # noqa: SIM118
    return found


@given(libraries())
@settings(max_examples=15, deadline=None)
def test_export_import_and_export_again_gives_equal_bytes(library: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        records = Records(folder / "one" / "footnote.sqlite")
        store(records, library)
        export(records, folder / "one.jsonl")
        import_library(folder / "two", folder / "one.jsonl", replace=False)
        again = Records(folder / "two" / "footnote.sqlite")
        export(again, folder / "two.jsonl")
        assert (folder / "two.jsonl").read_bytes() == (folder / "one.jsonl").read_bytes()
        assert tables(again) == tables(records)
        records.close()
        again.close()


# Files that are no export


def sealed(*lines: dict[str, Any]) -> bytes:
    data = b"".join(json.dumps(line, separators=(",", ":")).encode() + b"\n" for line in lines)
    end = {"kind": "end", "lines": len(lines), "sha256": hashlib.sha256(data).hexdigest()}
    return data + json.dumps(end).encode() + b"\n"


HEAD: dict[str, Any] = {"kind": "library", "format": 1, "made_with": None, "home": None}
SOURCE = {"kind": "source", "location": "/a/b.txt", "name": "b.txt", "digest": None}
UPLOAD = {"kind": "upload", "path": "uploads/0011/a.txt", "data": "YQ=="}
ANSWER = {
    "kind": "answer", "number": 1, "conversation": 9, "asked": "", "question": "", "request": {}, "made_with": {},
    "answer": {}, "feedback": None,
}  # fmt: skip


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "its end is missing"),
        (b"\x00\xff" * 99, "does not begin as an export does"),
        (b'{"title": "A paper", "text": "of another program"}\n', "does not begin as an export does"),
        (sealed(HEAD, SOURCE)[:-60], "line 3"),
        (sealed(HEAD, SOURCE).replace(b"b.txt", b"c.txt"), "line 3: the lines before it have changed"),
        (sealed(HEAD, SOURCE) + b"\n", "or others follow"),
        (sealed(HEAD, SOURCE, SOURCE), "UNIQUE"),
        (sealed(HEAD, HEAD), "line 2: a line of the kind 'library'"),
        (sealed(HEAD, {**SOURCE, "digest": 3}), r"line 2: source\.digest: Input should be a valid string"),
        (sealed(HEAD, {**SOURCE, "more": 3}), r"line 2: source\.more: Extra inputs"),
        (sealed(HEAD, {"kind": "secret"}), "line 2"),
        (sealed(HEAD, UPLOAD, SOURCE), "line 3: a line of the kind 'source' cannot stand here"),
        (sealed(HEAD, {**UPLOAD, "path": "uploads/../../planted"}), "is not the path of an upload"),
        (sealed(HEAD, {**UPLOAD, "path": "/uploads/a/planted"}), "is not the path of an upload"),
        (sealed(HEAD, {**UPLOAD, "data": "no base64!"}), "base64"),
        (sealed(HEAD, ANSWER), "FOREIGN KEY"),
        (sealed(HEAD, {**ANSWER, "conversation": None, "answer": {"citations": [{}]}}), "does not fit"),
        (sealed(HEAD, {**ANSWER, "conversation": None, "answer": {"citations": ["a"]}}), "does not fit"),
        (sealed(HEAD, {**ANSWER, "conversation": None, "number": 2**70}), "does not fit"),
        (sealed({**HEAD, "format": 2}), "newer Footnote"),
    ],
)
def test_a_file_that_is_no_whole_export_is_refused_with_its_line(
    library: Assistant, tmp_path: Path, data: bytes, said: str
) -> None:
    (tmp_path / "mine.jsonl").write_bytes(data)
    with pytest.raises(LibraryError, match=said) as error:
        library.import_library(tmp_path / "mine.jsonl", replace=True)
    assert "'mine.jsonl'" in str(error.value)
    assert len(library.papers()) == 3
    assert not list((tmp_path / "library").glob(".unfinished-*"))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"sections": [["a", 0, 10**6, "body"]]}, "is not in a text of"),
        ({"tables": [["a", 0, 10**6, None, 0, [], None]]}, "does not fit"),
        ({"vector": "AAAA"}, "does not fit"),
        ({"sources": [99]}, "FOREIGN KEY"),
        ({"read_digest": "another text's"}, "text or metadata of papers has changed"),
        ({"chunks": [{"start": 5, "end": 2, "page": None, "page_label": None, "section": None, "sentences": [],
                      "vector": "", "sentence_vectors": ""}]}, "is not in a text of"),
    ],
)  # fmt: skip
def test_a_paper_that_does_not_fit_together_is_refused(
    exported: Path, tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    lines = [json.loads(line) for line in exported.read_bytes().splitlines()[:-1]]
    first = next(line for line in lines if line["kind"] == "paper")
    first.update(change)
    (tmp_path / "mine.jsonl").write_bytes(sealed(*lines))
    with open_small(tmp_path / "new") as opened, pytest.raises(LibraryError, match=said):
        opened.import_library(tmp_path / "mine.jsonl")
    assert not (tmp_path / "new" / "footnote.sqlite").exists()


def test_an_export_replaces_an_older_one_and_no_other_file(library: Assistant, tmp_path: Path) -> None:
    for _ in range(2):
        library.export(tmp_path / "mine.jsonl")
    (tmp_path / "papers.jsonl").write_text('{"title": "A paper", "text": "that I wrote"}\n')
    with pytest.raises(LibraryError, match=r"'papers\.jsonl' is another file already"):
        library.export(tmp_path / "papers.jsonl")


def test_the_commands_export_and_import(exported: Path, tmp_path: Path) -> None:
    done = footnote_here("import", str(exported), cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "imported: papers: 3, saved answers: 2, uploaded files: 1\n")
    assert footnote_here("import", str(exported), cwd=tmp_path).returncode == 1
    assert footnote_here("import", str(exported), "--replace", cwd=tmp_path).returncode == 0
    done = footnote_here("export", "copy.jsonl", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "exported: papers: 3, saved answers: 2, uploaded files: 1\n")
    assert (tmp_path / "copy.jsonl").read_bytes() == exported.read_bytes()
