"""What the record says on each form of question about metadata (`retrieval.metadata_questions`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from ..retrieval.back_matter import papers_meant
from ..retrieval.conditions import Condition, read_conditions
from ..retrieval.metadata_questions import MetadataQuestion, described_paper, titled_work
from ..retrieval.names import named_papers, titled_papers
from ..retrieval.terms import search_terms
from ..store.papers import Records
from ..text.readable import readable
from ..types import Paper

MOST_CITED = 50  # papers of a sentence
MOST_SCOPED = 5  # papers that a question may be limited to and still be about each of them
_MOST_VALUES = 3  # values in a tie that are written out
_CERTAIN = 0.8  # a guessed field with less is said to be probable


@dataclass(frozen=True, slots=True)
class Counted:
    """What the metadata say: a sentence, the papers that it rests on, and how sure it is.

    Attributes:
        papers: those that are cited, `MOST_CITED` at most.
        count: how many there are.
        listed: whether papers get a line of their own.
    """

    sentence: str
    papers: Sequence[int]
    count: int = 0
    listed: bool = False
    notes: tuple[str, ...] = ()
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class Asked:
    """A question about metadata, and what it is put to.

    Attributes:
        scope: the keys of the papers that the filters leave; None without filters.
        is_limited: whether the question is limited to a few papers by their names.
        find: searches for a paper by a description of it.
        before: returns the paper that the conversation was about.
    """

    records: Records
    question: MetadataQuestion
    scope: frozenset[int] | None
    is_limited: bool
    find: Callable[[str], int | None] = field(repr=False)
    before: Callable[[], int | None] = field(repr=False)

    @property
    def total(self) -> int:
        return self.records.count_papers() if self.scope is None else len(self.scope)

    def size(self, papers: frozenset[int] | None) -> int:
        """Return how many papers there are; None stands for all of the library."""
        return self.total if papers is None else len(papers)


def counted_parts(asked: Asked, parts: Sequence[MetadataQuestion]) -> list[Counted]:
    """Return what the record says on each of several questions; nothing if it knows none of the answers."""
    found = [counted(replace(asked, question=part)) for part in parts]
    keys = next(([key for each in of_part for key in each.papers] for of_part in found if of_part), [])
    papers = asked.records.described(keys) if len(found) > 1 else {}
    unknown = [[Counted(_unknown(part.field, paper), [key]) for key, paper in papers.items()] for part in parts]
    return [each for of_part, missing in zip(found, unknown, strict=True) for each in of_part or missing]


def counted(asked: Asked) -> list[Counted]:
    """Return what the record says; nothing if the question is none about metadata, or the record does not know."""
    is_of_one = asked.is_limited and asked.total == 1  # how many papers a review covers is a question for its content
    if not asked.total or (is_of_one and asked.question.form not in ("fact", "held")):
        return []
    return _FORMS[asked.question.form](asked)


def _count(asked: Asked) -> list[Counted]:
    """Answer "how many papers ..." and "which papers ..." with conditions on their metadata."""
    conditions = _conditions(asked, known_only=False)
    if conditions is None or (asked.question.needs_condition and not conditions):
        return []
    keys = _meeting(asked, conditions)
    if not conditions:
        where = "This library holds" if asked.scope is None else "The filters leave"
        return [_listing(asked, f"{where} {_papers(asked.total)}.", keys)]
    words = ", ".join(condition.words for condition in conditions)
    among = f"of {asked.total:,} in all" if asked.scope is None else f"of {asked.total:,} that the filters leave"
    sentence = f"This library has {_papers(asked.size(keys)) if asked.size(keys) else 'no paper'} {words}, {among}."
    return [_listing(asked, sentence, keys, _notes(asked, conditions))]


def _newest(asked: Asked) -> list[Counted]:
    """Answer "what is the newest paper"; several of the same year are all named."""
    conditions = _conditions(asked)
    if conditions is None:
        return []
    among = _meeting(asked, conditions)
    if not (years := asked.records.years_of(among)):
        return []
    which = asked.question.field
    year = max(years) if which == "newest" else min(years)
    of_year = frozenset(asked.records.papers_of_years(year, year))
    keys = of_year if among is None else of_year & among
    words = "".join(f" {condition.words}" for condition in conditions)
    noun = "paper is" if len(keys) == 1 else "papers are"
    return [_listing(asked, f"The {which} {noun}{words} from {year}.", keys, _notes(asked, [*conditions, _YEAR]))]


def _most(asked: Asked) -> list[Counted]:
    """Answer "who wrote the most papers", "which venue is the most common", "from which year are most papers"."""
    conditions = _conditions(asked)
    if conditions is None:
        return []
    keys = _meeting(asked, conditions)
    kind = asked.question.field
    stored = {"authors": "name"}.get(kind, kind)
    counts = asked.records.counts(stored, keys)
    if not counts:
        return []
    most = counts[0][1]
    of_all = f"of the {_papers(asked.size(keys))}"
    values = [value for value, count in counts if count == most]
    if most == 1 and len(values) > 1:
        return [Counted(f"No {_SINGULAR[kind]} has more than one {of_all}.", ())]
    top = {value: asked.records.papers_with(stored, value) for value in values[:MOST_CITED]}
    top = {value: papers if keys is None else papers & keys for value, papers in top.items()}
    names = [_shown(asked.records, kind, value, top[value]) for value in values[:_MOST_VALUES]]
    if len(values) > _MOST_VALUES:
        names.append(f"{len(values) - _MOST_VALUES:,} more")
    if kind == "year":
        sentence = f"Most papers are from {_and(names)}: {most:,} {of_all}{' each' if len(values) > 1 else ''}."
    elif len(values) > 1:
        sentence = f"{_and(names)} have the most papers, {most:,} {of_all} each."
    else:
        sentence = f"{names[0]} has the most papers, {most:,} {of_all}."
    return [_listing(asked, sentence, frozenset().union(*top.values()), _notes(asked, [*conditions, _FIELD_OF[kind]]))]


def _span(asked: Asked) -> list[Counted]:
    """Answer "which years do the papers cover" with a paper of the first year and one of the last."""
    years = asked.records.years_of(asked.scope)
    if not years:
        return []
    first, last = min(years), max(years)
    ends = []
    for year in dict.fromkeys((first, last)):
        of_year = asked.records.papers_of_years(year, year)
        ends.append(min(of_year if asked.scope is None else of_year & asked.scope))
    sentence = f"The papers are from {first} to {last}." if first < last else f"All papers are from {first}."
    return [Counted(sentence, ends, len(ends), listed=True, notes=_notes(asked, [_YEAR]))]


def _held(asked: Asked) -> list[Counted]:
    """Answer "do I have X" where X is the title or name of a paper of the library."""
    scope = None if asked.scope is None else sorted(asked.scope)
    keys = titled_papers(asked.records, asked.question.about, scope)
    if not keys:
        return []
    titles = [f"“{readable(paper.title)}”" for paper in asked.records.described(keys[:MOST_SCOPED]).values()]
    return [Counted(f"Yes, this library has {_and(titles)}.", keys[:MOST_SCOPED])]


def _fact(asked: Asked) -> list[Counted]:
    """Answer a question for a field of the papers that it names; of several, each in a sentence of its own."""
    papers = asked.records.described(_papers_asked(asked))
    works = asked.records.works(papers)
    name = asked.question.field
    is_given = asked.is_limited and len(set(works.values())) == 1
    found: dict[int, Counted] = {}  # by work: of its versions, the first that has the field
    for key, paper in papers.items():
        if (sentence := fact_sentence(name, paper, is_given)) and works[key] not in found:
            found[works[key]] = Counted(sentence, [key], confidence=_certainty(paper, name))
    for key, paper in papers.items():
        if found and works[key] not in found:
            found[works[key]] = Counted(_unknown(name, paper), [key])
    return list(found.values())


def _unknown(field_: str, paper: Paper) -> str:
    return f"The record has no {_NAMES.get(field_, field_)} of “{readable(paper.title)}”."


def fact_sentence(field_: str, paper: Paper, is_given: bool) -> str:
    """Return a sentence with a field of a paper, empty if it is not known; `is_given`: without the paper's title."""
    title = "It" if is_given else f"“{readable(paper.title)}”"
    of_title = "" if is_given else f" of {title}"
    probably = "probably " if _certainty(paper, field_) < _CERTAIN else ""
    if field_.endswith("author") or field_ in ("authors", "author count"):
        return _authors_sentence(field_, paper, title, of_title, probably)
    if field_ == "year":
        return f"{title} was {probably}published in {paper.year}." if paper.year else ""
    if field_ == "venue":
        return f"{title} was {probably}published in {readable(paper.venue)}." if paper.venue else ""
    if field_ == "page count":
        count = len({page.number for page in paper.pages})
        return f"{title} has {count} page{'' if count == 1 else 's'}." if count else ""
    value = getattr(paper, field_)
    return f"The {_NAMES[field_]}{of_title} is {probably}{value}." if value else ""


