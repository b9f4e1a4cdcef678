"""Export papers to BibTeX."""

import itertools
import re
import string
import unicodedata
from collections.abc import Iterator, Sequence

from ..text.readable import latex, readable
from ..types import Paper
from .reference import GENERATION, GROUP, arxiv_id, doi, one_line, surname, url

# Words at the beginning of a title that are useless in a key.
_COMMON_WORDS = frozenset(
    "a an the on of for in to and or with from by at as via is are be do does did can could should how what when where "
    "why which who we our its toward towards using into over under not no".split()
)
_PREPRINT = re.compile(r"\barxiv\b|\bcorr\b|\bpreprint", re.IGNORECASE)
_CONFERENCE = re.compile(
    r"\b(?i:proceedings|proc\.|conference|workshop|symposium|meeting|advances in neural)"
    r"|\b(?:AAAI|ACL|AISTATS|CHI|CIKM|COLING|COLM|CoNLL|CoRL|CVPR|EACL|ECCV|ECIR|EMNLP|ICASSP|ICCV|ICDE|ICLR|ICML|ICRA|"
    r"IJCAI|INTERSPEECH|Interspeech|IROS|KDD|LREC|NAACL|NeurIPS|NIPS|RSS|SIGIR|SIGMOD|UAI|USENIX|VLDB|WSDM|WWW)\b"
)
_NOT_DECOMPOSED = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ı": "i", "ß": "ss", "æ": "ae", "œ": "oe", "þ": "th"})


def bibtex(papers: Sequence[Paper], library: Sequence[Paper] = ()) -> str:
    """Return papers as a BibTeX file, each once, in ASCII where LaTeX has a command for the letter.

    Args:
        papers: the papers to export. Identifiers guessed from a PDF with low certainty are left out.
        library: all papers in the order in which they were added, so that the keys do not depend on which papers are
            exported.
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
    """Return a BibTeX key by paper id: the paper's own citekey, else `surname2020word`, plus a, b, ... if taken.

    If `papers` are in the order in which they were added, a paper keeps its key when others are added, unless one of
    them has the same citekey of its own.
    """
    keys: dict[str, str] = {}
    taken: set[str] = set()
    for paper in sorted(papers, key=lambda paper: not _own_key(paper)):
        wanted = wanted_key(paper)
        keys[paper.id] = next(wanted + end for end in _suffixes() if (wanted + end).casefold() not in taken)
        taken.add(keys[paper.id].casefold())
    return keys


def wanted_key(paper: Paper) -> str:
    """Return the BibTeX key that a paper gets if no other paper has it."""
    return _own_key(paper) or _made_key(paper)


def _suffixes() -> Iterator[str]:
    """Yield "", a, b, ..., z, aa, ab, ..."""
    for length in itertools.count():
        yield from map("".join, itertools.product(string.ascii_lowercase, repeat=length))


def _own_key(paper: Paper) -> str:
    return re.sub(r"[\s\"#%'(),={}\\~]", "", one_line(paper.citekey or ""))  # characters that BibTeX forbids in keys


def _made_key(paper: Paper) -> str:
    author = _ascii(surname(paper.authors[0])) if paper.authors else ""
    words = list(filter(None, map(_ascii, re.findall(r"\w+", readable(paper.title)))))
    word = next((word for word in words if word not in _COMMON_WORDS and not word.isdigit()), "".join(words[:1]))
    return f"{author}{paper.year or ''}{word}" or "paper"


def _ascii(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.lower().translate(_NOT_DECOMPOSED))
    return re.sub(r"[^a-z0-9]", "", plain)


def _entry(paper: Paper) -> tuple[str, dict[str, str]]:
    venue = one_line(paper.venue or "")
    if not venue or _PREPRINT.search(venue):
        kind, place = "misc", {}
    elif _CONFERENCE.search(venue):
        kind, place = "inproceedings", {"booktitle": latex(venue)}
    else:
        kind, place = "article", {"journal": latex(venue)}
    arxiv = arxiv_id(paper)
    fields = {
        "title": " ".join(_protect_capitals(word) for word in one_line(paper.title).split()),
        "author": " and ".join(_author(name) for name in map(one_line, paper.authors) if name),
        **place,
        "year": str(paper.year or ""),
        **({"eprint": arxiv, "archiveprefix": "arXiv"} if arxiv else {}),
        "doi": doi(paper),
        "url": url(paper),
    }
    return kind, {name: value for name, value in fields.items() if value}


def _protect_capitals(word: str) -> str:
    """Return a word of a title, in braces if it has inner capitals, so that bibliography styles keep them."""
    return f"{{{latex(word)}}}" if re.search(r"\w[A-Z]", word) else latex(word)


def _author(name: str) -> str:
    """Return a name in the form that BibTeX parses; names of groups in braces."""
    family = surname(name)
    before, comma, after = name.rpartition(", ")
    if comma and GENERATION.fullmatch(after) and "," not in before:  # Tim Oak, Jr
        last = surname(before)
        return latex(f"{last}, {after}, {before.removesuffix(last).strip()}")
    if name.startswith(f"{family}, ") and name.count(",") == 1:
        return latex(name)
    if GROUP.search(name) or re.search(r",|\band\b|^others$", name):
        return f"{{{latex(name)}}}"
    last = f"{{{latex(family)}}}" if GENERATION.fullmatch(family.split()[-1]) else latex(family)
    return latex(name.removesuffix(family)) + last
