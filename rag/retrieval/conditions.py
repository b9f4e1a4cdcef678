"""Conditions on metadata in a question: "by X", "from 2015 to 2019", "in the journal Y", "tagged Z".

A text is read from left to right; each condition has to be known to the library, and nothing may be left over.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from ..store.papers import Records
from ..text.names import fits_name, name_key, plain_name


class Condition(NamedTuple):
    """A condition: its words in an answer, the papers that meet it, the field that decides it, and a note."""

    words: str
    papers: frozenset[int]
    field: str
    note: str = ""


Resolver = Callable[[Records, str], Condition | None]

_MAX_WORDS = 30
_YEAR = r"((?:1[6-9]|20)\d\d)"
_FIRST_YEAR, _LAST_YEAR = 0, 9999
_PUBLISHED = r"(?:(?:first )?(?:published|written|dated|released|printed|appeared|appearing|presented|out) )?"
_IN = rf"{_PUBLISHED}(?:in|from|of|during|for)(?: the)?(?: years?)?"
_FILLER = re.compile(
    r"(?:,|(?:and|that|which|who|are|is|were|was|been|be|do|does|have|has|had|there|i|we|you|got|stored|held|these|them"
    r"|in total|in all|altogether|overall|currently|now|here|exactly"
    r"|(?:in|of|from|within) (?:my|the|this|our|your) (?:whole |entire )?"
    r"(?:library|collection|corpus|database|folder))\b)\s*",
    re.IGNORECASE,
)
_QUOTES = "\"'“”‘’«» "
_AND = re.compile(r",? (?:and|&) |, ", re.IGNORECASE)
_OR = re.compile(r" or ", re.IGNORECASE)
_NAME_WORD = r"(?:[^\W\d_a-z][\w.'’-]*|van|von|de|der|den|da|di|la|le|el|al|bin|ibn)"
_PERSON = re.compile(rf"{_NAME_WORD}(?: {_NAME_WORD}){{0,4}}")


def read_conditions(records: Records, text: str, *, known_only: bool = True) -> list[Condition] | None:
    """Return the conditions in a text; None if it holds anything else.

    Unless `known_only`, an author whom the library does not know meets the condition that no paper meets.
    """
    text = text.strip()
    if not text:
        return []
    if len(text.split()) > _MAX_WORDS:
        return None
    for condition, rest in _first_conditions(records, text, known_only):
        if (more := read_conditions(records, rest, known_only=known_only)) is not None:
            return [condition, *more]
    if filler := _FILLER.match(text):
        return read_conditions(records, text[filler.end() :], known_only=known_only)
    return None


def _first_conditions(records: Records, text: str, known_only: bool) -> Iterator[tuple[Condition, str]]:
    """Yield each way to read a condition at the start of a text, with the text after it."""
    for pattern, read in _YEARS:
        if match := pattern.match(text):
            ranges, words = read(match)
            papers = frozenset[int]().union(*(records.papers_of_years(first, last) for first, last in ranges))
            yield Condition(words, papers, "year"), text[match.end() :]
    if match := _WITHOUT.match(text):
        yield without(records, match[1].casefold().removesuffix("s")), text[match.end() :]
    for pattern, resolve in _CLOSED:
        if (match := pattern.match(text)) and (found := resolve(records, match["slot"].strip(_QUOTES))):
            yield found, text[match.end() :]
    for pattern, resolve in _OPEN:
        if match := pattern.match(text):
            yield from _slots(records, text[match.end() :], resolve, known_only)


def _slots(records: Records, text: str, resolve: Resolver, known_only: bool) -> Iterator[tuple[Condition, str]]:
    """Yield the readings of a slot that ends anywhere in a text, the longest first."""
    ends = [match.end() for match in re.finditer(r"[^\s,]+(?:, (?=[A-Z]\.))?", text)]
    for end in reversed(ends):
        slot = text[:end].strip(_QUOTES)
        if found := resolve(records, slot):
            yield found, text[end:]
        elif not known_only and resolve is by_author and _PERSON.fullmatch(slot):
            yield Condition(f"by {slot}", frozenset(), "authors"), text[end:]


def by_author(records: Records, names: str) -> Condition | None:
    """Return the condition that a paper is by one author, or by all or any of several; a name may be mistyped."""
    if found := _by_one(records, names):
        return found
    for split, together in ((_OR, False), (_AND, True)):
        parts = [name for name in split.split(names) if name]
        if len(parts) == 1:
            continue
        each = [found for name in parts if (found := _by_one(records, name) or _by_mistyped(records, name))]
        if len(parts) == len(each):
            sets = [one.papers for one in each]
            papers = frozenset.intersection(*sets) if together else frozenset.union(*sets)
            words = (" and " if together else " or ").join(one.words.removeprefix("by ") for one in each)
            return Condition(f"by {words}", papers, "authors", " ".join(filter(None, (one.note for one in each))))
    return _by_mistyped(records, names)


def by_first_author(records: Records, name: str) -> Condition | None:
    """Return the condition that a paper's first author is someone."""
    if (found := by_author(records, name)) is None:
        return None
    wanted = name_key(found.words.removeprefix("by "))
    papers = records.described(sorted(found.papers))
    first = {key for key, paper in papers.items() if fits_name(wanted, name_key(paper.authors[0]))}
    words = f"with {found.words.removeprefix('by ')} as first author"
    return found._replace(words=words, papers=frozenset(first))


