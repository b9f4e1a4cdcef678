"""Names of people as bibliographies write them, to names as people read them."""

from __future__ import annotations

import re

from ..readable import from_latex
from .tags import untagged

_OTHERS = re.compile(r"others\.?|et\.? al\.?", re.IGNORECASE)
_LONGEST = 500  # characters; the parser is quadratic in closing braces
_GENERATION = re.compile(r"(?:jr|sr)\.?|II|III|IV|2nd|3rd", re.IGNORECASE)


def bibtex_names(field: str) -> list[str]:
    """Return the people of a field such as `Doe, Jr, Jane and {Office for Moss and Reeds}`, first name first.

    What stands in braces is one word, whatever is in it. `others` is nobody.
    """
    from bibtexparser.middlewares.names import split_multiple_persons_names

    field = " ".join(untagged(field).split())
    people = split_multiple_persons_names(field)
    if len(people) == 1 and ";" in field and "{" not in field:
        people = field.split(";")
    names = (_bibtex_name(person.strip()) for person in people)
    return [name for name in names if name and not _OTHERS.fullmatch(name)]


def _bibtex_name(person: str) -> str:
    from bibtexparser.middlewares.names import parse_single_name_into_parts

    if len(person) > _LONGEST:
        person = re.sub("[{}]", "", person)[:_LONGEST]
    if re.search(r"\bfamily\s*=", person):  # biblatex: given=Hans, prefix=von, family=Berg
        said = {key: value.strip() for key, value in re.findall(r"(\w+)\s*=\s*(\{[^{}]*\}|[^,]*)", person)}
        words = [said.get(key, "") for key in ("given", "prefix", "family")]
        return _whole(" ".join(filter(None, words)), said.get("suffix", ""))
    parts = parse_single_name_into_parts(person, strict=False)
    if not parts.jr and parts.first and _GENERATION.fullmatch(" ".join(parts.first)):
        parts.first, parts.jr = [], parts.first  # Tim Oak, Jr
    return _whole(" ".join([*parts.first, *parts.von, *parts.last]), " ".join(parts.jr))


def _whole(name: str, generation: str) -> str:
    return " ".join(from_latex(f"{name}, {generation}" if generation else name).split())


def ris_name(person: str) -> str:
    """Return `Doe, Jane, Jr.`, as RIS has names, first name first: `Jane Doe, Jr.`; "" for nobody."""
    last, *rest = [part.strip() for part in untagged(person).split(",")]
    if len(rest) > 1 and not _GENERATION.fullmatch(rest[-1]):
        return "" if _OTHERS.fullmatch(person.strip()) else " ".join(person.split())
    generation = rest.pop() if rest and _GENERATION.fullmatch(rest[-1]) else ""
    name = " ".join(filter(None, [*rest, last]))
    name = " ".join(f"{name}, {generation}".split()) if generation else " ".join(name.split())
    return "" if _OTHERS.fullmatch(name) else name
