"""Parse BibTeX entries into items, with inherited fields and attached files."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...text.html_tags import untagged
from ...text.readable import from_latex, verbatim
from ...types import Failure
from ..encodings import bibtex_encoding, read_text
from ..metadata import arxiv_number, metadata_fields
from ..sources import Item
from .attachments import named_text_files, parse_file_field, unescaped
from .names import bibtex_names

_NOT_WORKS = frozenset(["xdata", "set", "control", "ieeetranbstctl", "bibnote"])  # entry types
_LISTS = {"keywords": ", ", "file": ";", "author": " and ", "groups": ", "}  # repeated fields that are joined
_FILES = ("file", "localfile", "local-url", "localurl", "pdf")
_VERBATIM = ("doi", "url", "eprint")  # fields in which a double hyphen is not a dash
_ARXIV_FIELDS = ("arxiv", "arxivid", "doi", "url", "journal", "journaltitle", "volume", "number", "note",
                 "howpublished", "eid", "pages", "publisher", "booktitle")  # fmt: skip
_MAX_EXPANSION = 20_000  # characters that @strings may add to one value
_NUMBERS = ("volume", "number", "eid", "pages")  # may have the arXiv number if the journal is arXiv
# The fields that an entry inherits via `crossref` if it lacks them, and the parent fields each may come from.
_INHERITED = {"year": ("year",), "date": ("date",), "booktitle": ("booktitle", "title"), "journal": ("journal",),
               "journaltitle": ("journaltitle", "title"), "editor": ("editor",), "author": ("author",)}  # fmt: skip
_INHERIT_AUTHORS = ("inbook", "suppbook")  # chapters of a book by one author
_KEYLESS = re.compile(r"(?mi)^([ \t]*@(?!string\b|preamble\b|comment\b)\w+[ \t]*[{(])(?=\s*[\w-]+\s*=)")
_NEXT_FIELD = re.compile(r"\s+([A-Za-z][\w-]*)\s*=\s*")
_MONTHS = {
    name[:3].lower(): name
    for name in "January February March April May June July August September October November December".split()
}

_MACROS = {
    "aj": "Astronomical Journal", "apj": "Astrophysical Journal", "apjl": "Astrophysical Journal Letters",
    "apjlett": "Astrophysical Journal Letters", "apjs": "Astrophysical Journal Supplement",
    "apjsupp": "Astrophysical Journal Supplement", "aap": "Astronomy and Astrophysics",
    "aapr": "Astronomy and Astrophysics Reviews", "aaps": "Astronomy and Astrophysics Supplement",
    "actaa": "Acta Astronomica", "ao": "Applied Optics", "apss": "Astrophysics and Space Science",
    "araa": "Annual Review of Astronomy and Astrophysics", "baas": "Bulletin of the AAS",
    "gca": "Geochimica et Cosmochimica Acta", "grl": "Geophysical Research Letters", "icarus": "Icarus",
    "jcap": "Journal of Cosmology and Astroparticle Physics", "jcp": "Journal of Chemical Physics",
    "jgr": "Journal of Geophysical Research", "mnras": "Monthly Notices of the Royal Astronomical Society",
    "nat": "Nature", "na": "New Astronomy", "nar": "New Astronomy Review", "nphysa": "Nuclear Physics A",
    "pasa": "Publications of the Astronomical Society of Australia",
    "pasj": "Publications of the Astronomical Society of Japan",
    "pasp": "Publications of the Astronomical Society of the Pacific", "physrep": "Physics Reports",
    "planss": "Planetary and Space Science", "pra": "Physical Review A", "prb": "Physical Review B",
    "prc": "Physical Review C", "prd": "Physical Review D", "pre": "Physical Review E",
    "prl": "Physical Review Letters", "psj": "Planetary Science Journal", "qjras": "Quarterly Journal of the RAS",
    "rmxaa": "Revista Mexicana de Astronomia y Astrofisica", "solphys": "Solar Physics",
    "ssr": "Space Science Reviews",
}  # fmt: skip

STRINGS = {
    "acmcs": "ACM Computing Surveys", "acta": "Acta Informatica", "cacm": "Communications of the ACM",
    "ibmjrd": "IBM Journal of Research and Development", "ibmsj": "IBM Systems Journal",
    "ieeese": "IEEE Transactions on Software Engineering", "ieeetc": "IEEE Transactions on Computers",
    "ieeetcad": "IEEE Transactions on Computer-Aided Design of Integrated Circuits",
    "ipl": "Information Processing Letters", "jacm": "Journal of the ACM",
    "jcss": "Journal of Computer and System Sciences", "scp": "Science of Computer Programming",
    "sicomp": "SIAM Journal on Computing", "tocs": "ACM Transactions on Computer Systems",
    "tods": "ACM Transactions on Database Systems", "tog": "ACM Transactions on Graphics",
    "toms": "ACM Transactions on Mathematical Software", "toois": "ACM Transactions on Office Information Systems",
    "toplas": "ACM Transactions on Programming Languages and Systems", "tcs": "Theoretical Computer Science",
}  # fmt: skip
"""The @strings that BibTeX's standard styles define."""


