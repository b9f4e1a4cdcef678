"""Set whole papers in two columns as PDFs, so that reading hundreds of them can be measured."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from xml.sax.saxutils import escape

from reportlab.lib.enums import TA_CENTER, TA_JUSTIFY
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, FrameBreak, NextPageTemplate, PageTemplate
from reportlab.platypus import Paragraph as Text

from ..collections.qasper_papers import QasperPaper

_MARGIN, _GUTTER, _HEAD = 56, 18, 90  # points; the head holds the title
_TITLE = ParagraphStyle("title", fontName="Times-Bold", fontSize=16, leading=19, alignment=TA_CENTER)
_HEADING = ParagraphStyle("heading", fontName="Times-Bold", fontSize=11.5, leading=14, spaceBefore=9, spaceAfter=4)
_BODY = ParagraphStyle("body", fontName="Times-Roman", fontSize=10, leading=11.8, alignment=TA_JUSTIFY, spaceAfter=3)


def typeset(papers: Sequence[QasperPaper], folder: Path) -> list[Path]:
    """Write a PDF for each paper into a folder, unless it is there, and return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for paper in papers:
        files.append(file := folder / f"{paper.id}.pdf")
        if not file.exists():
            unfinished = file.with_suffix(".part")
            _document(paper, unfinished).build(_flowables(paper))
            unfinished.replace(file)
    return files


def _document(paper: QasperPaper, file: Path) -> BaseDocTemplate:
    width, height = A4
    column = (width - 2 * _MARGIN - _GUTTER) / 2
    lefts = (_MARGIN, _MARGIN + column + _GUTTER)
    head = Frame(_MARGIN, height - _MARGIN - _HEAD, width - 2 * _MARGIN, _HEAD)
    first = [head, *(Frame(left, _MARGIN, column, height - 2 * _MARGIN - _HEAD) for left in lefts)]
    others = [Frame(left, _MARGIN, column, height - 2 * _MARGIN) for left in lefts]
    templates = [PageTemplate("first", first), PageTemplate("others", others)]
    return BaseDocTemplate(str(file), pagesize=A4, pageTemplates=templates, title=paper.title, invariant=1)


def _flowables(paper: QasperPaper) -> list[Flowable]:
    parts: list[Flowable] = [NextPageTemplate("others"), Text(escape(paper.title), _TITLE), FrameBreak()]
    for section, paragraphs in groupby(paper.paragraphs, key=lambda paragraph: paragraph.section):
        if section:
            parts.append(Text(escape(section.rpartition(" ::: ")[2]), _HEADING))
        parts += [Text(escape(paragraph.text), _BODY) for paragraph in paragraphs]
    return parts
