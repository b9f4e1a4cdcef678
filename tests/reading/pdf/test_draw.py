"""Pages drawn as images: quotes are marked on any page, and only in the file that was read."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from helpers.papers import SHARED, write_pdf
from helpers.pdf_files import HEIGHT, LEFT, PROSE, WIDTH, make_pdf, title_page, wrapped, write
from helpers.pictures import Picture, marked, pixels
from helpers.worker_replies import frame
from numpy.typing import NDArray
from pypdf import PdfWriter
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from rag.assistant import Assistant
from rag.errors import DrawingError, SourceError, UnknownPaper
from rag.page_images import boxes_of
from rag.reading.formats import read_file
from rag.reading.pdf.draw import EDGE_COLOUR, draw_page
from rag.types import Box, Span

QUOTE = "without knowing what the first had written"


def ink(picture: Picture) -> NDArray[np.bool_]:
    return picture.max(2) < 120


@pytest.fixture
def assistant(tmp_path: Path) -> Iterator[Assistant]:
    with Assistant.open(library=tmp_path / "library", mode="quote") as assistant:
        yield assistant


def only_paper(assistant: Assistant) -> str:
    (paper,) = assistant.papers()
    return paper.id


def turned_and_cropped(raw: bytes, turn: int, crop: Sequence[float] | None) -> bytes:
    """Rotate each page clockwise, and crop it to `crop` (left, bottom, right, top)."""
    writer = PdfWriter(clone_from=io.BytesIO(raw))
    for page in writer.pages:
        if crop:
            page.cropbox.lower_left, page.cropbox.upper_right = tuple(crop[:2]), tuple(crop[2:])
        page.rotate(turn)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


@pytest.mark.parametrize(("turn", "crop"), [(0, None), *((turn, (40, 300, 560, 780)) for turn in (0, 90, 180, 270))])
def test_a_quote_is_marked_on_rotated_and_cropped_pages(
    tmp_path: Path, assistant: Assistant, turn: int, crop: Sequence[float] | None
) -> None:
    """Compare with the same page with the quote in white, which shows where the quote's ink is."""

    def draw(canvas: Canvas, hide: bool) -> None:
        write(canvas, ["Counting Otters by Their Tracks"], 130, 740, 20, "Helvetica-Bold")
        text = canvas.beginText(LEFT, 640)
        text.setFont("Helvetica", 10, 12)
        for line in wrapped(PROSE, 90):
            before, found, after = line.partition(QUOTE)
            text.textOut(before)
            text.setFillGray(1 if hide else 0)
            text.textOut(found)
            text.setFillGray(0)
            text.textLine(after)
        canvas.drawText(text)

    path, without = tmp_path / "tracks.pdf", tmp_path / "without.pdf"
    path.write_bytes(turned_and_cropped(make_pdf(lambda canvas: draw(canvas, False)), turn, crop))
    without.write_bytes(turned_and_cropped(make_pdf(lambda canvas: draw(canvas, True)), turn, crop))
    assistant.add([path])
    name = only_paper(assistant)
    start = assistant.paper(name).text.index(QUOTE)
    shown = pixels(assistant.draw_page(name, 1, start, start + len(QUOTE)))
    plain = pixels(draw_page(path, 1))
    quote = ink(plain) & ~ink(pixels(draw_page(without, 1)))
    rows, columns = np.nonzero(quote)
    assert len(rows) > 500
    area = marked(shown)
    inside = (slice(rows.min(), rows.max() + 1), slice(columns.min(), columns.max() + 1))
    assert (area | (plain.min(2) < 255))[inside].all()  # all of the background between the letters
    # ... and no more than the line's own height and the edge around it.
    over = 12
    outside = area.copy()
    outside[max(rows.min() - over, 0) : rows.max() + over, max(columns.min() - over, 0) : columns.max() + over] = False
    assert not outside.any()