def journal(field: str) -> str | None:
    """Return the journal for a field that is a single macro, such as `\\mnras`; None for any other field."""
    macro = re.fullmatch(r"[{\s]*\\([a-z]+)[}\s]*", field)
    return _MACROS.get(macro[1]) if macro else None


@dataclass(frozen=True, slots=True)
class _Entry:
    kind: str
    key: str
    fields: Mapping[str, str]  # lower-case name -> LaTeX value
    line: int


def bibtex_items(path: Path, name: str = "", *, outside: bool = True) -> tuple[list[Item], list[Failure]]:
    """Return the items of a BibTeX file, and failures for broken entries; see `bibliography_items`.

    File names are relative to the folder of the .bib file, or to the folders that JabRef stores in it. An entry that
    others inherit from is left out if it has neither abstract nor file. Raise SourceError if the file is not text.
    """
    entries, comments, failures = _parse(read_text(path, bibtex_encoding), name or path.name)
    folders = [path.parent]
    for comment in comments:
        if noted := re.match(r"jabref-meta: *fileDirectory[^:]*:(.*?);?\s*$", comment, re.S):
            folders.append(path.parent / unescaped(noted[1].strip()))
    by_key = {key: entry for entry in reversed(entries) for key in (entry.key.lower(), entry.key) if key}
    parents = {key for entry in entries for key in _keys(entry.fields.get("crossref", ""), by_key)}
    items = []
    for entry in entries:
        if entry.kind in _NOT_WORKS:
            continue
        item = _item(entry, _inherited(entry, by_key), folders, outside)
        if item.abstract or item.files or entry.key not in parents:
            items.append(item)
    return items, failures


def _parse(text: str, name: str) -> tuple[list[_Entry], list[str], list[Failure]]:
    """Return the entries, the comments and the failures; a repeated key or field is not a failure."""
    import logging

    import bibtexparser
    from bibtexparser.model import Entry, ParsingFailedBlock, String

    logging.getLogger("bibtexparser").setLevel(logging.CRITICAL)  # its warnings become failures below
    text = _KEYLESS.sub(r"\1,", text)
    library = bibtexparser.parse_string(text, parse_stack=[], append_middleware=None)
    strings = _MONTHS | STRINGS
    entries, failures = [], []
    for block in library.blocks:
        inner = block
        while isinstance(inner, ParsingFailedBlock) and inner.ignore_error_block is not None:
            inner = inner.ignore_error_block
        line = (block.start_line or 0) + 1
        if isinstance(inner, Entry):
            entries.append(_Entry(inner.entry_type.lower(), inner.key.strip(), _fields(inner.fields, strings), line))
        elif isinstance(inner, String):
            strings[inner.key.lower()] = _value(str(inner.value), strings)
        elif isinstance(block, ParsingFailedBlock):
            reason = getattr(block.error, "abort_reason", str(block.error)).partition(". Note:")[0].strip()
            failures.append(Failure(name, line, f"broken entry: {reason}"))
    return entries, [comment.comment for comment in library.comments], failures


def _fields(fields: Sequence[Any], strings: Mapping[str, str]) -> dict[str, str]:
    """Return the values by name: of a repeated field the first non-empty value, or all values joined for lists."""
    values: dict[str, str] = {}
    for name, raw in (pair for field in fields for pair in _split_fields(field.key.lower(), str(field.value))):
        value = _value(raw, strings)
        if values.get(name) and value and name in _LISTS:
            values[name] += _LISTS[name] + value
        elif not values.get(name):
            values[name] = value
    return values


def _split_fields(name: str, raw: str) -> Iterator[tuple[str, str]]:
    """Yield a field, and any further fields in its value that a missing comma has merged into it."""
    depth, quoted, start = 0, False, 0
    for mark in re.finditer(r'[{}"]', raw):
        closes = mark[0] == "}" or quoted
        if mark[0] != '"':
            depth += 1 if mark[0] == "{" else -1
        elif depth == 0:
            quoted = not quoted
        if closes and depth == 0 and not quoted and (following := _NEXT_FIELD.match(raw, mark.end())):
            yield name, raw[start : mark.end()]
            name, start = following[1].lower(), following.end()
    yield name, raw[start:]


def _value(raw: str, strings: Mapping[str, str]) -> str:
    """Return the text of `"Proceedings of " # kites # {!}`; unknown @strings stay as they are."""
    pieces, depth, quoted, start = [], 0, False, 0
    for mark in re.finditer(r'[{}"#]', raw):
        if mark[0] == "{":
            depth += 1
        elif mark[0] == "}":
            depth -= 1
        elif depth == 0 and mark[0] == '"':
            quoted = not quoted
        elif depth == 0 and mark[0] == "#" and not quoted:
            pieces.append(raw[start : mark.start()])
            start = mark.end()
    values: list[str] = []
    left = len(raw) + _MAX_EXPANSION  # nested @strings could expand without limit
    for piece in (piece.strip() for piece in [*pieces, raw[start:]]):
        enclosed = len(piece) > 1 and piece[0] + piece[-1] in ("{}", '""')
        values.append((piece[1:-1] if enclosed else strings.get(piece.lower(), piece))[: max(0, left)])
        left -= len(values[-1])
    return "".join(values)


