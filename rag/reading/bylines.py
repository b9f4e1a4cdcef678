"""The names of people: in the line under a title, and in what a file says of itself."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from itertools import takewhile

MARKS = "*∗†‡§¶⋆★☆✩✉♠♢♡♣♦♥◇△▽#"
CUT = ";"
"""Stands in a list of names for a raised mark or for a gap wider than a space."""
_PLACE_WORDS = """
    university universität université universidad università universiteit college school institute institut
    institution department dept faculty laboratory laboratories lab labs center centre research science sciences
    technology technologies engineering computer computing hospital clinic clinical academy foundation inc ltd gmbh
    llc corp corporation company google microsoft facebook meta amazon ibm deepmind openai nvidia apple intel ai nlp
    group division program programme studies national international federal state city street road avenue campus box
    usa uk china germany france japan india canada italy spain australia netherlands switzerland kingdom states
    republic korea singapore brazil sweden museum observatory botanic botanical garden gardens agency ministry
    council
"""
_PLACES = frozenset(_PLACE_WORDS.split())
_OTHER_WORDS = """
    abstract introduction summary keywords contents review article paper open access journal conference proceedings
    workshop annual meeting association volume issue the of for in on with to from by at as an is are we our this
    these using based toward towards approach model models learning data dataset system systems analysis study
    information management health medical medicine biology physics chemistry mathematics statistics economics
    education published received accepted editor editors supervisor advisor committee thesis dissertation master
    doctor philosophy bachelor degree equal equally contribution author authors corresponding correspondence email
    contact project contract service report release strategy staff draft preprint version manuscript submitted
    license licence copyright creative commons archive repository software citation evaluation benchmark networks
    neural survey counting design methods method theory effects social political public high new hong
"""
_NO_NAMES = _PLACES | frozenset(_OTHER_WORDS.split())
PARTICLES = frozenset("van von der den de del della di da dos du la le el al bin ibn ter ten y e zu af and".split())
_DEGREES = re.compile(
    r"(?:ph\.?d|m\.?d|m\.?sc|b\.?sc|m\.?s|m\.?a|m\.?p\.?h|dr|prof|jr|sr|member|senior member|fellow|student member"
    r"|ieee|orcid|id)\.?", re.I
)  # fmt: skip
_NOBODY = re.compile(
    r"\b(?:latex|hyperref|\w*tex|administrator|admin|user|windows|unknown|anonymous|authors?|microsoft|adobe|acrobat"
    r"|owner|elsevier|springer|wiley|ieee|acm|publisher|print\w*|converter|default)\b|\d", re.I
)  # fmt: skip
_SEPARATORS = re.compile(r"[;,&|·•\t]|\b(?:and|und|et|AND)\b")
_DIGITS = re.compile(r"[\d\W]*\d[\d,]*|[" + re.escape(MARKS) + "]")
_TAIL = re.compile(r"(?:\s+(?:(?-i:[a-z])|ph\.?d\.?|m\.?d\.?|m\.?sc\.?))+\W*$", re.I)
_BY = re.compile(r"^\W*(?:by|authors?:?|written by|presented by)\s+|\b(?:prof|dr|mr|mrs|ms)\.\s+", re.I)
_ASIDE = re.compile(r"\([^()]*\)|\{[^{}]*\}\s?@\S+|[^\s;,]+@[^\s;,]+")
_NAME = re.compile(r"(?:[dDlLO]['’])?[^\W\d_a-z][^\W\d_]*(?:[-'’.‐][^\W\d_]+)*\.?|(?:[^\W\d_a-z]\.)+|[A-Z]\.?-[A-Z]\.")


def people(parts: str) -> list[str]:
    """The persons named in a list of names up to the first place; none where most of it is something else."""
    pieces = [
        _TAIL.sub("", _DIGITS.sub("", piece)).strip(" .,:()[]")
        for piece in _SEPARATORS.split(_BY.sub("", _ASIDE.sub(";", parts)))
    ]
    pieces = [piece for piece in pieces if re.search(r"\w", piece) and not _DEGREES.fullmatch(piece)]
    pieces = list(takewhile(lambda piece: not is_place(piece), pieces))
    names = [cased(piece) for piece in pieces if _is_person(piece)]
    return list(dict.fromkeys(names)) if names and 2 * len(names) >= len(pieces) else []


def is_place(text: str) -> bool:
    """Whether a text names an institution, a department or a country."""
    return any(word in _PLACES for word in re.findall(r"\w+", text.casefold()))


def surname(name: str) -> str:
    """The last word of a name, as names are compared."""
    return squeezed(name.split()[-1])


def squeezed(text: str) -> str:
    """A text's letters and digits alone, without case: what two settings of it have in common."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())


def stated_people(stated: Mapping[str, Sequence[str]]) -> list[str]:
    """The persons whom the file names as its authors; none where that is a program, a publisher or a login."""
    lists = [_names_in(text) for text in stated.get("creator", []) if not _NOBODY.search(text)]
    several = list(dict.fromkeys(name for names in lists for name in names))
    first = lists[0] if lists else []
    return first if len(first) > 1 else several


def _names_in(text: str) -> list[str]:
    """The names in a stated list: parted by semicolons, by commas, or one inverted."""
    pieces = [piece.strip() for piece in re.split(r";|\band\b|&", text) if piece.strip()]
    if len(pieces) == 1 and pieces[0].count(",") != 1:
        pieces = [piece.strip() for piece in text.split(",")]
    elif not any(len(part.split()) == 1 for piece in pieces for part in piece.split(",")):
        pieces = [part.strip() for piece in pieces for part in piece.split(",")]
    names = [" ".join(reversed([part.strip() for part in piece.split(",", 1)])) for piece in pieces]
    return [cased(name) for name in names if _is_person(name)]


def _is_person(name: str) -> bool:
    words = name.split()
    if len(words) == 1:
        return 2 <= len(name) <= 4 and all(unicodedata.category(letter) == "Lo" for letter in name)
    full = [word for word in words if len(word.strip(".")) > 1]
    return (
        2 <= len(words) <= 6
        and bool(full)
        and all(_NAME.fullmatch(word) or word.casefold() in PARTICLES for word in words)
        and not any(part in _NO_NAMES for word in words for part in word.casefold().split("-"))
        and words[-1].casefold() not in PARTICLES
        and not (1 < len(words[-1]) < 4 and words[-1].isupper() and not words[0].isupper() and words[-1].strip("I"))
    )


def cased(name: str) -> str:
    """A name set in capitals as it is written."""
    words = name.split()
    if not name.isupper() or not any(len(word) > 3 for word in words):
        return " ".join(words)
    return " ".join(word.title() if len(word.strip(".")) > 1 and "." not in word[:-1] else word for word in words)
