"""Write the report on PDF reading: a self-contained HTML file, worst paper first."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from rag import __version__

from ..report import write_page
from .general_quotes import Quote
from .pairs import Score

_TABLES = {"pairs": "Compared with the XML", "general questions": "Quotes of general questions", "reading": "Reading"}


def write_pdfs_html(report: Mapping[str, Any], scores: Sequence[Score], quotes: Sequence[Quote], path: Path) -> None:
    """Write the report; `scores` are in display order, and only wrong quotes are shown."""
    tables = {title: report[name] for name, title in _TABLES.items() if report.get(name)}
    write_page(
        path,
        "pdfs.html.jinja",
        date=date.today().isoformat(),
        version=__version__,
        tables=tables | {f"The text of {name}": figures for name, figures in report["baselines"].items()},
        scores=scores,
        quotes=[quote for quote in quotes if not quote.is_right],
    )
