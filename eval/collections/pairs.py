"""Compare papers read from PDFs with the publisher's XML (JATS), letter by letter.

A sentence or table row is right if the stored text contains it in one piece, comparing only letters and digits.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from rag.types import Paper

from .articles import Article, key, read_article
from .reading_time import TimedReading

_GRAM = 6  # letters used to locate a sentence
_ROW_GRAM = 4  # the same for a table row, whose cells are short
BREAK = " ⟂ "
"""Shown in lost sentences after the longest beginning that the text contains in one piece."""

_AROUND = 30  # letters shown on each side of the nearest passage


class Text:
    """A stored text that can be searched by letters and digits only."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.key = key(text)
        self._grams: dict[int, dict[str, list[int]]] = {}

    @cached_property
    def _places(self) -> list[int]:
        """The position in `text` of each character of `key`."""
        return _places_of(self.text)

    def holds(self, wanted: str) -> bool:
        """Return whether the text contains `wanted` in one piece."""
        return key(wanted) in self.key

    def break_in(self, wanted: str) -> int:
        """Return the length of the longest beginning of `wanted` that the text contains."""
        places = _places_of(wanted)
        letters = key(wanted)
        held = bisect_left(range(1, len(letters) + 1), True, key=lambda length: letters[:length] not in self.key)
        return places[held] if held < len(places) else len(wanted)

    def nearest(self, wanted: str, gram: int) -> str:
        """Return the part of the text most similar to `wanted`; "" if there is none."""
        letters = key(wanted)
        known = self._places_of_grams(gram)
        hits = sorted({at for i in range(len(letters) - gram + 1) for at in known.get(letters[i : i + gram], ())})
        if not hits:
            return ""
        first, last = _densest(hits, len(letters) * 3 // 2)
        start = self._places[max(first - _AROUND, 0)]
        end = self._places[min(last + gram + _AROUND, len(self._places)) - 1] + 1
        return " ".join(self.text[start:end].split())

    def _places_of_grams(self, gram: int) -> dict[str, list[int]]:
        if gram not in self._grams:
            places: dict[str, list[int]] = defaultdict(list)
            for at in range(len(self.key) - gram + 1):
                places[self.key[at : at + gram]].append(at)
            self._grams[gram] = places
        return self._grams[gram]


def _places_of(text: str) -> list[int]:
    return [place for place, letter in enumerate(text) for _ in key(letter)]


def _densest(hits: Sequence[int], width: int) -> tuple[int, int]:
    """Return the first and last hit in the window of `width` with the most hits."""
    best = (0, 0)
    first = 0
    for last, hit in enumerate(hits):
        while hit - hits[first] > width:
            first += 1
        if last - first > best[1] - best[0]:
            best = (first, last)
    return hits[best[0]], hits[best[1]]


@dataclass(frozen=True, slots=True)
class Lost:
    """A sentence or row that is not in the stored text in one piece, and the most similar part of the text."""

    wanted: str
    held: int  # length of the beginning of `wanted` that the text contains
    found: str

    @property
    def parts(self) -> tuple[str, str]:
        """Return the beginning that the text contains, and the rest."""
        return self.wanted[: self.held], self.wanted[self.held :]


@dataclass(frozen=True, slots=True)
class Score:
    """The comparison of a paper read from its PDF with its XML; counts are of the XML."""

    file: str
    pages: int
    seconds: float
    sentences: int
    lost_sentences: tuple[Lost, ...]
    rows: int
    lost_rows: tuple[Lost, ...]
    authors: int  # in the XML
    authors_found: int  # of those, by the program
    authors_given: int  # by the program in all
    wrong: dict[str, tuple[str, str]]  # for title, authors, doi and year: found and expected value

    @property
    def sentence_share(self) -> float:
        """Share of the sentences found in one piece."""
        return 1 - len(self.lost_sentences) / self.sentences if self.sentences else 1.0

    @property
    def row_share(self) -> float:
        """Share of the rows whose cells are adjacent and in order."""
        return 1 - len(self.lost_rows) / self.rows if self.rows else 1.0


def has_xml(pdf: Path) -> bool:
    """Return whether there is an XML file with the same name next to a PDF."""
    return pdf.with_suffix(".xml").exists()


def measure_pair(reading: TimedReading) -> Score:
    """Compare a paper read from a PDF with the XML next to it."""
    article = read_article(reading.path.with_suffix(".xml"))
    return compare(reading.paper, article, reading.path.name, reading.pages, reading.seconds)


def compare(paper: Paper, article: Article, file: str = "", pages: int = 1, seconds: float = 0.0) -> Score:
    """Compare a paper with its XML."""
    text = Text(paper.text)
    return Score(
        file=file,
        pages=pages,
        seconds=seconds,
        sentences=len(article.sentences),
        lost_sentences=tuple(_lost(text, article.sentences, _GRAM)),
        rows=len(article.rows),
        lost_rows=tuple(_lost(text, map(" | ".join, article.rows), _ROW_GRAM)),
        authors=len(article.authors),
        authors_found=_authors_found(paper, article),
        authors_given=len(paper.authors),
        wrong=_wrong_metadata(paper, article),
    )


def _lost(text: Text, wanted: Iterable[str], gram: int) -> Iterator[Lost]:
    """Yield the wanted strings that the text does not contain in one piece."""
    for one in wanted:
        if not text.holds(one):
            yield Lost(one, text.break_in(one), text.nearest(one, gram))


def _wrong_metadata(paper: Paper, article: Article) -> dict[str, tuple[str, str]]:
    wrong = {}
    if article.title and key(paper.title) not in article.titles:
        wrong["title"] = (paper.title, article.title)
    if not _authors_found(paper, article) == len(article.authors) == len(paper.authors):
        wrong["authors"] = (", ".join(paper.authors), ", ".join(article.authors))
    if article.doi and (paper.doi or "").casefold() != article.doi.casefold():
        wrong["doi"] = (paper.doi or "", article.doi)
    if article.years and paper.year not in article.years:
        wrong["year"] = (str(paper.year or ""), ", ".join(map(str, sorted(article.years))))
    return wrong


def _authors_found(paper: Paper, article: Article) -> int:
    """Count the XML's authors whose surname ends one of the program's names, using each name once."""
    names = list(map(key, paper.authors))
    for surname in article.surnames:
        if (name := next((name for name in names if name.endswith(surname)), None)) is not None:
            names.remove(name)
    return len(paper.authors) - len(names)


def summary(scores: Sequence[Score]) -> dict[str, float]:
    """Return the figures over all papers: the shares of right sentences, rows and metadata."""
    if not scores:
        return {}
    sentences, rows = sum(score.sentences for score in scores), sum(score.rows for score in scores)
    found, given = sum(s.authors_found for s in scores), sum(s.authors_given for s in scores)
    shares = [score.sentence_share for score in scores if score.sentences]
    figures = {
        "papers": len(scores),
        "sentences": sentences,
        "sentences in one piece": 1 - sum(len(s.lost_sentences) for s in scores) / max(sentences, 1),
        "the same, mean over papers": sum(shares) / max(len(shares), 1),
        "the same, worst paper": min(shares, default=1.0),
        "rows": rows,
        "rows in order": 1 - sum(len(s.lost_rows) for s in scores) / max(rows, 1),
        "titles": sum("title" not in s.wrong for s in scores),
        "authors": sum(s.authors for s in scores),
        "authors precision": found / max(given, 1),
        "authors recall": found / max(sum(s.authors for s in scores), 1),
        "DOIs": sum("doi" not in s.wrong for s in scores),
        "DOIs of others": sum(bool(s.wrong.get("doi", ("",))[0]) for s in scores),
        "years": sum("year" not in s.wrong for s in scores),
        "years of others": sum(bool(s.wrong.get("year", ("",))[0]) for s in scores),
        "seconds a page": sum(s.seconds for s in scores) / sum(s.pages for s in scores),
    }
    return {name: round(value, 4) for name, value in figures.items()}


def worst_first(scores: Sequence[Score]) -> list[Score]:
    """Sort papers by their shares of right sentences and rows, lowest first."""
    return sorted(scores, key=lambda score: (score.sentence_share, score.row_share))


def describe(scores: Sequence[Score]) -> list[str]:
    """Describe every paper, worst first, with what was lost next to what the program read."""
    lines: list[str] = []
    for score in worst_first(scores):
        lines += [
            "",
            f"## {score.file}: sentences {score.sentence_share:.3f} of {score.sentences}, "
            f"rows {score.row_share:.3f} of {score.rows}, {score.seconds / score.pages:.2f} s a page",
        ]
        lines += [f"{name}: {found!r} instead of {wanted!r}" for name, (found, wanted) in score.wrong.items()]
        for kind, lost in (("sentence", score.lost_sentences), ("row", score.lost_rows)):
            for one in lost:
                before, after = one.parts
                lines += [f"{kind}: {before}{BREAK}{after}", f"    made: {one.found}"]
    return lines