def _authors_sentence(field_: str, paper: Paper, title: str, of_title: str, probably: str) -> str:
    names = [readable(author) for author in paper.authors]
    if not names:
        return ""
    if field_ == "authors" and title == "It" and len(names) > 1:
        return f"The authors are {probably}{_and(names)}."
    if field_ == "author count":
        return f"{title} has {probably}{len(names)} {'author' if len(names) == 1 else 'authors'}: {_and(names)}."
    if field_ in ("first author", "last author"):
        return f"The {field_}{of_title} is {probably}{names[0 if field_ == 'first author' else -1]}."
    return f"{title} is {probably}by {_and(names)}."


def _papers_asked(asked: Asked) -> list[int]:
    """Return the papers that a question for a field is about, few; empty if it names none that is there."""
    about, scope = asked.question.about, None if asked.scope is None else sorted(asked.scope)
    if not about:
        if asked.is_limited or asked.total == 1:
            return asked.records.in_order(asked.scope, MOST_SCOPED)
        before = asked.before()
        return [] if before is None else [before]
    if keys := titled_papers(asked.records, about, scope):
        return keys if len(keys) <= MOST_SCOPED else []
    if words := titled_work(about):
        meant, are_titled = papers_meant(asked.records, search_terms(words), scope)
        return meant if meant and are_titled and len(meant) == 1 else []
    if asked.is_limited or (description := described_paper(about)) is None:
        return []
    if conditions := read_conditions(asked.records, description):
        met = _meeting(asked, conditions)
        return asked.records.in_order(met, MOST_SCOPED) if asked.size(met) <= MOST_SCOPED else []
    if named := named_papers(asked.records, description, scope):
        return [paper.key for paper in named][:MOST_SCOPED]
    found = asked.find(description)
    return [] if found is None else [found]


