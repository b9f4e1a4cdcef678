"""Answers for elsewhere: BibTeX, quotations to paste, Markdown. Nothing that a text holds comes alive there."""

from __future__ import annotations

import itertools
import re
import string
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import quote

from ..text.readable import latex, readable
from ..types import Answer, Citation, Paper, short_section

_SURE = 0.8  # a guessed number below this may be that of a work which the paper cites
# Words that say nothing of a paper, at the beginning of its title.
_COMMON = frozenset(
    "a an the on of for in to and or with from by at as via is are be do does did can could should how what when where "
    "why which who we our its toward towards using into over under not no".split()
)

_PREPRINT = re.compile(r"\barxiv\b|\bcorr\b|\bpreprint", re.IGNORECASE)
_MEETING = re.compile(
    r"\b(?i:proceedings|proc\.|conference|workshop|symposium|meeting|advances in neural)"
    r"|\b(?:AAAI|ACL|AISTATS|CHI|CIKM|COLING|COLM|CoNLL|CoRL|CVPR|EACL|ECCV|ECIR|EMNLP|ICASSP|ICCV|ICDE|ICLR|ICML|ICRA|"
    r"IJCAI|INTERSPEECH|Interspeech|IROS|KDD|LREC|NAACL|NeurIPS|NIPS|RSS|SIGIR|SIGMOD|UAI|USENIX|VLDB|WSDM|WWW)\b"
)
_GROUP = re.compile(r"\b(?:collaboration|consortium|team|group|initiative|project)$", re.IGNORECASE)
_GENERATION = re.compile(r"(?:Jr|Sr)\.?|II|III|IV")

_PLAIN_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ı": "i", "ß": "ss", "æ": "ae", "œ": "oe", "þ": "th"})

_MARK = re.compile(r"(\w+[)”\"]?)\s+\[[1-9]\d{0,2}(?:(?:, ?[1-9]\d{0,2}){2,})?\](?=[.,;:)]|$)")
_LEADS_ON = frozenset("in of to as by from and or with see at on for is are than like".split())

_MOST_AUTHORS = 10  # named in a list of references

