"""PDF files, page by page, through pypdfium2 in a process of their own: a crash of the parser costs one file.

`python -m rag.pdf FILE` is that process; it prints the document as JSON.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import SourceError
from .types import Page

_SECONDS = 120
_MEMORY_BYTES = 2_000_000_000
_REFUSED = 3  # exit status with a reason on stderr; an exception that nobody caught exits with 1
_NO_TITLE = re.compile(
    r"untitled|microsoft word|powerpoint|\.(docx?|tex|dvi|pdf|indd|qxd)\b|^[\W\d_]*$|^[A-Za-z]?\d[\w.-]*$", re.I
)


@dataclass(frozen=True, slots=True)
class PdfPage:
    """The text of a page, with the page's number from 1 and the label printed on it."""

    number: int
    label: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Document:
    """What a PDF says of itself, and the pages that have text."""

    title: str | None
    authors: tuple[str, ...]
    year: int | None
    pages: tuple[PdfPage, ...]

    def page_spans(self, length: int) -> tuple[Page, ...]:
        """Where the pages stand in a text of `length` characters that ends with them, two characters between each."""
        spans: list[Page] = []
        end = length
        for page in reversed(self.pages):
            start = end - len(page.text)
            spans.append(Page(page.number, page.label, start, end))
            end = start - 2
        return tuple(reversed(spans))


def read_pdf(path: Path) -> Document:
    """The document in a PDF file.

    Raises:
        SourceError: it is encrypted, damaged, without text, or takes more than two minutes or 2 GB.
        OSError: the file cannot be opened.
    """
    path.open("rb").close()  # raises what keeps the file from being read
    command = [sys.executable, "-m", "rag.pdf", str(path.absolute())]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_SECONDS, cwd=Path(__file__).parents[1])
    except subprocess.TimeoutExpired as error:
        raise SourceError(f"reading it took more than {_SECONDS} s, so it was left") from error
    if done.returncode == _REFUSED:
        raise SourceError(done.stderr.decode(errors="replace").strip().splitlines()[-1])
    if done.returncode:
        raise SourceError("the PDF parser broke down on it (a damaged file, or one that needs over 2 GB)")
    raw = json.loads(done.stdout)
    pages = tuple(PdfPage(**page) for page in raw.pop("pages"))
    return Document(raw["title"], tuple(raw["authors"]), raw["year"], pages)


def main() -> int:
    """Reads the file named on the command line under limits; 3 with a reason on stderr where it cannot be read."""
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    try:
        document = _parse(Path(sys.argv[1]))
    except SourceError as error:
        sys.stderr.write(f"{error}\n")
        return _REFUSED
    sys.stdout.write(json.dumps(document))
    return 0


def _parse(path: Path) -> dict[str, Any]:
    import pypdfium2

    try:
        pdf = pypdfium2.PdfDocument(path)
        count = len(pdf)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise SourceError("it is encrypted and asks for a password; save a copy without one") from error
        raise SourceError("it is damaged or no PDF") from error
    pages: list[dict[str, Any]] = []
    for number in range(count):
        try:
            text = _clean(pdf[number].get_textpage().get_text_range())
        except pypdfium2.PdfiumError:
            continue  # one broken page does not cost the others
        if text:
            pages.append({"number": number + 1, "label": pdf.get_page_label(number) or None, "text": text})
    if not pages:
        raise SourceError("there is no text on its pages (a scan, or a lone figure)")
    facts = pdf.get_metadata_dict()
    year = re.match(r"D:(\d{4})", facts.get("CreationDate", ""))
    title = _stated_title(facts.get("Title", ""), pages[0]["text"]) or _largest_line(
        pypdfium2, pdf[pages[0]["number"] - 1]
    )
    authors = [a.strip() for a in re.split(r"[;,]| and ", facts.get("Author", "")) if a.strip()]
    return {"title": title, "authors": authors, "year": int(year[1]) if year else None, "pages": pages}


def _clean(text: str) -> str:
    """One line a paragraph: words cut at a line's end are joined, lines are joined, control characters go."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = re.sub(r"[\ufffe\x02]\n?", "", text)  # how PDFium marks a hyphen at a line's end
    text = re.sub(r"(?<=[a-z])-\n(?=[a-z])", "", text)
    text = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]", " ", text)
    paragraphs = re.split(r"\n[ \t]*\n", text)
    return "\n\n".join(" ".join(p.split()) for p in paragraphs if p.strip())


def _stated_title(title: str, first_page: str) -> str | None:
    """The title in the file's metadata, where it is one: many are a file's name or a printer's job."""
    title = " ".join(title.split())
    if len(title) < 8 or _NO_TITLE.search(title):
        return None
    squeezed = re.sub(r"\W+", "", title).casefold()
    return title if squeezed in re.sub(r"\W+", "", first_page).casefold() else None


def _largest_line(pypdfium2: Any, page: Any) -> str | None:
    """The text in the largest type of the upper two thirds of a page."""
    raw = pypdfium2.raw
    textpage = page.get_textpage()
    count = textpage.count_chars()
    texts: dict[float, str] = {}
    last = None
    for index in range(min(count, 4000)):
        size = round(raw.FPDFText_GetFontSize(textpage, index), 1)
        box = textpage.get_charbox(index)
        if box[3] > page.get_height() / 3:
            # What PDFium puts between two lines has another size.
            texts[size] = (
                texts.get(size, "") + (" " if last != size else "") + chr(raw.FPDFText_GetUnicode(textpage, index))
            )
        last = size
    for size in sorted(texts, reverse=True):
        text = " ".join(re.sub("[\ufffe\x02] ?", "", texts[size]).split())
        if 8 <= len(text) <= 300 and len(text.split()) >= 2:
            return text
    return None


if __name__ == "__main__":
    sys.exit(main())
