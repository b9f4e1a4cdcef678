"""What an answer rests on, in words that a reader can check."""

import re
from collections.abc import Sequence

from ..retrieval.terms import search_terms, stem, stems_in
from ..retrieval.wanted import asked_for, asks_for_number, names_in
from ..text.readable import readable
from ..types import Answer, Citation

_MAX_MISSING = 2  # words that are named
_NUMBER = re.compile(
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|hundred|thousand|million|half|"
    r"third|quarter|twice|none|zero)\b",
    re.IGNORECASE,
)


def grounds(answer: Answer, question: str) -> str:
    """Return what an answer in quotes rests on: `2 quotes, both from one paper; neither holds a number`.

    `question` is the standalone question. A refusal, and an answer without quotes, rests on nothing: "".
    """
    titles = [each for each in answer.citations if each.quote == each.title]
    if any(sentence.support == "counted" for sentence in answer.sentences):
        return f"counted in the metadata of {_count(len({each.paper_id for each in titles}), 'paper')}"
    quotes = [each for each in answer.citations if each not in titles]
    if answer.refused or not quotes:
        return ""
    papers = len({each.paper_id for each in quotes})
    return "; ".join([_from_papers(len(quotes), papers), *_lacking(quotes, titles, question)])


def _from_papers(quotes: int, papers: int) -> str:
    if quotes == 1:
        return "1 quote"
    every = "both" if quotes == 2 else "all"
    return f"{quotes} quotes, " + (f"{every} from one paper" if papers == 1 else f"from {papers} papers")


def _lacking(quotes: Sequence[Citation], titles: Sequence[Citation], question: str) -> list[str]:
    """Return what is asked for and in none of the quotes: a number, or words."""
    none = "it does not hold" if len(quotes) == 1 else "neither holds" if len(quotes) == 2 else "none holds"
    said = " ".join(readable(each.quote) for each in quotes)
    if asks_for_number(question):
        return [] if _NUMBER.search(said) else [f"{none} a number"]
    stems = stems_in(" ".join([said, *(readable(each.title) for each in (*quotes, *titles))]))
    wanted = asked_for(question) or [term for name in names_in(question) for term in search_terms(name)]
    missing = [word for word in dict.fromkeys(wanted) if stem(word) not in stems][:_MAX_MISSING]
    return [f"{none} {' or '.join(f'“{word}”' for word in missing)}"] if missing else []


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
