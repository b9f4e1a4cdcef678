"""Read the same PDFs with other readers for comparison: PDFium, and pdftotext if it is installed."""

import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from .articles import Article, read_article
from .pairs import Text

_SECONDS = 120  # for one file


def baseline_figures(pdfs: Sequence[Path]) -> dict[str, dict[str, float]]:
    """Return for each installed reader the shares of sentences and rows that its text contains in one piece."""
    articles = {path: read_article(path.with_suffix(".xml")) for path in pdfs}
    return {name: _shares(read, articles) for name, read in _readers().items()} if articles else {}


def _readers() -> dict[str, Callable[[Path], str]]:
    readers: dict[str, Callable[[Path], str]] = {"PDFium": _pdfium_text}
    return {"pdftotext": _pdftotext, **readers} if shutil.which("pdftotext") else readers


def _shares(read: Callable[[Path], str], articles: dict[Path, Article]) -> dict[str, float]:
    sentences = rows = held_sentences = held_rows = 0
    for path, article in articles.items():
        text = Text(read(path))
        sentences += len(article.sentences)
        rows += len(article.rows)
        held_sentences += sum(map(text.holds, article.sentences))
        held_rows += sum(text.holds("".join(row)) for row in article.rows)
    return {
        "sentences in one piece": round(held_sentences / max(sentences, 1), 4),
        "rows in order": round(held_rows / max(rows, 1), 4),
    }


def _pdftotext(path: Path) -> str:
    """Return the text from pdftotext without options, in reading order; "" if it cannot read the file."""
    done = subprocess.run(["pdftotext", "-enc", "UTF-8", str(path), "-"], capture_output=True, timeout=_SECONDS)
    return done.stdout.decode("utf-8", errors="replace")


def _pdfium_text(path: Path) -> str:
    """Return the text from pypdfium2, in file order; "" if it cannot read the file."""
    import pypdfium2

    try:
        with pypdfium2.PdfDocument(path) as document:
            return "\n".join(page.get_textpage().get_text_bounded() for page in document)
    except pypdfium2.PdfiumError:
        return ""