def _conditions(asked: Asked, known_only: bool = True) -> list[Condition] | None:
    found = read_conditions(asked.records, asked.question.rest)
    if found is None and not known_only:
        found = read_conditions(asked.records, asked.question.rest, known_only=False)
    return found


def _meeting(asked: Asked, conditions: Sequence[Condition]) -> frozenset[int] | None:
    """Return the papers of the scope that meet all conditions; None for all papers of the library."""
    sets = [condition.papers for condition in conditions]
    sets += [] if asked.scope is None else [asked.scope]
    return frozenset.intersection(*sets) if sets else None


def _listing(asked: Asked, sentence: str, papers: frozenset[int] | None, notes: tuple[str, ...] = ()) -> Counted:
    cited = asked.records.in_order(papers, MOST_CITED)
    return Counted(sentence, cited, asked.size(papers), listed=True, notes=notes)


def _notes(asked: Asked, conditions: Sequence[Condition]) -> tuple[str, ...]:
    """Return what was taken for a typing mistake, and how many papers were left out because a field is unknown."""
    notes = [condition.note for condition in conditions if condition.note]
    for name in dict.fromkeys(condition.field for condition in conditions if condition.field in _UNKNOWN):
        if missing := asked.records.count_without(name, asked.scope):
            notes.append(f"{_papers(missing)} {'has' if missing == 1 else 'have'} no {_SINGULAR[name]} in the record.")
    return tuple(notes)


def _shown(records: Records, kind: str, value: str, papers: set[int]) -> str:
    """Return a counted value as a paper has it."""
    if kind == "authors":
        return readable(records.author_named(value, papers))
    return value if kind == "year" else readable(next(iter(records.described([min(papers)]).values())).venue or value)


def _certainty(paper: Paper, field_: str) -> float:
    return dict(paper.certainty).get("authors" if "author" in field_ else field_, 1.0)


def _papers(count: int) -> str:
    return f"{count:,} paper{'' if count == 1 else 's'}"


def _and(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


_YEAR = Condition("", frozenset(), "year")
_FIELD_OF = {"year": _YEAR, "venue": Condition("", frozenset(), "venue"), "authors": Condition("", frozenset(), "")}
_UNKNOWN = ("year", "venue")
_SINGULAR = {"authors": "author", "year": "year", "venue": "venue", "author count": "author"}
_NAMES = {"page count": "pages", "doi": "DOI", "arxiv_id": "arXiv id", "url": "address", "citekey": "citekey"}
_FORMS: dict[str, Callable[[Asked], list[Counted]]] = {
    "count": _count, "list": _count, "newest": _newest, "most": _most, "span": _span, "fact": _fact, "held": _held,
}  # fmt: skip
