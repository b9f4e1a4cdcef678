"""Fonts with wrong character maps, and texts that only look strange."""

from __future__ import annotations

import random
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.mapped_fonts import use_font
from helpers.pdf_files import PROSE, make_pdf, read, title_page, wrapped
from reportlab.pdfgen.canvas import Canvas

from rag.errors import SourceError
from rag.reading.pdf.garbled import is_garbled

_GERMAN = (
    "Fischotter hinterlassen an felsigen Ufern nur wenige Spuren und die meisten davon werden von der nächsten Flut "
    "fortgespült, bevor jemand sie zählen kann. Die Beobachter gingen dreißig Tage lang in der Dämmerung an beiden "
    "Ufern entlang und schrieben jede Spur auf, die sie zwischen den zwei Brücken fanden, auch bei starkem Regen. "
    "Eine zweite Gruppe arbeitete mit denselben Karten, ohne zu wissen, was die erste vorher aufgeschrieben hatte."
)
_POLISH = (
    "Wydry zostawiają niewiele śladów na skalistym brzegu i większość z nich zmywa następna powódź, zanim ktokolwiek "
    "zdąży je policzyć. Obserwatorzy chodzili o świcie po obu brzegach przez trzydzieści dni i zapisywali każdy ślad, "
    "który znaleźli między dwoma mostami. Druga grupa pracowała na tych samych mapach, nie wiedząc, co zapisała "
    "pierwsza, a wyniki obu grup różniły się średnio tylko o cztery zwierzęta na każdy dzień tych samych obserwacji."
)
_RUSSIAN = "Выдры оставляют мало следов на скалистом берегу, и большинство из них смывает следующее наводнение. " * 6
_CHINESE = (
    "水獺 在 岩石 岸邊 留下 的 痕跡 很少 其中 大多數 在 下 一次 洪水 之前 就 被 沖走 了 沒有 人 能夠 數清 它們 " * 5
)


def shifted(by: int) -> Callable[[str], str]:
    return lambda text: "".join(chr(ord(each) + by) if each != " " else each for each in text)


def protein() -> str:
    letters = random.Random(5)
    return " ".join("".join(letters.choices("ACDEFGHIKLMNPQRSTVWY", k=10)) for _ in range(90))


def genes() -> str:
    letters = random.Random(6)
    return " ".join("".join(letters.choices("BCDFGKLMPRXZ", k=3)) + str(letters.randrange(99)) for _ in range(90))


@pytest.mark.parametrize("by", [-29, -3, 1, 2, 5, 13, 0x56, 200])
@pytest.mark.parametrize("text", [PROSE, _GERMAN, _POLISH])
def test_a_text_with_wrong_letters_is_garbled(text: str, by: int) -> None:
    assert is_garbled([shifted(by)(text)])


@pytest.mark.parametrize(
    "text",
    [PROSE, _GERMAN, _POLISH, _RUSSIAN, _CHINESE, protein(), genes(), "x = y + 2 f(x) " * 90, "3.14 (0.2) " * 90],
)
def test_languages_sequences_and_formulas_are_not_garbled(text: str) -> None:
    assert not is_garbled([text])


def garbled_page(canvas: Canvas) -> None:
    use_font(canvas, "Helvetica", {code: chr(code + 0x56) for code in range(33, 127)}, 10)
    for at, line in enumerate(wrapped(PROSE, 90)):
        canvas.drawString(60, 640 - 14 * at, line)


def test_a_garbled_page_is_left_out_without_tesseract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    paper = read(tmp_path, make_pdf(title_page, garbled_page))
    assert "ÈÌ" not in paper.text
    assert paper.notes == (
        "page 2: text in fonts that map letters to wrong characters was left out. Install Tesseract to have it read",
    )


def test_a_garbled_paper_is_refused_without_tesseract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SourceError, match=r"map letters to wrong characters.*Install Tesseract"):
        read(tmp_path, make_pdf(garbled_page))


@pytest.mark.skipif(shutil.which("tesseract") is None, reason="needs Tesseract, which is not installed")
def test_a_garbled_page_is_read_by_ocr(tmp_path: Path) -> None:
    paper = read(tmp_path, make_pdf(title_page, garbled_page))
    assert paper.notes == ("page 2: read by OCR, since its fonts map letters to wrong characters",)
    second = paper.text[next(page.start for page in paper.pages if page.number == 2) :]
    words = set(re.findall(r"\w{4,}", PROSE))
    assert len(words & set(re.findall(r"\w{4,}", second))) > 0.9 * len(words)
