"""Parse names as written in bibliographies; the results have the given names first."""

import re

from ...text.html_tags import untagged
from ...text.readable import from_latex, with_letters

_OTHERS = re.compile(r"others\.?|et\.? al\.?", re.IGNORECASE)
_LONGEST = 500  # characters; the parser is quadratic in closing braces
_ORGANISATION = re.compile(r"\b(?:and|of|for|the|und|für|et|pour|Inc|Ltd|LLC|GmbH|Corp)\b")
_FULL_NAME = re.compile(r"(?:[^\W\d_a-z][\w.'’-]*\s)+(?:(?:van|von|de|der|den|la|di|da)\s)*[^\W\d_a-z][\w'’-]+")
_GENERATION = re.compile(r"(?:jr|sr)\.?|II|III|IV|2nd|3rd", re.IGNORECASE)


def bibtex_names(field: str) -> list[str]:
    """Return the names in a BibTeX field such as `Doe, Jr, Jane and {Office for Moss and Reeds}`.

    Text in braces is one word. `others` is dropped.
    """
    from bibtexparser.middlewares.names import split_multiple_persons_names

    field = " ".join(untagged(with_letters(field)).split())
    field = re.sub(r"(?:^|(?<=\s))and\s+(?=and(?:\s|$))|^and\s+|\s+and$", "", field, flags=re.IGNORECASE)
    people = [each for person in split_multiple_persons_names(field) for each in _split_people(person)]
    names = (_bibtex_name(person.strip()) for person in people)
    return [name for name in names if name and not _OTHERS.fullmatch(name)]


def _split_people(person: str) -> list[str]:
    """Return the names in a list without `and`: `J. Oak, K. Elm, L. Ash`, `Oak, J.; Elm, K.`."""
    if "{" in person:
        return [person]
    if ";" in person:
        return person.split(";")
    both = re.split(r"\s+(?:\\&|&)\s+", person)
    if len(both) > 1 and (all(re.search(r",|\s[A-Z]{1,3}$|^[A-Z]\.", each) for each in both)):
        return [each for side in both for each in _split_people(side)]
    parts = [part.strip() for part in person.split(",") if part.strip()]
    if len(parts) > 1 and all(re.fullmatch(r"[^\W\d_][\w'-]+ [A-Z]{1,3}", part) for part in parts):
        return parts  # Oak J, Elm K
    if len(parts) < 3 or any(_GENERATION.fullmatch(part) for part in parts):
        return [person]
    if all(re.match(r"\S+ \S", part) and not part[0].islower() for part in parts):
        return parts
    initials = r"(?:[^\W\d_]\.?[\s-]*){1,3}"
    if len(parts) % 2 == 0 and all(re.fullmatch(initials, part) for part in parts[1::2]):
        return [f"{last}, {first}" for last, first in zip(parts[::2], parts[1::2], strict=True)]
    return [person]


def _bibtex_name(person: str) -> str:
    from bibtexparser.middlewares.names import parse_single_name_into_parts

    if len(person) > _LONGEST:
        person = re.sub("[{}]", "", person)[:_LONGEST]
    if re.search(r"\bfamily\s*=", person):  # biblatex: given=Hans, prefix=von, family=Berg
        keys = {key: value.strip() for key, value in re.findall(r"(\w+)\s*=\s*(\{[^{}]*\}|[^,]*)", person)}
        words = [keys.get(key, "") for key in ("given", "prefix", "family")]
        return _joined(" ".join(filter(None, words)), keys.get("suffix", ""))
    parts = parse_single_name_into_parts(person, strict=False)
    if not parts.jr and parts.first and _GENERATION.fullmatch(" ".join(parts.first)):
        parts.first, parts.jr = [], parts.first  # Tim Oak, Jr
    elif parts.jr and _GENERATION.fullmatch(" ".join(parts.first)) and not _GENERATION.fullmatch(" ".join(parts.jr)):
        parts.first, parts.jr = parts.jr, parts.first  # Oak, Tim, Jr
    return _joined(" ".join([*parts.first, *parts.von, *parts.last]), " ".join(parts.jr))


def _joined(name: str, generation: str) -> str:
    return " ".join(from_latex(f"{name}, {generation}" if generation else name).split())


def ris_names(person: str) -> list[str]:
    """Return the names on a RIS author line; some programs write several: `Oak, T.; Elm, K.`."""
    person = " ".join(untagged(person).split())
    people = person.split(";")
    if len(people) == 1:
        several = re.split(r"\s+and\s+", person)
        people = several if len(several) > 1 and all(each.count(",") == 1 for each in several) else [person]
    return list(filter(None, map(western, people)))


def stated_names(person: str) -> list[str]:
    """Return the names in the author field of any other record: `Tim Oak and Kim Elm`, `Oak, Tim; Elm, Kim`."""
    person = " ".join(untagged(person).split())
    if _ORGANISATION.search(person.replace(" and ", " ")) or ";" in person:
        return [name for part in person.split(";") if (name := western(part))]
    parts = [part.strip() for part in re.split(r",? and |,", person) if part.strip()]
    if len(parts) > 1 and all(_FULL_NAME.fullmatch(part) for part in parts):
        return parts
    several = [each for part in re.split(r",? and ", person) for each in _split_people(part)]
    return [name for part in several if (name := western(part))]


def western(person: str) -> str:
    """Return a name in the form of RIS, `Doe, Jane, Jr.`, as `Jane Doe, Jr.`; "" if there is none."""
    last, *rest = [part for part in map(str.strip, person.split(",")) if part] or [""]
    if (len(rest) > 1 and not _GENERATION.fullmatch(rest[-1])) or (rest and _ORGANISATION.search(person)):
        return "" if _OTHERS.fullmatch(person.strip()) else " ".join(person.split()).strip(" ,")
    generation = rest.pop() if rest and _GENERATION.fullmatch(rest[-1]) else ""
    name = " ".join(filter(None, [*rest, last]))
    name = " ".join(f"{name}, {generation}".split()) if generation else " ".join(name.split())
    return "" if _OTHERS.fullmatch(name) else name