def test_a_mark_leaves_the_text_readable_and_has_an_edge(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(make_pdf(title_page))
    box = Box(1, LEFT, HEIGHT - 640 - 9, LEFT + 300, HEIGHT - 640 + 3)
    plain, shown = pixels(draw_page(path, 1)), pixels(draw_page(path, 1, [box, box._replace(page=2)]))
    scale = shown.shape[1] / WIDTH
    inside = (slice(round(box.top * scale), round(box.bottom * scale)), slice(round(LEFT * scale), round(300 * scale)))
    assert (ink(plain)[inside] == ink(shown)[inside]).mean() > 0.98
    paper = plain.min(2) == 255
    assert marked(shown)[inside][paper[inside]].all()
    edge = np.abs(shown - np.array(EDGE_COLOUR)).max(2) == 0
    assert edge.sum() > 2 * 300 * scale  # above and below
    assert (shown == plain)[round((box.bottom + 20) * scale) :].all()


def test_lines_of_one_quote_have_one_edge_around_them(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(make_pdf(lambda canvas: write(canvas, ["Otters"], LEFT, 100)))
    shown = pixels(draw_page(path, 1, [Box(1, 100, 200, 300, 210), Box(1, 100, 213, 300, 223)]))
    scale = shown.shape[1] / WIDTH
    column = shown[round(190 * scale) : round(240 * scale), round(200 * scale)]
    edge = (np.abs(column - np.array(EDGE_COLOUR)).max(1) == 0).astype(int)
    assert (np.diff(edge) == 1).sum() == 2


@pytest.mark.parametrize(
    ("width", "height"), [(595, 842), (14_400, 14_400), (14_400, 72), (72, 14_400), (3, 3), (842, 595)]
)
def test_an_image_is_about_1100_pixels_wide_and_never_too_large(tmp_path: Path, width: int, height: int) -> None:
    canvas = Canvas(str(tmp_path / "a.pdf"), pagesize=(width, height))
    canvas.showPage()
    canvas.save()
    shown = pixels(draw_page(tmp_path / "a.pdf", 1))
    assert shown.shape[0] * shown.shape[1] < 4_100_000
    assert shown.shape[1] in (1100, 1101) if min(width, height) > 500 else shown.shape[1] <= 1101
    assert 0.9 < (shown.shape[1] / shown.shape[0]) / (width / height) < 1.1 or min(shown.shape[:2]) < 100


@pytest.mark.skipif(shutil.which("tesseract") is None, reason="needs Tesseract, which is not installed")
def test_a_quote_of_a_scan_is_marked(tmp_path: Path, assistant: Assistant) -> None:
    import pypdfium2

    picture = ImageReader(pypdfium2.PdfDocument(make_pdf(title_page))[0].render(scale=3).to_pil())
    path = tmp_path / "scan.pdf"
    path.write_bytes(make_pdf(lambda canvas: canvas.drawImage(picture, 0, 0, WIDTH, HEIGHT)))
    assistant.add([path])
    name = only_paper(assistant)
    start = assistant.paper(name).text.index("Observers walked")
    shown = pixels(assistant.draw_page(name, 1, start, start + len("Observers walked")))
    rows, _ = np.nonzero(marked(shown))
    line = (HEIGHT - 640 + 12) * shown.shape[1] / WIDTH  # the second
    assert abs(rows.mean() - line) < 12
    assert ink(shown)[rows.min() : rows.max()].any()


@pytest.mark.parametrize("name", ["2020.acl-main.207", "jose_00138"])
def test_words_of_real_papers_are_under_their_marks(name: str) -> None:
    path = SHARED / "data" / "pdfs" / f"{name}.pdf"
    if not path.exists():
        pytest.skip("the shared papers are not here")
    (paper,) = read_file(path, path.name).papers
    assert paper.boxes is not None
    for part in (0.1, 0.5, 0.9):
        start = paper.text.index(" ", int(part * len(paper.text))) + 1
        page = paper.page_at(start)
        assert page is not None
        characters = paper.boxes[start : min(start + 120, page.end)].tolist()
        boxes = [Box(page.number, *(side / 10 for side in box)) for box in characters if any(box)]
        plain, shown = (pixels(draw_page(path, page.number, marks)) for marks in ([], boxes))
        rows, columns = np.nonzero(marked(shown))
        assert ink(plain)[rows.min() : rows.max(), columns.min() : columns.max()].sum() > 300
        assert 1000 < len(rows) < 0.1 * shown.shape[0] * shown.shape[1]


# Hostile and damaged files


@pytest.mark.parametrize("value", ["<svg onload=alert(1)>", "PHN2ZyBvbmxvYWQ9YWxlcnQoMSk+", 7, None])
def test_a_reply_that_is_not_a_png_is_an_error(
    tmp_path: Path, fake_worker: Callable[[bytes], None], value: object
) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(make_pdf(title_page))
    fake_worker(frame({"value": value}))
    with pytest.raises(SourceError, match="the PDF parser crashed"):
        draw_page(path, 1)


def with_content(data: bytes) -> bytes:
    """Return a PDF of one page with this compressed content."""
    parts = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R>>",
        b"<</Filter/FlateDecode/Length %d>>stream\n%s\nendstream" % (len(data), data),
    ]
    return (
        b"%PDF-1.4\n"
        + b"".join(b"%d 0 obj\n%s\nendobj\n" % each for each in enumerate(parts, 1))
        + (b"trailer<</Root 1 0 R>>")
    )


def test_a_file_that_exhausts_memory_kills_only_its_worker(tmp_path: Path) -> None:
    packing = zlib.compressobj(1)
    data = b"".join(packing.compress(bytes(1_000_000)) for _ in range(700)) + packing.flush()
    path = tmp_path / "a.pdf"
    path.write_bytes(with_content(data))
    # Run from a small process, since a child's peak memory includes that of its parent at the fork.
    asked = """
import pathlib, resource, sys
from rag.errors import SourceError
from rag.reading.formats import read_file
from rag.reading.pdf.draw import draw_page
try:
    draw_page(pathlib.Path(sys.argv[1]), 1)
except SourceError as error:
    print(error)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
    run = subprocess.run([sys.executable, "-c", asked, str(path)], capture_output=True, text=True, check=True)
    reason, kilobytes = run.stdout.splitlines()
    assert "needs over 500 MB" in reason
    assert int(kilobytes) <= 500_000


def test_a_file_that_takes_too_long_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.reading.pdf.draw.CPU_SECONDS", 2)
    path = tmp_path / "a.pdf"
    path.write_bytes(with_content(zlib.compress(b"0 0 600 800 re f\n" * 60_000, 9)))
    with pytest.raises(SourceError, match="drawing it took too long"):
        draw_page(path, 1)


@pytest.mark.parametrize(
    ("raw", "number", "reason"),
    [
        (make_pdf(title_page), 2, "it has no page 2; its last page is 1"),
        (make_pdf(title_page), 0, "it has no page 0; its last page is 1"),
        (b"%PDF-1.4 nothing", 1, "it is damaged or not a PDF"),
    ],
    ids=["beyond", "before", "damaged"],
)
def test_a_page_that_cannot_be_drawn_gives_the_reason(tmp_path: Path, raw: bytes, number: int, reason: str) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(raw)
    with pytest.raises(SourceError) as caught:
        draw_page(path, number)
    assert str(caught.value) == reason


# Papers of a library


def otters(folder: Path, number: int = 94) -> Path:
    abstract = (
        f"River otters are hard to count. The kite counts {number} otters of a hundred that divers count in clear "
        "water, at a tenth of the cost, and it fails in fog, where the camera shows the observers on the bank nothing."
    )
    body = "We flew the kite over eleven rivers. " * 8
    return write_pdf(folder / "otters.pdf", "Counting Otters from Kites", abstract, body)


def test_only_the_file_that_was_read_is_drawn(tmp_path: Path, assistant: Assistant) -> None:
    path = otters(tmp_path)
    assistant.add([path])
    name = only_paper(assistant)
    assert assistant.can_draw(name)
    assert assistant.draw_page(name, 2).startswith(b"\x89PNG")
    otters(tmp_path, 17)
    with pytest.raises(DrawingError) as caught:
        assistant.draw_page(name, 1)
    assert str(caught.value) == (
        "Page 1 of 'otters.pdf' cannot be shown: it has changed since it was read. Add the file, or the folder where "
        "it is now."
    )
    assistant.add([path])
    assert assistant.draw_page(name, 1).startswith(b"\x89PNG")
    path.unlink()
    assert not assistant.can_draw(name)
    with pytest.raises(DrawingError, match=r"of 'otters.pdf' cannot be shown: there is no such file") as caught:
        assistant.draw_page(name, 1)
    assert str(tmp_path) not in str(caught.value)


def test_a_file_is_drawn_after_the_bibliography_that_describes_it_is_gone(tmp_path: Path, assistant: Assistant) -> None:
    path = otters(tmp_path)
    entry = "@article{o, title={Kites for Otters}, author={Reed, Ada}, year={2001}, file={otters.pdf}}"
    (tmp_path / "all.bib").write_text(entry)
    assistant.add([tmp_path / "all.bib", path])
    (tmp_path / "all.bib").unlink()
    name = only_paper(assistant)
    assert assistant.paper(name).title == "Kites for Otters"
    assert assistant.draw_page(name, 1).startswith(b"\x89PNG")


def test_another_copy_is_drawn_if_the_first_is_gone(tmp_path: Path, assistant: Assistant) -> None:
    path = otters(tmp_path)
    (tmp_path / "copy").mkdir()
    copy = shutil.copy(path, tmp_path / "copy" / "same.pdf")
    assistant.add([path, copy])
    path.unlink()
    name = only_paper(assistant)
    assert assistant.can_draw(name)
    assert assistant.draw_page(name, 1).startswith(b"\x89PNG")


def test_a_paper_without_a_pdf_has_no_page(assistant: Assistant, folder: Path) -> None:
    assistant.add([folder])
    assert not assistant.can_draw("Counting Otters from Kites")
    with pytest.raises(DrawingError, match="was not read from a PDF"):
        assistant.draw_page("Counting Otters from Kites", 1)
    with pytest.raises(UnknownPaper):
        assistant.can_draw("No Such Paper")


def test_a_page_is_drawn_and_the_file_hashed_once(
    tmp_path: Path, assistant: Assistant, fake_worker: Callable[[bytes], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = otters(tmp_path)
    assistant.add([path])
    name = only_paper(assistant)
    first = assistant.draw_page(name, 1, 0, 10)
    fake_worker(b"")
    monkeypatch.setattr("rag.ingest.files.file_digest", lambda path: pytest.fail("hashed again"))
    assert assistant.draw_page(name, 1, 0, 10) == first
    with pytest.raises(DrawingError, match="crashed"):
        assistant.draw_page(name, 1, 0, 40)
    os.utime(path, (1, 1))
    with pytest.raises(pytest.fail.Exception, match="hashed again"):
        assistant.draw_page(name, 1, 0, 10)


def test_a_saved_quote_is_found_in_the_edited_paper(tmp_path: Path, assistant: Assistant) -> None:
    path = otters(tmp_path)
    assistant.add([path])
    name = only_paper(assistant)
    text = assistant.paper(name).text
    quote = "We flew the kite over eleven rivers."
    starts = [at for at in range(len(text)) if text.startswith(quote, at)]
    assert len(starts) == 8
    find = assistant.find_quote
    assert find(name, quote, starts[3]) == (starts[3], starts[3] + len(quote))
    assert find(name, quote, starts[3] + 5) == (starts[3], starts[3] + len(quote))
    assert find(name, quote, starts[3] - 5) == (starts[3], starts[3] + len(quote))
    assert [found and found.start for found in (find(name, quote, -9), find(name, quote, 10**9))] == [
        starts[0],
        starts[-1],
    ]
    assert find(name, "We flew the kite over twelve rivers.", 0) is None
    assert find(name, "", 0) is None
    before = assistant.draw_page(name, 2, *Span(starts[3], starts[3] + len(quote)))
    assistant.edit(name, title="Kites That Count Otters on Eleven Rivers in All Weathers but Fog")
    found = find(name, quote, starts[3])
    assert found
    assert assistant.paper(name).text[slice(*found)] == quote
    moved = find(name, quote, starts[3] + len(assistant.paper(name).title) - len("Counting Otters from Kites"))
    assert moved
    assert assistant.draw_page(name, 2, *moved) == before


def test_a_span_beyond_the_text_ends_with_it(tmp_path: Path, assistant: Assistant) -> None:
    assistant.add([otters(tmp_path)])
    name = only_paper(assistant)
    assert boxes_of(assistant.library.records, name, -5, 10**12) == boxes_of(
        assistant.library.records, name, 0, len(assistant.paper(name).text)
    )
