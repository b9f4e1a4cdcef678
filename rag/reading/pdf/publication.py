"""Find DOIs, arXiv ids, years and venues in a paper's publication details and its file's metadata."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from .candidates import Candidate, Guess
from .imprint import Passage
from .lines import PageLines

_DOI = re.compile(r"\b10\.\d{4,9}/(?:\(SICI\)\S+|[^\s\"<>{}|\\^,;]+)", re.I)
_OTHER_DOI = re.compile(
    r"10\.(?:5281|6084|5061|17605|7910|5256|13039|15468|1594|17632|24433|17504|6073|3886)/"
)  # of data, reviews and funders
_COMPONENT = re.compile(r"(?:\.[gst]\d{3}|(?<=elife\.\d{5})\.\d{3})$")  # figures and tables may have DOIs
_VERSION = re.compile(r"[./]v?(\d{1,2})$")
_FIRST_VERSION = re.compile(r"\W*first\s(?:published|posted)\b", re.I)  # the paper may be a later one
_NOTE_OR_REFERENCE = re.compile(r"\d{1,2} ?[A-Zh]|\[\d{1,3}\]")
_ARXIV = re.compile(
    r"arxiv(?:\.org/(?:abs|pdf)/|[:.\s]\s*)(\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})(?:v\d+)?", re.I
)
_DOI_CERTAINTY = {
    "own citation": 0.97, "first page": 0.9, "running head": 0.95, "side": 0.85, "cover": 0.85, "text": 0.2
}  # fmt: skip
"""How often a DOI in such a passage belongs to the paper."""
_DOI_FIELDS = ("doi", "identifier", "url", "subject", "description", "title", "keywords")
_YEAR = r"((?:19|20)\d\d)\b"
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_YEARS = (  # how a year is printed, what it means, and the certainty that it is the year of publication
    (rf"first\spublished\b[^.;/]{{0,30}}?\b{_YEAR}", "first publication", 0.6),  # a later version may follow
    (rf"(?<!first\s)published(?:\sonline)?\b[^.;/]{{0,30}}?\b{_YEAR}|{_MONTH}[\s\d.,–-]{{1,12}}{_YEAR}.{{0,12}}(?:©|\(c|copyright)",
     "publication", 0.92),
    (rf"(?:proceedings|conference|workshop|symposium|meeting|iclr|icml|neurips|nips)\b.{{0,60}}?\b{_YEAR}",
     "meeting", 0.9),
    (rf"(?:©|\(c\)|copyright|(?:^|\. )c )\D{{0,60}}?{_YEAR}|^\W*{_YEAR} the authors?\b|the author\(s\)\W{{0,3}}{_YEAR}",
     "copyright", 0.88),
    (rf"\bvol(?:ume|\.)?\s?\d+.{{0,40}}?\b{_YEAR}|\w\s\d+\s?(?:\(\d+\)\s?)?\({_YEAR}\)|\d\(\d+\),? {_YEAR}"
     rf"|\({_YEAR}\) \d+:\d|^[A-Z][\w ]+\s(?:{_YEAR}[,;]\s?\d+[,;(]|\({_YEAR}\) \d)|\b{_YEAR}[,;]\s?\d+\s?[:(]\s?\w?\d"
     rf"|\b{_YEAR}\s{_MONTH}\s?\d{{0,2}}\s?;\s?\d|\b{_YEAR}\W{{1,3}}vol(?:ume|\.)?\s?\d"
     rf"|\d, ?\w?\d+(?:[–-]\w?\d+)? \({_YEAR}\)", "volume", 0.9),
    (rf"(?:journal|transactions|letters|proceedings)\b[^.;\d]{{0,60}},\s{_YEAR}(?=\W*$|\.)", "volume", 0.8),
    (rf"^[A-Z][^()\d]{{1,80}} \({_YEAR}\)\. |^(?:to cite|citation|how to cite).*?\b{_YEAR}", "citation", 0.85),
    (rf"(?:available online|posted|version)\b.{{0,30}}?\b{_YEAR}", "online", 0.7),
    (rf"accepted\b.{{0,30}}?\b{_YEAR}", "accepted", 0.5),
    (rf"(?:submitted|received|revised)\b.{{0,30}}?\b{_YEAR}", "received", 0.25),
)  # fmt: skip
_YEAR_PATTERNS = [(re.compile(pattern, re.I), kind, certainty) for pattern, kind, certainty in _YEARS]
_DATE = re.compile(  # without a label that says what it is the date of
    rf"\b{_MONTH}[\s\d.,stndrh–-]{{0,12}}{_YEAR}|^\(?{_YEAR}\)?$|\b\d\d?/\d\d?/{_YEAR}|\b{_YEAR}-\d\d-\d\d\b", re.I
)
_ANY_YEAR = re.compile(r"(?<![\d.])((?:19|20)\d\d)(?!\d)")
_YEAR_IN_PARENTHESES = re.compile(rf"\({_YEAR}\w?\)")
_FIRST_YEAR = re.compile(r"(?<!\d)((?:19|20)\d\d)")
_DATES = {"coverdate": 0.9, "coverdisplaydate": 0.9, "publicationdate": 0.9, "subject": 0.6}
_FILE_DATES = ("creationdate", "createdate")
_MAX_VERSIONS = 10  # of a DOI
_MIN_MENTIONS = 3  # of a year; the paper is then no older than that year

_VENUES = (
    (re.compile(r"published as a (?:conference|workshop) paper at (.+)", re.I), 0.9),
    (re.compile(r"((?:Proceedings of|Findings of) .+?)(?:,? pages?\b.*|,? pp\b.*|[,.]? \d+[–-]\d+.*|\.?$)"), 0.9),
    (re.compile(r"(\d+(?:st|nd|rd|th) (?:[A-Z]\w+ )*(?:Conference|Workshop|Symposium|Meeting) .+?)(?:\.$|$)"), 0.85),
    (re.compile(r"^((?:IEEE|ACM) (?:Transactions|Journal|Letters)[^,\d]+)", re.I), 0.85),
    (re.compile(r"^((?:[A-Z][\w&-]+ )*?Journal (?:of|for|on) [A-Z][^,\d.(|:;]+|The [A-Z]\w+ Journal)"), 0.8),
    (re.compile(r"^((?:Frontiers|Advances|Annals|Bulletin|Archives|Trends) (?:in|of) [A-Z][^,\d.(|:;]+)"), 0.8),
    (re.compile(r"^([A-Z][A-Za-z&. -]{2,60}?),? (?:vol(?:ume|\.)? ?)?\d{1,4} ?(?:\(\d+\) ?)?\((?:19|20)\d\d\)"), 0.8),
    (re.compile(r"^([A-Z][A-Za-z ]{2,50}?)(?: \d{4}[,;] ?\d+[,;]| \(\d{4}\) \d|, \d+\(\d+\), \d{4})"), 0.8),
    (re.compile(r"^((?:PLOS|Nature|Scientific|Cell|Science|PeerJ|eLife)[A-Za-z ]*?) ?\| ?(?:Vol|http|www|\()"), 0.8),
    (re.compile(r"(Journal of [A-Z]\w+(?: [A-Z]\w+| of| and| in)*)"), 0.6),
)  # fmt: skip
_DOI_VENUES = {
    "10.21105/jose": "Journal of Open Source Education",
    "10.21105/joss": "Journal of Open Source Software",
    "10.1371/journal.pone": "PLOS ONE",
    "10.7554/elife": "eLife",
    "10.7717/peerj": "PeerJ",
    "10.1101/": "bioRxiv",
    "10.48550/arxiv": "arXiv preprint",
}
Stated = Mapping[str, Sequence[str]]


def passage_candidates(passages: Sequence[Passage], title: str) -> Iterator[Candidate]:
    """Yield the candidates for DOI, year and venue in passages of a paper."""
    for passage in passages:
        yield from _doi_candidates(passage)
        yield from _year_candidates(passage, title)
        yield from _venue_candidates(passage)


def name_candidates(stem: str) -> Iterator[Candidate]:
    """Yield the DOI and the arXiv id in a file's name."""
    if doi := re.match(r"(10\.\d{4,9})[._-](\S+)$", stem):
        yield Candidate("doi", f"{doi[1]}/{doi[2]}".casefold(), "file name", 0.7)
    if number := re.match(r"(?:arxiv[-_.: ]?)?(\d{2}(?:0[1-9]|1[0-2])\.\d{4,5})(?:v\d+)?\b", stem, re.I):
        yield Candidate("arxiv_id", number[1], "file name", 0.7)