def _by_one(records: Records, name: str) -> Condition | None:
    name = _bare(name)
    found = records.authors(name) or records.authors(_surname_first(name))
    if not found:
        return None
    shown = _written_out(records, found) if len(found) == 1 else name.title() if name.islower() else name
    return Condition(f"by {shown}", frozenset().union(*found.values()), "authors")


def _by_mistyped(records: Records, name: str) -> Condition | None:
    """Return the condition that a paper is by the only author of whose name this may be a mistyping."""
    name = _bare(name)
    near = records.authors_near(name) if _PERSON.fullmatch(name.title()) else {}
    if len(near) != 1:
        return None
    shown = _written_out(records, near)
    note = f"Counted for {shown} (you wrote {name})."
    return Condition(f"by {shown}", frozenset().union(*near.values()), "authors", note)


def _bare(name: str) -> str:
    return re.sub(r"(?: et al\.?|['’]s?)$", "", name.strip(_QUOTES))


def _written_out(records: Records, author: dict[str, set[int]]) -> str:
    [(key, papers)] = author.items()
    return records.author_named(key, papers)


def _surname_first(name: str) -> str:
    """Return "Wei Li" for "Li Wei", "J. Smith" for "Smith J."."""
    first, _, others = name.partition(" ")
    return f"{others} {first}" if others else ""


def in_venue(records: Records, venue: str) -> Condition | None:
    papers = records.papers_in_venue(venue)
    if not papers:
        return None
    stored = next(iter(records.described(sorted(papers)[:1]).values())).venue or ""
    shown = stored if plain_name(stored) == plain_name(venue) else venue
    return Condition(f"in {shown}", frozenset(papers), "venue")


def with_tag(records: Records, tag: str) -> Condition | None:
    papers = records.papers_labelled("tag", tag)
    return Condition(f"tagged “{tag}”", frozenset(papers), "tags") if papers else None


def in_collection(records: Records, collection: str) -> Condition | None:
    papers = records.papers_labelled("collection", collection)
    return Condition(f"in the collection “{collection}”", frozenset(papers), "collections") if papers else None


def with_title_words(records: Records, words: str) -> Condition | None:
    if not plain_name(words):
        return None
    return Condition(f"with “{words}” in the title", frozenset(records.papers_with_title_words(words)), "title")


def from_anything(records: Records, name: str) -> Condition | None:
    """Return the condition "from X", where X is an author, a venue, or a collection."""
    for resolve in (by_author, in_venue, in_collection):
        if found := resolve(records, name):
            return found
    return None


def in_anything(records: Records, name: str) -> Condition | None:
    """Return the condition "in X", where X is a venue or a collection."""
    return in_venue(records, name) or in_collection(records, name)


def without(records: Records, field: str) -> Condition:
    """Return the condition that a field is not known."""
    field = {"date": "year", "journal": "venue", "author": "authors"}.get(field, field)
    noun = "authors" if field == "authors" else f"a {field}"
    return Condition(f"without {noun}", frozenset(records.papers_without(field)), "")


def _patterns(*pairs: tuple[str, Resolver]) -> tuple[tuple[re.Pattern[str], Resolver], ...]:
    return tuple((re.compile(rf"{pattern}\s*", re.IGNORECASE), resolve) for pattern, resolve in pairs)


