"""Whatever a person, a paper, a model or another program writes: each parser returns a value or says what is wrong.

`PARSERS=full python -m pytest tests/test_parsers.py` tries fifty times as many texts, in some minutes. Parsers of whole
files have tests of their own: `tests/reading/test_formats.py` and `tests/reading/markup/test_damaged_markup.py`.
"""

from __future__ import annotations

import functools
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.small_library import fill, open_small
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag.answering.citations import parse_citations
from rag.config import load_settings
from rag.errors import FootnoteError
from rag.ingest.pasted import bibtex_fields
from rag.ingest.sentences import split_sentences
from rag.reading.bibliography.attachments import parse_file_field
from rag.reading.bylines import people
from rag.retrieval.parts import compared
from rag.text.html_tags import untagged
from rag.text.readable import from_latex, readable
from ui.scope import filters_in

pytestmark = pytest.mark.slow

FULL = os.environ.get("PARSERS") == "full"
TRIES = settings(
    max_examples=5_000 if FULL else 100,
    deadline=None,
    derandomize=not FULL,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def texts(*marks: str) -> st.SearchStrategy[str]:
    """Return texts of any characters, and of marks that mean something to a parser."""
    parts = st.sampled_from([*marks, " ", "\n", "a", "Wort", "1", "é", "\0", "\u202e", "\U0001f30a"])
    return st.text() | st.lists(parts, max_size=60).map("".join)


CITATIONS = texts(
    "[", "]", "[1]", "[1, 2]", "[1-3]", "【", "†a", "】", "(see passages 2-9)", "passage 3", ", ", " and ", "#", "pp. 3"
)
LATEX = texts(
    "\\", "{", "}", "$", "^", "_", "\\emph{", "\\frac", "\\'e", "~", "\\begin{x}", "\\SI{3}{\\m}", "--", "&", "%", "``"
)
BIBTEX = texts(
    "@article{", "k,", "title=", "{", "}", '"', "#", ",", "author={A, B and C}", "year=1999", "@string{", "@comment"
)
SCOPES = texts("{", "}", '"papers":', "[", "]", '"years":', "1e999", "null", '"a"', ",", "-1", '"tags":')
TOML = texts(
    "[library]", "[answer]", "path", "=", '"', "[ui]", "port", "99999999", "keep", "true", "[[", "'''", "\n", "# "
)
TAGS = texts("<", ">", "<p>", "</p>", "<sup>", "&amp;", "&#x110000;", "&#0;", "<!--", "<script>", "<br/", "='")
NAMES = texts("and", " and ", ",", ";", "et al.", "Jr.", "van", "Müller", "A.", "(", ")", "&", "1*", "PhD")
FILES = texts(":", ";", "\\:", "\\;", "file:///", "C:\\x", "application/pdf", "/a/b.pdf", "%20", "$\\backslash$", "..")

PARSERS: dict[str, tuple[st.SearchStrategy[str], Callable[[str], object]]] = {
    "citations": (CITATIONS, parse_citations),
    "readable": (LATEX, readable),
    "from_latex": (LATEX, from_latex),
    "bibtex_fields": (BIBTEX, bibtex_fields),
    "scope": (SCOPES, filters_in),
    "tags": (TAGS, untagged),
    "sentences": (CITATIONS, split_sentences),
    "people": (NAMES, people),
    "compared": (NAMES, compared),
    "file field": (FILES, lambda text: list(parse_file_field(text))),
}


def message(act: Callable[[], object]) -> str | None:
    """Do something, and return the message of its error; None if there was none. Any other error is a fault."""
    try:
        act()
    except FootnoteError as error:
        return str(error)
    return None


@pytest.mark.parametrize("name", PARSERS)
def test_any_text_gives_a_value_or_a_message(name: str) -> None:
    strategy, parse = PARSERS[name]

    @TRIES
    @given(strategy)
    def parsed(text: str) -> None:
        assert message(lambda: parse(text)) != ""

    parsed()


@TRIES
@given(TOML)
def test_any_configuration_is_read_or_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "config.toml"
    file.write_text(text, encoding="utf-8", errors="replace")
    assert message(lambda: load_settings(file, environ={})) != ""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("made")
    with open_small(root / "library") as opened:
        fill(opened, root / "papers")
        opened.backup(root / "kept.zip")
        opened.export(root / "kept.jsonl")
    return root


def changed(data: bytes, chance: random.Random) -> bytes:
    """Return bytes with a part overwritten, cut out, doubled, or cut off."""
    start = chance.randrange(len(data))
    end = min(len(data), start + chance.choice((1, 2, 30, 3000)))
    middle = chance.choice((chance.randbytes(end - start), b"", 2 * data[start:end], b"\0", b'"', b"}"))
    return data[:start] + middle + (b"" if chance.random() < 0.1 else data[end:])


@pytest.mark.parametrize("name", ["kept.zip", "kept.jsonl"])
def test_a_changed_backup_or_export_is_read_or_refused_and_then_changes_nothing(
    made: Path, tmp_path: Path, name: str
) -> None:
    chance = random.Random(None if FULL else 5)
    whole = (made / name).read_bytes()
    refused = 0
    for _ in range(1_000 if FULL else 25):
        (tmp_path / name).write_bytes(changed(whole, chance))
        with open_small(tmp_path / "into") as opened:
            put = opened.restore if name == "kept.zip" else opened.import_library
            told = message(functools.partial(put, tmp_path / name, replace=True))
            if told is not None:
                refused += 1
                assert told
                assert not opened.library.exists
        shutil.rmtree(tmp_path / "into", ignore_errors=True)
    assert refused