# DOI


def _doi_candidates(passage: Passage) -> Iterator[Candidate]:
    if passage.where != "own citation" and _NOTE_OR_REFERENCE.match(passage.text):
        return
    for doi in dois_in(passage.text):
        if not _OTHER_DOI.match(doi):
            earlier = 0.4 if _FIRST_VERSION.match(passage.text) else 1.0
            yield Candidate("doi", doi, passage.where, min(earlier, _DOI_CERTAINTY[passage.where]))


def dois_in(text: str) -> list[str]:
    """Return the DOIs in a text in lower case, without the punctuation after them."""
    found = []
    for match in _DOI.finditer(text):
        doi = match[0].rstrip(".:'’”")
        while doi.endswith("]") or (doi.endswith(")") and doi.count("(") < doi.count(")")):
            doi = doi[:-1].rstrip(".:'’”")
        doi = _COMPONENT.sub("", doi.casefold())
        if re.search(r"/(?=.*\d).{3}", doi) and not doi.endswith(("-", "/", "_", "(")):
            found.append(doi)
    return found


def reconciled(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return the candidates with truncated DOIs replaced by whole ones, and older versions by the latest."""
    dois = sorted({each.value for each in candidates if each.field == "doi"})
    # In sorted order, a DOI follows its truncated forms.
    whole = {
        one: next((o for o in dois[at + 1 : at + _MAX_VERSIONS] if _is_cut(one, o)), one) for at, one in enumerate(dois)
    }
    latest: dict[str, str] = {}
    for doi in dois:
        if _VERSION.search(doi) and _version(doi) >= _version(latest.get(_VERSION.sub("", doi), "")):
            latest[_VERSION.sub("", doi)] = doi
    known = {doi: latest.get(_VERSION.sub("", whole[doi]), whole[doi]) for doi in dois}
    return [each._replace(value=known[each.value]) if each.field == "doi" else each for each in candidates]


def _is_cut(one: str, other: str) -> bool:
    """Return whether a DOI is a truncated form of another one, and not an older version."""
    return other != one and other.startswith(one) and not _VERSION.fullmatch(other[len(one) :])


def _version(doi: str) -> int:
    match = _VERSION.search(doi)
    return int(match[1]) if match else -1


# Year


def _year_candidates(passage: Passage, title: str) -> Iterator[Candidate]:
    if passage.where == "own citation":
        text = passage.text.replace(title, "")
        if year := _YEAR_IN_PARENTHESES.search(text) or _ANY_YEAR.search(text):
            yield Candidate("year", year[1], "own citation", 0.93)
    if passage.where in ("side", "text"):
        return
    found = [
        Candidate("year", next(filter(None, match.groups())), kind, certainty)
        for pattern, kind, certainty in _YEAR_PATTERNS
        for match in pattern.finditer(passage.text)
    ]
    yield from found or (
        Candidate("year", next(filter(None, m.groups())), "date", 0.55) for m in _DATE.finditer(passage.text)
    )


def arxiv_year(arxiv_id: str) -> Iterator[Candidate]:
    """Yield the year in an arXiv id."""
    if re.match(r"\d{4}\.", arxiv_id):
        yield Candidate("year", f"20{arxiv_id[:2]}", "arxiv", 0.8)


def plausible(candidates: Sequence[Candidate], pages: Sequence[PageLines], stated: Stated) -> list[Candidate]:
    """Return the candidates, with years doubted that are well before a year that the paper often mentions.

    A paper is no older than what it cites. Years after the file was made are future plans and forecasts.
    """
    made = [
        int(match[1]) for name in _FILE_DATES for text in stated.get(name, []) if (match := _FIRST_YEAR.search(text))
    ]
    limit = max(made, default=9999)
    named = Counter(year for page in pages for line in page.lines for year in set(_ANY_YEAR.findall(line.text)))
    latest = max((int(y) for y, count in named.items() if count >= _MIN_MENTIONS and int(y) <= limit), default=0)
    return [
        each._replace(certainty=0.2 * each.certainty)
        if each.field == "year" and not latest - 1 <= int(each.value) <= limit + 1
        else each
        for each in candidates
    ]


# Venue


def _venue_candidates(passage: Passage) -> Iterator[Candidate]:
    if passage.where in ("own citation", "side", "running head"):
        return
    text = _without_capitals(passage.text)
    for pattern, certainty in _VENUES:
        for match in pattern.finditer(text):
            name = " ".join(match[1].split()).strip(" ,.;|")
            if 3 < len(name) < 200:
                yield Candidate("venue", name, passage.where, certainty)


def venues_of(doi: Guess, arxiv: Guess) -> Iterator[Candidate]:
    """Yield the venue implied by a DOI or an arXiv id."""
    for prefix, name in _DOI_VENUES.items():
        if doi.value.startswith(prefix):
            yield Candidate("venue", name, "doi", min(0.95, doi.certainty))
    if arxiv.value:
        yield Candidate("venue", "arXiv preprint", "arxiv", 0.5)


# The file's metadata, and the arXiv's stamp


def stated_candidates(stated: Stated) -> Iterator[Candidate]:
    """Yield the candidates for DOI, year, venue and arXiv id in a file's metadata."""
    for name in _DOI_FIELDS:
        for doi in (doi for text in stated.get(name, []) for doi in dois_in(text)):
            yield Candidate("doi", doi, "file", 0.9)
    for name, certainty in _DATES.items():
        for match in filter(None, map(_FIRST_YEAR.search, stated.get(name, []))):
            yield Candidate("year", match[1], "file", certainty)
    for name in _FILE_DATES:
        for match in filter(None, map(_FIRST_YEAR.search, stated.get(name, []))):
            yield Candidate("year", match[1], "date of the file", 0.35)
    for name in stated.get("publicationname", []):
        yield Candidate("venue", name, "file", 0.92)
    for match in (match for texts in stated.values() for text in texts for match in _ARXIV.finditer(text)):
        yield Candidate("arxiv_id", match[1], "file", 0.85)


def stamp_candidates(page: PageLines) -> Iterator[Candidate]:
    """Yield the arXiv id in the stamp of a first page, which is usually rotated."""
    for line in page.lines:
        if line.turned or re.match(r"\W*arxiv\W+\d", line.text, re.I):
            for match in _ARXIV.finditer(line.text):
                yield Candidate("arxiv_id", match[1], "stamp", 0.95)


def _without_capitals(text: str) -> str:
    """Return an all-capitals line in title case; acronyms and lines of short words stay unchanged."""
    words = text.split()
    capitals, small_letters = sum(map(str.isupper, text)), sum(map(str.islower, text))
    if capitals < 2 * small_letters or all(len(word) < 6 for word in words):
        return text
    kept, small = {"IEEE", "ACM", "AAAI", "SIAM", "USA"}, {"OF", "ON", "IN", "AND", "FOR", "THE"}
    return " ".join(w if w in kept else w.lower() if n and w in small else w.title() for n, w in enumerate(words))
