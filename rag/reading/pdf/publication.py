"""Find a paper's DOI, arXiv id, year and venue in the margins of its first page and in the file's metadata."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

_DOI = re.compile(r"\b10\.\d{4,9}/[^\s\"<>{}|\\^,;]+")
_DATA_DOI = re.compile(r"10\.(?:5281|6084|5061|17605|7910)/")
_NOTE_OR_REFERENCE = re.compile(r"\d{1,2} ?[A-Zh]|\[\d{1,3}\]")
_ARXIV = re.compile(
    r"arxiv(?:\.org/(?:abs|pdf)/|[:.\s]\s*)(\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})(?:v\d+)?", re.I
)
_YEAR = r"((?:19|20)\d\d)\b"
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_YEARS = (  # how a year is printed, and the certainty that it is the year of publication
    (re.compile(rf"published(?:\sonline)?\b[^.;]{{0,30}}?\b{_YEAR}", re.I), 0.92),
    (re.compile(rf"{_MONTH}[\s\d.,–-]{{1,12}}{_YEAR}.{{0,12}}(?:©|\(c|copyright)", re.I), 0.92),
    (re.compile(rf"(?:proceedings|conference|workshop|symposium|meeting|iclr|icml|neurips|nips)\b.{{0,60}}?\b{_YEAR}",
                re.I), 0.91),
    (re.compile(rf"(?:©|\(c\)|copyright|(?:^|\. )c )\D{{0,20}}{_YEAR}", re.I), 0.9),
    (re.compile(rf"\bvol(?:ume|\.)?\s?\d+.{{0,40}}?\b{_YEAR}|\w\s\d+\s?(?:\(\d+\)\s?)?\({_YEAR}\)|\d\(\d+\),? {_YEAR}"
                rf"|\({_YEAR}\) \d+:\d|^[A-Z][\w ]+\s(?:{_YEAR}[,;]\s?\d+[,;(]|\({_YEAR}\) \d)", re.I), 0.88),
    (re.compile(rf"(?:journal|transactions|letters|proceedings)\b[^.;\d]{{0,60}},\s{_YEAR}(?=\W*$|\.)", re.I), 0.8),
    (re.compile(rf"^[A-Z][^()\d]{{1,80}} \({_YEAR}\)\. |^(?:to cite|citation|how to cite).*?\b{_YEAR}", re.I), 0.87),
    (re.compile(rf"(?:accepted|available online|posted|version|submitted|received)\b.{{0,30}}?\b{_YEAR}", re.I), 0.7),
    (re.compile(rf"\b{_MONTH}[\s\d.,stndrh–-]{{0,12}}{_YEAR}|^\(?{_YEAR}\)?$", re.I), 0.65),
)  # fmt: skip
_FIRST_YEAR = re.compile(r"(?<!\d)((?:19|20)\d\d)")
_DATES = {"coverdate": 0.9, "publicationdate": 0.9, "subject": 0.6, "creationdate": 0.4, "createdate": 0.4}
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


Texts = Sequence[str]


class Guess(NamedTuple):
    """A value with its certainty from 0 to 1; empty if there is none."""

    value: str = ""
    certainty: float = 0.0


def find_doi(
    margins: Texts,
    citing: Sequence[str],
    overleaf: Sequence[str],
    stated: Mapping[str, Texts],
    stem: str,
) -> Guess:
    """Return the paper's DOI in lower case.

    Args:
        margins: lines in the margins of the first page.
        citing: lines that may name another work.
        overleaf: lines in the margins of the second page. They only decide between several DOIs, because a list of
            references may reach there.
        stated: the file's metadata.
        stem: the file's name without its suffix.
    """
    in_file = [doi for name, texts in stated.items() if name != "program" for text in texts for doi in _dois(text)]
    repeated = {doi for text in overleaf for doi in _dois(text)}
    printed, cited = (
        [doi for text in lines if not _NOTE_OR_REFERENCE.match(text) for doi in _dois(text) if not _DATA_DOI.match(doi)]
        for lines in (margins, citing)
    )
    printed.sort(key=lambda doi: doi not in repeated)
    confirmed = [doi for doi in in_file if doi in {*printed, *cited, *repeated}]
    if confirmed:
        return Guess(confirmed[0], 0.98)
    if printed:
        return Guess(printed[0], 0.9 if len(set(printed)) == 1 or printed[0] in repeated else 0.75)
    if in_file:
        return Guess(in_file[0], 0.9)
    if cited:
        return Guess(cited[0], 0.3)
    match = re.match(r"(10\.\d{4,9})[._-](\S+)$", stem)
    return Guess(f"{match[1]}/{match[2]}", 0.4) if match else Guess()


def _dois(text: str) -> list[str]:
    """Return the DOIs in a text in lower case, without the punctuation after them."""
    found = []
    for match in _DOI.finditer(text):
        doi = match[0].rstrip(".:'’”")
        while doi.endswith("]") or (doi.endswith(")") and doi.count("(") < doi.count(")")):
            doi = doi[:-1].rstrip(".:'’”")
        found.append(doi.casefold())
    return found


def find_arxiv_id(lines: Sequence[tuple[str, bool]], stated: Mapping[str, Texts], stem: str) -> Guess:
    """Return the arXiv id without its version, from the stamp, the file's metadata or its name.

    `lines` are those of the first page, each with whether it is rotated, as the stamp is.
    """
    stamps = [text for text, rotated in lines if rotated or re.match(r"\W*arxiv\W+\d", text, re.I)]
    printed = next((match[1] for text in stamps for match in _ARXIV.finditer(text)), "")
    in_file = next((m[1] for texts in stated.values() for text in texts for m in _ARXIV.finditer(text)), "")
    name = re.match(r"(?:arxiv[-_.: ]?)?(\d{2}(?:0[1-9]|1[0-2])\.\d{4,5})(?:v\d+)?\b", stem, re.I)
    in_name = name[1] if name else ""
    found = Counter(filter(None, (printed, in_file, in_name)))
    best = printed or in_file or in_name
    if not best:
        return Guess()
    return Guess(best, 0.98 if found[best] > 1 else 0.95 if printed else 0.85 if in_file else 0.7)


def find_year(margins: Texts, stated: Mapping[str, Texts], arxiv: Guess, in_name: str) -> Guess:
    """Return the year of publication as four digits; that of the file if nothing better is known."""
    guesses = [
        Guess(next(filter(None, match.groups())), sure)
        for text in margins
        for pattern, sure in _YEARS
        for match in pattern.finditer(text)
    ]
    for name, sure in _DATES.items():
        found = [_FIRST_YEAR.search(text) for text in stated.get(name, [])]
        guesses += [Guess(match[1], sure) for match in found if match]
    if re.match(r"\d{4}\.", arxiv.value):
        guesses.append(Guess(f"20{arxiv.value[:2]}", 0.8))
    guesses += [Guess(in_name, 0.5)] if in_name else []
    best = max(guesses, key=lambda guess: guess.certainty, default=Guess())
    others = {guess.certainty for guess in guesses if guess.value == best.value} - {best.certainty}
    return best._replace(certainty=min(0.98, best.certainty + 0.05)) if others else best


def find_venue(margins: Texts, stated: Mapping[str, Texts], doi: Guess, arxiv: Guess) -> Guess:
    """Return the journal, the conference or the archive."""
    guesses = [
        Guess(" ".join(match[1].split()).strip(" ,.;|"), sure)
        for text in map(_without_capitals, margins)
        for pattern, sure in _VENUES
        for match in pattern.finditer(text)
    ]
    guesses += [Guess(text, 0.92) for text in stated.get("publicationname", [])]
    by_doi = (name for prefix, name in _DOI_VENUES.items() if doi.value.startswith(prefix))
    guesses += [Guess(name, min(0.95, doi.certainty)) for name in by_doi]
    guesses += [Guess("arXiv preprint", 0.5)] if arxiv.value else []
    guesses = [guess for guess in guesses if 3 < len(guess.value) < 200]
    return max(guesses, key=lambda guess: guess.certainty, default=Guess())


def _without_capitals(text: str) -> str:
    """Return a line set in capitals in title case; acronyms and lines of short words stay."""
    words = text.split()
    capitals, small_letters = sum(map(str.isupper, text)), sum(map(str.islower, text))
    if capitals < 2 * small_letters or all(len(word) < 6 for word in words):
        return text
    kept, small = {"IEEE", "ACM", "AAAI", "SIAM", "USA"}, {"OF", "ON", "IN", "AND", "FOR", "THE"}
    return " ".join(w if w in kept else w.lower() if n and w in small else w.title() for n, w in enumerate(words))
