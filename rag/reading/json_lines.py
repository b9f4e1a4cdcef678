"""Read JSON lines: one paper per line, with `title`, `text` or `abstract`, and optional metadata."""

import json
from pathlib import Path

from ..errors import SourceError
from ..text.html_tags import untagged
from ..types import Failure
from .encodings import decode, encoding_of
from .metadata import metadata_fields, with_authors
from .sources import Reading


def read_json_lines(path: Path, name: str) -> Reading:
    """Return the papers in a file, and a failure for every other line. Raise SourceError if no line is a paper."""
    reading = Reading()
    raw = path.read_bytes()
    codec = encoding_of(raw)
    if "16" in codec or "32" in codec:  # a line end then is more than one byte
        raw, codec = decode(raw).encode(), "utf-8"
    for number, line in enumerate(raw.split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            _add_record(reading, name, number, line, codec)
        except json.JSONDecodeError as error:
            problem = f"the line is not valid JSON ({error.msg}, column {error.colno})"
            reading.failures.append(Failure(name, number, problem))
        except (SourceError, ValueError, RecursionError) as error:
            reading.failures.append(Failure(name, number, f"the line cannot be read ({error})"))
    if not reading.papers and len(reading.failures) > 1:
        first = reading.failures[0]
        raise SourceError(f"none of its lines is a paper (line {first.line}: {first.reason})")
    return reading


def _add_record(reading: Reading, name: str, number: int, line: bytes, codec: str) -> None:
    record = json.loads(decode(line, codec))
    if not isinstance(record, dict):
        problem = "the line is not a JSON object with `title` and `text`"
        reading.failures.append(Failure(name, number, problem))
        return
    title, body = record.get("title"), record.get("text") or record.get("abstract") or ""
    extent = {"extent": "full" if record.get("text") else "abstract"}
    if not isinstance(title, str) or not isinstance(body, str):
        reading.failures.append(Failure(name, number, "`title` and `text` (or `abstract`) must be strings"))
        return
    reading.add(name, number, untagged(title), untagged(body), metadata_fields(with_authors(record)) | extent)