def _keys(field: str, known: Mapping[str, _Entry]) -> list[str]:
    """Return the keys of the entries named in a field, ignoring case as BibTeX does."""
    named = (key.strip() for key in field.split(","))
    return [known[form].key for key in named if (form := key if key in known else key.lower()) in known]


def _inherited(entry: _Entry, by_key: Mapping[str, _Entry], seen: frozenset[str] = frozenset()) -> dict[str, str]:
    """Return an entry's fields, with those inherited via `xdata` and `crossref`; cycles are ignored."""
    fields = {name: value for name, value in entry.fields.items() if value.strip()}
    if len(seen) > 10:
        return fields
    seen |= {entry.key}
    for key in _keys(fields.get("xdata", ""), by_key):
        if key not in seen:
            fields = _inherited(by_key[key], by_key, seen) | fields
    for key in _keys(fields.get("crossref", ""), by_key):
        if key in seen:
            continue
        parent = _inherited(by_key[key], by_key, seen)
        if "title" in parent and not by_key[key].fields.get("booktitle", ""):
            parent.pop("booktitle", None)  # it is the title of what contains the parent
        left_out = ["booktitle" if entry.kind == "article" else "journaltitle"]
        left_out += ["author"] if entry.kind not in _INHERIT_AUTHORS or "editor" in fields else []
        for name, sources in _INHERITED.items():
            if name in left_out:
                continue
            if value := next((parent[source] for source in sources if source in parent), ""):
                fields.setdefault(name, value)
    return fields


def _item(entry: _Entry, raw: Mapping[str, str], folders: Sequence[Path], outside: bool) -> Item:
    fields = {
        name: verbatim(value) if name in _VERBATIM else untagged(from_latex(" ".join(value.split())))
        for name, value in raw.items()
        if name not in _FILES and not name.startswith("bdsk-")
    }
    fields |= {name: full for name in ("journal", "journaltitle") if (full := journal(raw.get(name, "")))}
    metadata = metadata_fields(
        {
            "authors": bibtex_names(raw.get("author", "") or raw.get("editor", "")),
            "year": fields.get("year") or fields.get("date"),
            "venue": fields.get("journal") or fields.get("journaltitle") or fields.get("booktitle"),
            "doi": fields.get("doi"),
            "arxiv_id": _arxiv(fields),
            "url": fields.get("url"),
            "citekey": entry.key,
            "tags": [k.strip() for k in re.split(r"[,;]", fields.get("keywords", ""))],
        }
    )
    metadata["collections"] = tuple(filter(None, (group.strip() for group in fields.get("groups", "").split(","))))
    added = next((fields[key] for key in ("date-added", "dateadded", "creationdate", "timestamp") if key in fields), "")
    time = re.match(r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?))?", added)
    named = [names for field in _FILES for names in parse_file_field(raw.get(field, ""))]
    if raw.get("url", "").startswith("file:"):
        named += parse_file_field(raw["url"])
    files, missing = named_text_files(named, folders, outside)
    return Item(
        key=entry.key,
        title=_title(fields),
        details=metadata,
        abstract=fields.get("abstract") or None,
        files=files,
        missing=missing,
        added="T".join(filter(None, time.groups())) if time else "",
        line=entry.line,
    )


def _title(fields: Mapping[str, str]) -> str:
    title = fields.get("title", "")
    for name, mark in (("subtitle", ":"), ("titleaddon", ".")):
        more = fields.get(name, "")
        if title and more and not title.casefold().endswith(more.casefold()):
            title += f"{'' if title[-1] in '.:?!' else mark} {more}"
    return title or fields.get("booktitle", "") * (fields.get("author") is None)


def _arxiv(fields: Mapping[str, str]) -> str | None:
    kind = fields.get("archiveprefix", fields.get("eprinttype", "")).lower()
    if "arxiv" in kind or not kind:
        eprint = fields.get("eprint", "")
        if eprint and (number := arxiv_number(f"arxiv:{eprint}") or arxiv_number(eprint)):
            return number
        if eprint and kind:
            return eprint
    published = (fields.get(name, "") for name in ("journal", "journaltitle", "series", "publisher", "institution"))
    preprint = any(re.match(r"arxiv\b|corr$", name, re.IGNORECASE) for name in published)
    for name in _ARXIV_FIELDS:
        value = fields.get(name, "")
        numbered = name.startswith("arxiv") or value.startswith("abs/") or (preprint and name in _NUMBERS)
        if number := arxiv_number(f"arxiv:{value}" if numbered else value):
            return number
    return None
