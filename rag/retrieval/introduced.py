"""Papers that introduce the names which a question joins: "How do LiPO and PRO differ?".

A name by itself is left to the search. Two joined ones are two things to look for, each in the paper that is about it:
the only one that has the name in its title, or that introduces it in its opening ("Preference Ranking Optimization
(PRO)", "TICK is a protocol"), or that alone has words such as "implicit PRMs". Unless each joined name has such a paper
and no other name stands in the question, nothing is taken: "Does BERT do better on SQuAD and MNLI?" is about BERT.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ..store.papers import Records
from ..text.readable import readable

_OPENING = 2500  # characters of a paper's text, in which it introduces its names
_HOLDERS = 30  # papers; a name that more of them hold belongs to none
_MOST_NAMES = 5
_MENTIONS = 2  # of a name in the opening of the paper that introduces it

_TOKEN = re.compile(r"[^\W_][\w-]*|[^\w\s]")
_NAME_LIKE = re.compile(r"[a-z]-?[A-Z]|[A-Z][A-Z\d]")
_MODIFIER = re.compile(r"[a-z]{4,}")
_BETWEEN = frozenset(
    ", & and or vs versus with to from than against the a an better worse".split()
    + "compare compared differ differs different".split()
)
"""What stands between joined names."""


class _Name(NamedTuple):
    """A name as a question writes it, the word before it that may belong to it, and its place among the tokens."""

    words: str
    modifier: str
    start: int
    end: int


def introduced_papers(
    records: Records, question: str, named: Mapping[int, str], papers: Sequence[int] | None = None
) -> dict[int, str]:
    """Return the papers that the joined names of a question belong to, with these names; nothing if one has none.

    `named` are the papers that the question names in other ways, with the words that name them. `papers` limits the
    papers, None for all.
    """
    found: dict[int, str] = {}
    for name in _joined_names(question):
        given = [key for key, words in named.items() if name.words in words or words in name.words]
        if not (key := given[0] if given else _home_of(records, name, papers)):
            return {}
        found.setdefault(key, named.get(key, name.words))
    return found if len(found) > 1 and named.keys() <= found.keys() else {}


def _joined_names(question: str) -> list[_Name]:
    """Return the names in a question if all of them are joined; else none."""
    tokens = _TOKEN.findall(question)
    names: list[_Name] = []
    for at, token in enumerate(tokens):
        if not _NAME_LIKE.search(token) or (names and at < names[-1].end):
            continue
        end = at + 1
        while end < len(tokens) and tokens[end][0].isupper():
            end += 1  # HumanEval Pro
        before = tokens[at - 1] if at else ""
        modifier = before if _MODIFIER.fullmatch(before) and before not in _BETWEEN else ""
        names.append(_Name(" ".join(tokens[at:end]), modifier, at, end))
    gaps = [(tokens[one.end : other.start], other.modifier) for one, other in itertools.pairwise(names)]
    are_joined = all({*gap} - {modifier} <= _BETWEEN and len(gap) > bool(modifier) for gap, modifier in gaps)
    return names if are_joined and 1 < len(names) <= _MOST_NAMES else []


def _home_of(records: Records, name: _Name, papers: Sequence[int] | None) -> int:
    """Return the paper that a name belongs to, with the word before it or without; 0 for none."""
    with_modifier = _home(records, f"{name.modifier} {name.words}", papers) if name.modifier else 0
    return with_modifier or _home(records, name.words, papers)


def _home(records: Records, name: str, papers: Sequence[int] | None) -> int:
    """Return the paper that a name belongs to, 0 for none."""
    holders = list(records.paper_word_scores([name], _HOLDERS + 1, papers))
    if not holders or len(holders) > _HOLDERS:
        return 0
    written = _as_written(name)
    openings = records.openings(holders, _OPENING)
    titled = [key for key, (title, _) in openings.items() if written.search(readable(title))]
    if titled:
        return titled[0] if len(titled) == 1 else 0
    mentions = {key: len(written.findall(text)) for key, (_, text) in openings.items()}
    if " " in name and len([key for key in mentions if mentions[key]]) == 1 and max(mentions.values()) >= _MENTIONS:
        return max(mentions, key=lambda key: mentions[key])
    introduction = _introduction(name)
    homes = [key for key, count in mentions.items() if count >= _MENTIONS and introduction.search(openings[key][1])]
    return homes[0] if len(homes) == 1 else 0


def _as_written(name: str) -> re.Pattern[str]:
    """Return a pattern of a name in either number; capitals count, for "PRO" is not "pro"."""
    return re.compile(rf"(?<![\w-]){re.escape(_singular(name))}s?(?![\w-])")


def _introduction(name: str) -> re.Pattern[str]:
    """Return a pattern of the sentences that introduce a name."""
    one = rf"{re.escape(_singular(name))}s?"
    return re.compile(
        rf"(?:\w+[\s-]+){{2}}\({one}\)"  # Preference Ranking Optimization (PRO)
        rf"|\b{one} \([^)\s]*\s[^)]*\)"  # TICK (Targeted Instruct-evaluation with ChecKlists)
        rf"|\b{one}(?: is| are|, (?:in full|short for))?,? (?:an?|the) (?!same\b)"
        rf"|\b(?:present|introduce|propose|develop|describe|release|call(?:ed)?|named?|dubbed)s? (?:an? |the )?{one}\b"
    )


def _singular(name: str) -> str:
    return name[:-1] if re.search(r"[A-Z]s$", name) else name