_WITHOUT = re.compile(
    r"(?:with(?:out| no)|lacking|(?:that )?lack|missing|have no|has no) (?:an? |any )?(?:known )?(?:publication )?"
    r"(year|date|authors?|venue|journal)\b\s*",
    re.IGNORECASE,
)
_TITLES = r"(?:the |their |its )?titles?\b"
_CLOSED = _patterns(  # the slot ends before a word
    (r"(?:did|does|do|has|have|had) (?P<slot>.{2,80}?) (?:co-?)?(?:writ(?:e|ten)|publish(?:ed)?|author(?:ed)?)\b",
     by_author),
    (r"(?:(?:with|have|having|has|list|lists|name|names) )?(?P<slot>.{2,80}?) as (?:the )?(?:first|lead) author\b",
     by_first_author),
    (r"(?:(?:with|have|having|has|list|lists|name|names) )?(?P<slot>.{2,80}?) as (?:an? |the |one )?(?:of the )?"
     r"(?:co-?)?authors?\b", by_author),
    (r"(?:that |which )?(?P<slot>.{2,80}?) (?:has |have )?(?:co-?)?(?:wrote|written|published|authored)\b", by_author),
    (rf"(?:with|have|has|having|contain|mention|use|that (?:have|contain|mention)) (?:the )?(?:words? |phrase |term )?"
     rf"(?P<slot>.{{2,80}}?) in {_TITLES}", with_title_words),
    (r"in (?:the |my |our )?(?P<slot>.{2,80}?) collection\b", in_collection),
)  # fmt: skip
_OPEN = _patterns(  # the slot ends where it is known to the library
    (r"(?:(?:co-?)?(?:written|authored|published) )?by (?:the )?(?:authors? )?", by_author),
    (r"(?:(?:with|whose) (?:the )?(?:first|lead) author (?:is )?|first[- ]authored by )", by_first_author),
    (r"(?:with|whose) (?:the )?(?:co-?)?authors? (?:is |are |include |includes )?", by_author),
    (rf"(?:whose|where|with) {_TITLES} (?:contains?|containing|has|have|mentions?|mentioning|includes?|including|uses?"
     r"|with) (?:the )?(?:words? |phrase |term )?", with_title_words),
    (r"(?:that are |are )?(?:tagged|labell?ed)(?: as| with)? |(?:with|under) (?:the )?(?:tag|label) ", with_tag),
    (r"in (?:the )?(?:collection|folder) ", in_collection),
    (rf"{_PUBLISHED}(?:in|at|by) (?:the )?", in_anything),
    (rf"{_PUBLISHED}(?:in|at|by) (?:the )?(?:journals? |conferences? |venues? |workshops? |proceedings of (?:the )?)?",
     in_anything),
    (r"(?:from|of) (?:the )?(?:journals? |conferences? |authors? )?", from_anything),
)  # fmt: skip

_Years = Callable[[re.Match[str]], tuple[list[tuple[int, int]], str]]
_YEARS: tuple[tuple[re.Pattern[str], _Years], ...] = tuple(
    (re.compile(rf"{pattern}\b\s*", re.IGNORECASE), read)
    for pattern, read in (
        (rf"(?:{_PUBLISHED}between|{_IN}) {_YEAR} ?(?:and|to|until|till|through|-|–) ?{_YEAR}",
         lambda m: ([(int(m[1]), int(m[2]))], f"from {m[1]} to {m[2]}")),
        (rf"{_PUBLISHED}(?:since|starting (?:in|from)|from|in) {_YEAR}(?: on(?:wards?)?| or (?:later|after|newer))",
         lambda m: ([(int(m[1]), _LAST_YEAR)], f"from {m[1]} or later")),
        (rf"{_PUBLISHED}since {_YEAR}", lambda m: ([(int(m[1]), _LAST_YEAR)], f"from {m[1]} or later")),
        (rf"{_PUBLISHED}(?:after|later than|newer than|more recent than) {_YEAR}",
         lambda m: ([(int(m[1]) + 1, _LAST_YEAR)], f"from after {m[1]}")),
        (rf"{_PUBLISHED}(?:before|prior to|earlier than|older than) {_YEAR}",
         lambda m: ([(_FIRST_YEAR, int(m[1]) - 1)], f"from before {m[1]}")),
        (rf"{_PUBLISHED}(?:until|up to|till|no later than|by) {_YEAR}",
         lambda m: ([(_FIRST_YEAR, int(m[1]))], f"from {m[1]} or earlier")),
        (rf"{_IN} ((?:1[6-9]|20)\d)0['’]?s",
         lambda m: ([(int(m[1]) * 10, int(m[1]) * 10 + 9)], f"from the {m[1]}0s")),
        (rf"(?:{_IN} |dated )?({_YEAR}(?:(?:,|,? or|,? and) {_YEAR})*)",
         lambda m: ([(int(year), int(year)) for year in re.findall(_YEAR, m[1])], f"from {m[1]}")),
    )
)  # fmt: skip
