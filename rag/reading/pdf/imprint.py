"""Where and when a paper appeared: DOI, arXiv id, year and venue, from the edges of its page and the file's facts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

_DOI = re.compile(r"\b10\.\d{4,9}/[^\s\"<>{}|\\^,;]+")
_DATA_DOI = re.compile(r"10\.(?:5281|6084|5061|17605|7910)/")
_ENTRY = re.compile(r"\d{1,2} ?[A-Zh]|\[\d{1,3}\]")  # how a note begins, or a reference
_ARXIV = re.compile(
    r"arxiv(?:\.org/(?:abs|pdf)/|[:.\s]\s*)(\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})(?:v\d+)?", re.I
)
_YEAR = r"((?:19|20)\d\d)\b"
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_YEARS = (  # how a year is printed, and how surely it is then the paper's
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
_LONGEST = 2000  # characters of a statement that are looked at
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


class Guess(NamedTuple):
    """A value with its certainty; empty where there is none."""

    value: str = ""
    certainty: float = 0.0


def stated_facts(facts: Mapping[str, str], xmp: str | None) -> dict[str, list[str]]:
    """The file's own statements by name in lower case, those of the Info dictionary first."""
    stated: dict[str, list[str]] = {}
    named = {"author": "creator", "creator": "program"}
    own = [(named.get(name.lower(), name.lower()), value) for name, value in facts.items()]
    for name, value in [*own, *_xmp_values(xmp or "")]:
        text = " ".join(value[:_LONGEST].replace("\0", " ").split())
        if text:
            stated.setdefault(name, []).append(text)
    return stated


def _xmp_values(xmp: str) -> list[tuple[str, str]]:
    """The values in an XMP packet with their names in lower case; none where it is broken."""
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    source = re.sub(r"^\s*<\?xml\b.*?\?>", "", xmp.strip("\0\ufeff \r\n\t"))
    try:
        root = etree.fromstring(source.encode("utf-8", "ignore"), parser)
    except etree.XMLSyntaxError:
        return []
    values: list[tuple[str, str]] = []
    for element in root.iter(etree.Element):
        values += [(_local(name), str(value)) for name, value in element.attrib.items()]
        owner = element
        while owner is not None and owner.prefix == "rdf":  # a list's items belong to what holds the list
            owner = owner.getparent()
        if owner is not None and not len(element) and element.text:
            values.append((_local(owner.tag), str(element.text)))
    return values


def _local(name: Any) -> str:
    """The name of an XML element or attribute without its namespace."""
    return str(name).rpartition("}")[2].lower()


def find_doi(
    edges: Sequence[str], cited: Sequence[str], overleaf: Sequence[str], stated: Mapping[str, Sequence[str]], stem: str
) -> Guess:
    """The paper's DOI in lower case, from the edges of its page, the file's own statements or its name.

    `cited` are lines that may name another work. What stands `overleaf`, at the edges of the second page, settles which
    of several it is and no more: a list of references may reach that far.
    """
    said = [doi for name, texts in stated.items() for text in texts for doi in _dois(text) if name != "program"]
    again = {doi for text in overleaf for doi in _dois(text)}
    printed, low = (
        [doi for text in lines if not _ENTRY.match(text) for doi in _dois(text)] for lines in (edges, cited)
    )
    printed = sorted((doi for doi in printed if not _DATA_DOI.match(doi)), key=lambda doi: doi not in again)
    low = [doi for doi in low if not _DATA_DOI.match(doi)]
    both = [doi for doi in said if doi in {*printed, *low, *again}]
    if both:
        return Guess(both[0], 0.98)
    if printed:
        return Guess(printed[0], 0.9 if len(set(printed)) == 1 or printed[0] in again else 0.75)
    if said:
        return Guess(said[0], 0.9)
    if low:
        return Guess(low[0], 0.3)
    match = re.match(r"(10\.\d{4,9})[._-](\S+)$", stem)
    return Guess(f"{match[1]}/{match[2]}", 0.4) if match else Guess()


