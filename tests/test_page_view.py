"""What a viewer of a paper gets: sizes of pages, words with their places, and places where words are found."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.pdf_files import HEIGHT, LEFT, PROSE, WIDTH, Draw, make_pdf, title_page, wrapped, write
from reportlab.lib.utils import ImageReader

from rag.assistant import Assistant
from rag.byte_cache import ByteCache
from rag.errors import DrawingError

CAFE = "A café by the river sells tea to otter watchers in the morning."


@pytest.fixture
def new_assistant(tmp_path: Path) -> Iterator[Assistant]:
    with Assistant.open(library=tmp_path / "library", mode="quote") as assistant:
        yield assistant


def added(new_assistant: Assistant, path: Path, *pages: Draw) -> str:
    path.write_bytes(make_pdf(*pages))
    new_assistant.add([path])
    (paper,) = new_assistant.papers()
    return paper.id


def test_the_words_of_a_page_are_those_of_the_text_at_their_places(tmp_path: Path, new_assistant: Assistant) -> None:
    paper = added(
        new_assistant, tmp_path / "a.pdf", title_page, lambda canvas: write(canvas, wrapped(CAFE, 30), LEFT, 600)
    )
    assert new_assistant.page_sizes(paper) == ((WIDTH, HEIGHT), (WIDTH, HEIGHT))
    words = new_assistant.page_words(paper, 2)
    assert "".join(word.before + word.text for word in words).strip() == CAFE
    assert abs(words[0].left - LEFT) < 2
    assert words[0].top < HEIGHT - 600 < words[0].bottom
    text = new_assistant.paper(paper).text
    assert all(text[word.start : word.start + len(word.text)] == word.text for word in words)
    assert new_assistant.page_words(paper, 3) == []


def test_words_are_found_whatever_their_case_accents_and_line_breaks(tmp_path: Path, new_assistant: Assistant) -> None:
    paper = added(
        new_assistant, tmp_path / "a.pdf", title_page, lambda canvas: write(canvas, wrapped(CAFE, 30), LEFT, 600)
    )
    (match,) = new_assistant.find_in_paper(paper, "a CAFE  by the river sells tea")
    assert match.found == "A café by the river sells tea"
    assert {box.page for box in match.boxes} == {2}
    assert new_assistant.find_in_paper(paper, " ") == []
    assert new_assistant.find_in_paper(paper, "a.*b") == []


def test_a_paper_without_a_pdf_has_no_pages(folder: Path, assistant: Assistant) -> None:
    paper = assistant.papers()[0].id
    with pytest.raises(DrawingError, match="was not read from a PDF"):
        assistant.page_sizes(paper)
    assert assistant.page_words(paper, 1) == []


@pytest.mark.skipif(shutil.which("tesseract") is None, reason="needs Tesseract, which is not installed")
def test_recognised_words_of_a_scan_have_places(tmp_path: Path, new_assistant: Assistant) -> None:
    import pypdfium2

    picture = ImageReader(pypdfium2.PdfDocument(make_pdf(title_page))[0].render(scale=3).to_pil())
    paper = added(new_assistant, tmp_path / "a.pdf", lambda canvas: canvas.drawImage(picture, 0, 0, WIDTH, HEIGHT))
    words = {word.text: word for word in new_assistant.page_words(paper, 1)}
    assert abs(words["River"].left - LEFT) < 4
    assert len(set(PROSE.split()) & set(words)) > 0.9 * len(set(PROSE.split()))


def test_a_cache_drops_what_was_used_longest_ago() -> None:
    cache: ByteCache[bytes] = ByteCache(5, len)
    made: list[str] = []

    def get(key: str) -> bytes:
        return cache.get(key, lambda: made.append(key) or b"xx")  # type: ignore[func-returns-value]

    for key in "abacbab":
        get(key)
    assert made == ["a", "b", "c", "b", "a"]
