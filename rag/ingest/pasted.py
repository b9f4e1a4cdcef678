"""Parse the metadata of one paper from pasted BibTeX."""

import tempfile
from pathlib import Path
from typing import Any

from ..errors import QuestionError, SourceError
from ..reading.sandbox.requests import read_items_in_sandbox

MAX_PASTED = 20_000  # characters
_FIELDS = ("authors", "year", "venue", "doi", "arxiv_id")


def bibtex_fields(text: str) -> dict[str, Any]:
    """Return the metadata of the first entry of a BibTeX text, as `Assistant.edit` takes it, without absent fields.

    Raise QuestionError if the text is too long. Raise SourceError if it has no entry with a title.
    """
    if len(text) > MAX_PASTED:
        raise QuestionError(f"The BibTeX has {len(text):,} characters; the limit is {MAX_PASTED:,}. Paste one entry.")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "pasted.bib"
        file.write_text(text, encoding="utf-8", errors="replace")
        try:
            items, _ = read_items_in_sandbox(file) if text.strip() else ([], [])
        except SourceError:
            items = []
    if not items or not items[0].title:
        raise SourceError("There is no BibTeX entry with a title in this text. Paste one whole entry, from @ to }.")
    item = items[0]
    fields = {"title": item.title, "citekey": item.key} | {name: item.details.get(name) for name in _FIELDS}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in fields.items() if value}