_BREAKS = re.compile("[\x00-\x1f\x7f-\x9f]")
_UNSEEN = re.compile("[\u00ad\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
# Signs of CommonMark, and of what common renderers add to it: tables, mathematics, tags, bare addresses.
_SIGNS = re.compile(r"[\\`*_\[\]{}|~$#^]|<(?=[\w/!?])|&(?=#?\w+;)|^>|:(?=//)|(?<=\w)\.(?=[^\W\d_])|@(?=\w)|^[-+=:]")

_DOUBTS = {"unsupported": "not supported by the passages", "partly": "supported in part"}


# BibTeX


def bibtex(papers: Sequence[Paper], library: Sequence[Paper] = ()) -> str:
    """The papers as a BibTeX file, in ASCII where LaTeX has a command for the letter; each paper once.

    `library` are all papers in the order in which they came: the keys are then those that `cite_keys` gives them,
    whichever papers are written. What was guessed from a PDF is left out where it is not nearly certain.
    """
    from bibtexparser import write_string
    from bibtexparser.library import Library
    from bibtexparser.model import Entry, Field
    from bibtexparser.writer import BibtexFormat

    keys = cite_keys(list({paper.id: paper for paper in [*library, *papers]}.values()))
    entries = []
    for paper in {paper.id: paper for paper in papers}.values():
        kind, fields = _entry(paper)
        entries.append(Entry(kind, keys[paper.id], [Field(name, value) for name, value in fields.items()]))
    form = BibtexFormat()
    form.indent, form.trailing_comma, form.block_separator = "  ", True, "\n"
    return str(write_string(Library(entries), bibtex_format=form))


def cite_keys(papers: Sequence[Paper]) -> dict[str, str]:
    """A BibTeX key for each paper, by its id: its own citekey, else `surname2020word`, and a, b, ... where it is taken.

    Given a library's papers in the order in which they came, a paper keeps its key when others are added, unless one of
    these brings that very key along.
    """
    keys: dict[str, str] = {}
    taken: set[str] = set()
    for paper in sorted(papers, key=lambda paper: not _own_key(paper)):
        wanted = _own_key(paper) or _made_key(paper)
        keys[paper.id] = next(wanted + end for end in _endings() if (wanted + end).casefold() not in taken)
        taken.add(keys[paper.id].casefold())
    return keys


def _endings() -> Iterator[str]:
    """Yield "", a, b, ..., z, aa, ab, ..."""
    for length in itertools.count():
        yield from map("".join, itertools.product(string.ascii_lowercase, repeat=length))


def _own_key(paper: Paper) -> str:
    return re.sub(r"[\s\"#%'(),={}\\~]", "", _line(paper.citekey or ""))  # what BibTeX takes in a key


def _made_key(paper: Paper) -> str:
    surname = _ascii(_surname(paper.authors[0])) if paper.authors else ""
    words = list(filter(None, map(_ascii, re.findall(r"\w+", readable(paper.title)))))
    word = next((word for word in words if word not in _COMMON and not word.isdigit()), "".join(words[:1]))
    return f"{surname}{paper.year or ''}{word}" or "paper"


def _ascii(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.lower().translate(_PLAIN_LETTERS))
    return re.sub(r"[^a-z0-9]", "", plain)


def _entry(paper: Paper) -> tuple[str, dict[str, str]]:
    """The type of a paper's entry and its fields; what makes a type is where it appeared."""
    venue = _line(paper.venue or "")
    if not venue or _PREPRINT.search(venue):
        kind, place = "misc", {}
    elif _MEETING.search(venue):
        kind, place = "inproceedings", {"booktitle": latex(venue)}
    else:
        kind, place = "article", {"journal": latex(venue)}
    arxiv = _arxiv(paper)
    fields = {
        "title": " ".join(_capitals_kept(word) for word in _line(paper.title).split()),
        "author": " and ".join(_author(name) for name in map(_line, paper.authors) if name),
        **place,
        "year": str(paper.year or ""),
        **({"eprint": arxiv, "archiveprefix": "arXiv"} if arxiv else {}),
        "doi": _doi(paper),
        "url": _url(paper),
    }
    return kind, {name: value for name, value in fields.items() if value}


def _capitals_kept(word: str) -> str:
    """A word of a title as LaTeX; braces keep a bibliography's style from writing GravMAD small."""
    return f"{{{latex(word)}}}" if re.search(r"\w[A-Z]", word) else latex(word)


def _author(name: str) -> str:
    surname = _surname(name)
    before, comma, after = name.rpartition(", ")
    if comma and _GENERATION.fullmatch(after) and "," not in before:  # Tim Oak, Jr
        last = _surname(before)
        return latex(f"{last}, {after}, {before.removesuffix(last).strip()}")
    if name.startswith(f"{surname}, ") and name.count(",") == 1:
        return latex(name)  # as BibTeX has names too
    if _GROUP.search(name) or re.search(r",|\band\b|^others$", name):
        return f"{{{latex(name)}}}"
    last = f"{{{latex(surname)}}}" if _GENERATION.fullmatch(surname.split()[-1]) else latex(surname)
    return latex(name.removesuffix(surname)) + last


def _surname(name: str) -> str:
    """The part of a name by which its bearer is cited; of a group the whole."""
    name = _line(name)
    before, comma, after = name.partition(", ")
    if _GROUP.search(name) or (comma and not _GENERATION.fullmatch(after)):
        return before if comma else name
    words = (before if comma else name).split()
    first = len(words) - 1
    if first > 0 and _GENERATION.fullmatch(words[first]):
        first -= 1
    while first > 0 and words[first - 1].islower():  # von Neumann
        first -= 1
    return " ".join(words[first:])


# Where a paper is found


def _sure(paper: Paper, name: str) -> bool:
    return dict(paper.certainty).get(name, 1.0) >= _SURE


def _doi(paper: Paper) -> str:
    doi = paper.doi or ""
    return doi if re.fullmatch(r"10\.\d{4,9}/[^\s{}\\\"]+", doi) and _sure(paper, "doi") else ""


def _arxiv(paper: Paper) -> str:
    number = paper.arxiv_id if _sure(paper, "arxiv_id") else None
    number = number or _doi(paper).casefold().partition("10.48550/arxiv.")[2]
    return number if re.fullmatch(r"[A-Za-z0-9.-]+(?:/\d+)?(?:v\d+)?", number) else ""


def _url(paper: Paper) -> str:
    """The paper's own address; without what could end an address or a field around it."""
    url = paper.url or ""
    return quote(url, ":/?#[]@!$&*+,;=%~", errors="replace") if re.match(r"https?://\w", url) else ""


def _address(paper: Paper) -> str:
    """Where a paper is best found: by its DOI, on arXiv, at its own address."""
    if doi := _doi(paper):
        return f"https://doi.org/{quote(doi, '/:;()', errors='replace')}"
    if arxiv := _arxiv(paper):
        return f"https://arxiv.org/abs/{arxiv}"
    return _url(paper)


# Quotations


def quotation(citation: Citation) -> str:
    """A quote with its reference, ready to be pasted: “words” (Brook et al., 2020, p. 3).

    The words are in readable form, on one line, and without the paper's own marks of reference where these stand
    apart, before a comma or at the end: `[12]`, `[3, 5, 8]`. Two numbers stay, as they may be an interval, and so does
    what a sentence needs ("as shown in [12]").
    """
    words = _MARK.sub(lambda mark: mark[0] if mark[1].lower() in _LEADS_ON else mark[1], _line(citation.quote))
    surnames = [_surname(name) for name in citation.authors]
    by = surnames[0] + " et al." if len(surnames) > 2 else " and ".join(surnames) or _line(citation.title)
    page = citation.page_label or citation.page
    place = [by, str(citation.year or ""), f"p. {_line(str(page))}" if page else ""]
    return f"“{words}” ({', '.join(filter(None, place))})"


# Markdown


def cited_papers(answers: Sequence[Answer], library: Sequence[Paper]) -> list[Paper]:
    """The papers that some answers cite, in the order of their first citation.

    Of one that is no longer in `library`, what the citation itself holds.
    """
    known = {paper.id: paper for paper in library}
    papers: dict[str, Paper] = {}
    for citation in (citation for answer in answers for citation in answer.citations):
        papers.setdefault(citation.paper_id, known.get(citation.paper_id) or _as_cited(citation))
    return list(papers.values())


def _as_cited(citation: Citation) -> Paper:
    return Paper(
        title=citation.title,
        text="",
        id=citation.paper_id,
        authors=citation.authors,
        year=citation.year,
        citekey=citation.citekey,
    )


def markdown(answers: Sequence[Answer], name: str = "", library: Sequence[Paper] = ()) -> str:
    """An answer, or the answers of a conversation, as Markdown: questions, texts, and the references with their quotes.

    References are numbered through all answers; the same quote of the same paper has one number. `library` are the
    papers, from which venues and addresses are taken; of a paper that is not there stands what the citation holds.
    Whatever came from a paper, a person or a model is escaped: the only links are to the papers' own addresses.
    """
    cited: dict[tuple[str, str], Citation] = {}
    for citation in (citation for answer in answers for citation in answer.citations):
        cited.setdefault(_quoted(citation), citation)
    numbers = {quoted: number for number, quoted in enumerate(cited, 1)}
    parts = [f"# {_escaped(name)}"] if name.strip() else []
    for answer in answers:
        parts += [f"## {_escaped(answer.question)}", *_answered(answer, numbers)]
    if cited:
        papers = {paper.id: paper for paper in cited_papers(answers, library)}
        parts.append("## References")
        for number, citation in enumerate(cited.values(), 1):
            parts += _reference(number, citation, papers[citation.paper_id])
    return "\n\n".join(parts) + "\n"


def _quoted(citation: Citation) -> tuple[str, str]:
    return citation.paper_id, citation.quote


def _answered(answer: Answer, numbers: Mapping[tuple[str, str], int]) -> Iterator[str]:
    """The paragraphs of an answer: its text, what there is to know of it, and who wrote it when."""
    if answer.sentences:
        yield from _paragraphs(answer, numbers)
    else:
        yield _escaped(answer.text)
    if answer.refused and answer.passages:
        yield "Nearest papers:"
        yield "\n".join(f"- {_escaped(title)}" for title in answer.nearest_titles())
    if not answer.complete:
        yield "The answer broke off here."
    if answer.standalone_question not in ("", answer.question):
        yield f"Searched for: {_escaped(answer.standalone_question)}"
    if note := answer.scope_note():
        yield _escaped(note)
    by = f"Written by {_escaped(answer.model or 'a model')}" if answer.mode == "llm" else "Quoted from the papers"
    yield ", ".join(filter(None, ["Refused" if answer.refused else by, answer.asked[:10]])) + "."


def _paragraphs(answer: Answer, numbers: Mapping[tuple[str, str], int]) -> list[str]:
    """The sentences with their numbers and doubts, in the paragraphs in which the text has them."""
    by_number = {citation.number: numbers[_quoted(citation)] for citation in answer.citations}
    paragraphs: list[str] = []
    end = 0
    for sentence in answer.sentences:
        start = max(answer.text.find(sentence.text, end), end)
        opens = not paragraphs or "\n" in answer.text[end:start]
        end = start + len(sentence.text)
        marks = dict.fromkeys(by_number[number] for number in sentence.citations if number in by_number)
        doubt = _DOUBTS.get(sentence.support) if answer.mode == "llm" else None
        pieces = [_escaped(sentence.text), *(f"[{number}]" for number in marks), *([f"*({doubt})*"] if doubt else [])]
        if opens:
            paragraphs.append(" ".join(pieces))
        else:
            paragraphs[-1] += " " + " ".join(pieces)
    return paragraphs


def _reference(number: int, citation: Citation, paper: Paper) -> Iterator[str]:
    """The paragraphs of a reference: where the quote stands, and the quote."""
    page = citation.page_label or citation.page
    more = len(citation.authors) > _MOST_AUTHORS
    place = [
        f"**{_escaped(citation.title)}**",
        _escaped(", ".join([*citation.authors[:_MOST_AUTHORS], *(["et al."] if more else [])])),
        _escaped(paper.venue or ""),
        str(citation.year or ""),
        _escaped(short_section(citation.section or "")),
        f"p. {_escaped(str(page))}" if page else "",
    ]
    address = _address(paper)
    yield f"[{number}] {', '.join(filter(None, place))}." + (f" <{address}>" if address else "")
    if citation.quote != citation.title:
        yield f"> {_escaped(citation.quote)}"


def _line(text: str) -> str:
    """The readable form on one line, without what cannot be seen or turns the direction of what follows."""
    return " ".join(_BREAKS.sub(" ", _UNSEEN.sub("", readable(text))).split())


def _escaped(text: str) -> str:
    """A text on one line, as Markdown that shows it as it is."""
    return re.sub(r"^(\d+)([.)])", r"\1\\\2", _SIGNS.sub(r"\\\g<0>", _line(text)))
