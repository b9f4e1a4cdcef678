"""Read HTML pages: metadata from `<meta>` tags and arXiv's HTML, text by sections."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from ...text.html_tags import untagged
from ..bylines import listed_names, stated_people
from ..encodings import markup_encoding, read_text
from ..metadata import metadata_fields
from ..sources import Reading, make_paper, section_kind
from .blocks import one_line
from .sections import hidden_text_note, sections
from .styles import drop_hidden
from .tags import parse_html

_AUTHOR_KEYS = ("citation_author", "bepress_citation_author", "citation_authors", "dc.creator", "dcterms.creator")
_YEAR_KEYS = (
    "citation_publication_date citation_date citation_year citation_online_date bepress_citation_date "
    "prism.publicationdate dcterms.issued dc.date.issued dcterms.date dc.date article:published_time"
).split()
_VENUE_KEYS = "citation_journal_title citation_conference_title citation_inbook_title prism.publicationname".split()
_NAME = re.compile(r"[^\W\d]\S* [^\d@:/]{1,60}")
_PLACE = re.compile(r"Universit|Institut|Department|School|College|Laborator|Research|Inc\.|Cent(?:er|re)", re.I)
_LINE_END = "\x1e"


def read_html(path: Path, name: str) -> Reading:
    """Return the paper in an HTML file; raise SourceError if it has no text."""
    soup = parse_html(read_text(path, markup_encoding))
    notes = hidden_text_note(drop_hidden(soup))
    meta: dict[str, list[str]] = {}
    for tag in soup.find_all("meta"):
        key, value = tag.get("name") or tag.get("property"), " ".join(untagged(str(tag.get("content") or "")).split())
        if key and value:
            meta.setdefault(str(key).lower(), []).append(value)
    article = soup.find("article", class_="ltx_document")
    root = article or soup.body or soup
    title = _title(root, soup.head and soup.head.find("title"), meta)  # an SVG may have a title too
    parts = sections(root, title)
    if not title and len(parts) > 1 and not parts[0].text and section_kind(parts[1].heading) == "body":
        title, parts = parts[1].heading or "", [parts[0], parts[1]._replace(heading=None), *parts[2:]]
    metadata = _metadata(meta) | (_latexml_metadata(soup, article) if article else {})
    return Reading([make_paper(title or path.stem.replace("_", " "), "", sections=parts, notes=notes, **metadata)])


def _title(root: Any, stated: Any, meta: dict[str, list[str]]) -> str:
    """Return the title from citation metadata, the first heading, other metadata or `<title>`; "" if none has one."""
    page_title = one_line(stated) if stated else ""
    headings = [text for tag in root.find_all("h1", limit=10) if (text := one_line(tag))]
    heading = next((text for text in headings if page_title.startswith(text)), None)  # the first may be the site's
    titles = [
        _first_of(meta, "citation_title", "bepress_citation_title"),
        heading or next(iter(headings), None),
        _first_of(meta, "dc.title", "dcterms.title", "prism.title", "og:title"),
        page_title,
    ]
    return next(filter(None, titles), "")


def _metadata(meta: dict[str, list[str]]) -> dict[str, Any]:
    key = next((key for key in _AUTHOR_KEYS if key in meta), "")
    people = [name for text in meta.get(key, []) for name in listed_names(text, several=key != "citation_author")]
    identifiers = " ".join(meta.get("dc.identifier", []) + meta.get("dcterms.identifier", []))
    doi = re.search(r"\b10\.\d{4,9}/\S+", identifiers)
    return metadata_fields(
        {
            # `author` alone may be the page's author, or a program.
            "authors": people or stated_people({"creator": meta.get("author", [])}),
            "year": _first_of(meta, *_YEAR_KEYS),
            "venue": _first_of(meta, *_VENUE_KEYS),
            "doi": _first_of(meta, "citation_doi", "bepress_citation_doi", "prism.doi") or (doi[0] if doi else None),
            "arxiv_id": _first_of(meta, "citation_arxiv_id"),
        }
    )


def _first_of(meta: dict[str, list[str]], *keys: str) -> str | None:
    return next((value for key in keys for value in meta.get(key, [])), None)


def _latexml_metadata(soup: Any, article: Any) -> dict[str, Any]:
    """Return the authors in arXiv's HTML, and the arXiv number from its watermark or URL."""
    metadata: dict[str, Any] = {}
    people: list[str] = []
    for tag in article.find_all(class_="ltx_personname"):
        for junk in tag.find_all(["sup", "math"]) + tag.find_all(class_=["ltx_note", "ltx_ERROR"]):
            junk.replace_with(", ")
        for line_end in tag.find_all("br"):
            line_end.replace_with(_LINE_END)
        names = tag.get_text().strip(f" \n{_LINE_END}").partition(_LINE_END)[0]  # before affiliations and addresses
        people += [" ".join(name.split()) for name in re.split(r"[,;&]|\band\b", names)]
    if people := [p for p in people if _NAME.fullmatch(p) and not _PLACE.search(p)]:
        metadata["authors"] = tuple(dict.fromkeys(people))
    places = [soup.find(id="watermark-tr"), soup.find("base"), soup.find("link", rel="canonical")]
    for text in (f"{tag.get('href', '')} {tag.get_text()[:200]}" for tag in places if tag):
        if number := re.search(r"(?:arxiv:|/(?:abs|html|pdf)/)((\d\d)(?:0[1-9]|1[0-2])\.\d{4,5})", text, re.IGNORECASE):
            return metadata | {"arxiv_id": number[1], "year": 2000 + int(number[2])}
    return metadata
