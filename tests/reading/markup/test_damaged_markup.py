"""A damaged file yields a paper or a reason, never an unexpected error."""

from __future__ import annotations

import zipfile

import pytest
from helpers.markup_files import EPUB, JATS, LATEXML, WORD_FORMULA
from helpers.word_files import docx, line
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.errors import SourceError
from rag.reading.formats import read_file

WHOLE = {
    ".html": LATEXML,
    ".xml": JATS,
    ".docx": docx(
        line("Moss", "Title"),
        line("Head", "H1"),
        f"<w:p>{WORD_FORMULA}</w:p>",
        "<w:tbl><w:tr><w:tc/></w:tr></w:tbl>",
        line("Moss grows."),
    ),
    ".epub": EPUB,
}


def changed(text: str, cuts: list[tuple[float, int, str]]) -> str:
    for place, length, put in cuts:
        at = int(place * len(text))
        text = text[:at] + put + text[at + length :]
    return text


CUTS = st.lists(
    st.tuples(
        st.floats(0, 1, exclude_max=True),
        st.integers(0, 30),
        st.sampled_from(["", "<", ">", '"', "</p>", "<p>", "<tr>", "<figure>", "<sup>", "<math>", "&x;", "\x00", "é"]),
    ),
    max_size=6,
)


@settings(deadline=None, max_examples=150)
@given(st.sampled_from(sorted(WHOLE)), CUTS, st.integers(0, 10), st.booleans())
def test_a_file_changed_anywhere_yields_a_paper_or_a_reason(
    tmp_path_factory: pytest.TempPathFactory, suffix: str, cuts: list[tuple[float, int, str]], part: int, packed: bool
) -> None:
    path = tmp_path_factory.getbasetemp() / f"changed{suffix}"
    whole = WHOLE[suffix]
    if isinstance(whole, str):
        path.write_text(changed(whole, cuts))
    else:
        name = sorted(whole)[part % len(whole)]
        with zipfile.ZipFile(path, "w") as archive:
            for inside, content in whole.items():
                archive.writestr(inside, changed(str(content), cuts) if inside == name and not packed else content)
        if packed:
            path.write_bytes(changed(path.read_bytes().decode("latin-1"), cuts).encode("latin-1", "replace"))
    try:
        reading = read_file(path, path.name)
    except SourceError:
        return
    assert reading.papers or reading.failures
    for paper in reading.papers:
        paper.text.encode()
        assert all(0 < s.start < s.end <= len(paper.text) for s in paper.sections)
