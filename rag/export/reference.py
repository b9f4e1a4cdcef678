"""Format what exports share: one-line text, surnames, identifiers and URLs of papers, quotations to paste."""

import re
from collections import Counter
from collections.abc import Iterable
from urllib.parse import quote

from ..text.readable import readable
from ..types import Citation, Paper, Passage

_SHORT_TITLE = 50  # characters
_MIN_CERTAINTY = 0.8  # an identifier guessed with less certainty may belong to a cited work
GROUP = re.compile(r"\b(?:collaboration|consortium|team|group|initiative|project)$", re.IGNORECASE)
GENERATION = re.compile(r"(?:Jr|Sr)\.?|II|III|IV")
_REFERENCE_MARK = re.compile(r"(\w+[)”\"]?)\s+\[[1-9]\d{0,2}(?:(?:, ?[1-9]\d{0,2}){2,})?\](?=[.,;:)]|$)")
_BEFORE_NEEDED_MARK = frozenset("in of to as by from and or with see at on for is are than like".split())
_BREAKS = re.compile("[\x00-\x1f\x7f-\x9f]")
_INVISIBLE = re.compile("[\u00ad\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def one_line(text: str) -> str:
    """Return the readable form of a text on one line, without invisible and direction-changing characters."""
    return " ".join(_BREAKS.sub(" ", _INVISIBLE.sub("", readable(text))).split())


def quotation(citation: Citation) -> str:
    """Return a quote with its reference, ready to paste: “words” (Brook et al., 2020, p. 3).

    The paper's own reference marks are removed before punctuation: `[12]`, `[3, 5, 8]`. Two numbers stay, since they
    may be an interval, and so does a mark that the sentence needs ("as shown in [12]").
    """
    words = _REFERENCE_MARK.sub(
        lambda mark: mark[0] if mark[1].lower() in _BEFORE_NEEDED_MARK else mark[1], one_line(citation.quote)
    )
    authors = _authors(citation) or one_line(citation.title)
    place = [authors, str(citation.year or ""), pages_text([citation])]
    return f"“{words}” ({', '.join(filter(None, place))})"


def short_references(cited: Iterable[Citation | Passage]) -> dict[str, str]:
    """Return a short name for each paper by its id: `Brook et al. 2020`, or its short title if it has no authors.

    Papers with the same name are distinguished by their titles, and if these are the same, by their sources.
    """
    works = list({each.paper_id: each for each in cited}.values())
    names = [" ".join(filter(None, [_authors(work) or _short_title(work), str(work.year or "")])) for work in works]
    for part in (_short_title, lambda work: one_line(work.source)):
        counts = Counter(names)
        more = [part(work) if counts[name] > 1 else "" for name, work in zip(names, works, strict=True)]
        names = [name if not new or new in name else f"{name}, {new}" for name, new in zip(names, more, strict=True)]
    return {work.paper_id: name for work, name in zip(works, names, strict=True)}


def pages_text(places: Iterable[Citation | Passage]) -> str:
    """Return the pages of citations or passages, each once: `p. 6`, `pp. 6, 9`, or "" if none is known."""
    pages = dict.fromkeys(one_line(str(each.page_label or each.page)) for each in places if each.page)
    return f"{'p' if len(pages) == 1 else 'pp'}. {', '.join(pages)}" if pages else ""


def _authors(work: Citation | Passage) -> str:
    """Return the authors as in a reference: `Brook`, `Brook and Reed`, `Brook et al.`, or ""."""
    surnames = [surname(name) for name in work.authors]
    return surnames[0] + " et al." if len(surnames) > 2 else " and ".join(surnames)


def _short_title(work: Citation | Passage) -> str:
    """Return the title up to its subtitle, cut at a word if it is long."""
    title = one_line(work.title)
    short = title.split(": ", 1)[0].strip() or title
    return short if len(short) <= _SHORT_TITLE else short[:_SHORT_TITLE].rsplit(" ", 1)[0] + " …"


def surname(name: str) -> str:
    """Return the surname by which an author is cited, with particles ("von Neumann"); a group's whole name."""
    name = one_line(name)
    before, comma, after = name.partition(", ")
    if GROUP.search(name) or (comma and not GENERATION.fullmatch(after)):
        return before if comma else name
    words = (before if comma else name).split()
    first = len(words) - 1
    if first > 0 and GENERATION.fullmatch(words[first]):
        first -= 1
    while first > 0 and words[first - 1].islower():
        first -= 1
    return " ".join(words[first:])


def is_certain(paper: Paper, name: str) -> bool:
    """Return whether a metadata field is nearly certain, or was not guessed."""
    return dict(paper.certainty).get(name, 1.0) >= _MIN_CERTAINTY


def doi(paper: Paper) -> str:
    """Return the paper's DOI; empty if it is malformed or uncertain."""
    number = paper.doi or ""
    return number if re.fullmatch(r"10\.\d{4,9}/[^\s{}\\\"]+", number) and is_certain(paper, "doi") else ""


def arxiv_id(paper: Paper) -> str:
    """Return the paper's arXiv id, if need be from its DOI; empty if it is malformed or uncertain."""
    number = paper.arxiv_id if is_certain(paper, "arxiv_id") else None
    number = number or doi(paper).casefold().partition("10.48550/arxiv.")[2]
    return number if re.fullmatch(r"[A-Za-z0-9.-]+(?:/\d+)?(?:v\d+)?", number) else ""


def url(paper: Paper) -> str:
    """Return the paper's URL, with every character quoted that could end it or a field around it."""
    address = paper.url or ""
    return quote(address, ":/?#[]@!$&*+,;=%~", errors="replace") if re.match(r"https?://\w", address) else ""


def best_address(paper: Paper) -> str:
    """Return the URL of the paper's DOI, else of its arXiv page, else its own; empty if it has none."""
    if number := doi(paper):
        return f"https://doi.org/{quote(number, '/:;()', errors='replace')}"
    if number := arxiv_id(paper):
        return f"https://arxiv.org/abs/{number}"
    return url(paper)