def _dois(text: str) -> list[str]:
    """The DOIs in a text in lower case, without what follows them."""
    found = []
    for match in _DOI.finditer(text):
        doi = match[0].rstrip(".:'’”")
        while doi.endswith("]") or (doi.endswith(")") and doi.count("(") < doi.count(")")):
            doi = doi[:-1].rstrip(".:'’”")
        found.append(doi.casefold())
    return found


def find_arxiv_id(lines: Sequence[tuple[str, bool]], stated: Mapping[str, Sequence[str]], stem: str) -> Guess:
    """The arXiv id, without its version, from the stamp, the file's own statements or its name.

    `lines` are those of the first page, each with whether it stands askew, as the stamp does.
    """
    stamps = [text for text, turned in lines if turned or re.match(r"\W*arxiv\W+\d", text, re.I)]
    printed = next((match[1] for text in stamps for match in _ARXIV.finditer(text)), "")
    said = next((m[1] for texts in stated.values() for text in texts for m in _ARXIV.finditer(text)), "")
    name = re.match(r"(?:arxiv[-_.: ]?)?(\d{2}(?:0[1-9]|1[0-2])\.\d{4,5})(?:v\d+)?\b", stem, re.I)
    named = name[1] if name else ""
    found = Counter(filter(None, (printed, said, named)))
    best = printed or said or named
    return Guess(best, 0.98 if found[best] > 1 else 0.95 if printed else 0.85 if said else 0.7) if best else Guess()


def find_year(edges: Sequence[str], stated: Mapping[str, Sequence[str]], arxiv: Guess, named: str) -> Guess:
    """The year the paper appeared, as four digits; the year of the file's making where nothing better is known."""
    guesses = [
        Guess(_matched(match), sure) for text in edges for pattern, sure in _YEARS for match in pattern.finditer(text)
    ]
    for name, sure in _DATES.items():
        found = [_FIRST_YEAR.search(text) for text in stated.get(name, [])]
        guesses += [Guess(match[1], sure) for match in found if match]
    if re.match(r"\d{4}\.", arxiv.value):
        guesses.append(Guess(f"20{arxiv.value[:2]}", 0.8))
    guesses += [Guess(named, 0.5)] if named else []
    if not guesses:
        return Guess()
    best = max(guesses, key=lambda guess: guess.certainty)
    others = {guess.certainty for guess in guesses if guess.value == best.value} - {best.certainty}
    return best._replace(certainty=min(0.98, best.certainty + 0.05)) if others else best


def _matched(match: re.Match[str]) -> str:
    return next(group for group in match.groups() if group)


def find_venue(edges: Sequence[str], stated: Mapping[str, Sequence[str]], doi: Guess, arxiv: Guess) -> Guess:
    """The journal, the conference or the archive."""
    guesses = [
        Guess(" ".join(match[1].split()).strip(" ,.;|"), sure)
        for text in map(_cased, edges)
        for pattern, sure in _VENUES
        for match in pattern.finditer(text)
    ]
    guesses += [Guess(text, 0.92) for text in stated.get("publicationname", [])]
    guesses += [
        Guess(name, min(0.95, doi.certainty)) for start, name in _DOI_VENUES.items() if doi.value.startswith(start)
    ]
    guesses += [Guess("arXiv preprint", 0.5)] if arxiv.value else []
    guesses = [guess for guess in guesses if 3 < len(guess.value) < 200]
    return max(guesses, key=lambda guess: guess.certainty, default=Guess())


def _cased(text: str) -> str:
    """A line set in capitals as it is written; acronyms and what is no more than one stay."""
    words = text.split()
    capitals, small_letters = sum(map(str.isupper, text)), sum(map(str.islower, text))
    if capitals < 2 * small_letters or all(len(word) < 6 for word in words):
        return text
    kept, small = {"IEEE", "ACM", "AAAI", "SIAM", "USA"}, {"OF", "ON", "IN", "AND", "FOR", "THE"}
    return " ".join(w if w in kept else w.lower() if n and w in small else w.title() for n, w in enumerate(words))
