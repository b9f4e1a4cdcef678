"""Read the questions on whole papers, `eval/papers.jsonl`, and find their papers.

A question is `{"id", "kind", "collection", "question", "papers", "gold", "nuggets", "refuse"}`. `papers` is the scope
of the question (empty: the whole library), `gold` are the `{"paper", "page"}` that answer it, `nuggets` are groups of
alternative strings; a right answer contains one of each group. A paper's key is the first twelve digits of its file's
sha256, or its id in QASPER. `collection` is the folder that the question needs, or `all`.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag.ingest.locate import locate
from rag.ingest.read import read_source
from rag.text.readable import folded

from ..files import digest, read_json_lines
from ..questions import QUESTIONS as ABSTRACT_QUESTIONS
from ..questions import SAMPLE, QuestionSetError, load_questions, plain_nugget
from .qasper_papers import page_of

QUESTIONS = Path(__file__).parents[1] / "papers.jsonl"
COLLECTIONS = ("pdfs", "pairs", "qasper")
KINDS = (
    "definition", "summary", "limitation", "statement", "place", "table", "number", "name", "yes_no", "list",
    "two_papers", "which_papers", "metadata", "fact", "unanswerable", "off_topic",
)  # fmt: skip
QASPER_PAPERS = 60
"""How many papers of the QASPER folder are in the library."""

_DIGITS = 12
_FIELDS = {
    "id": str, "kind": str, "collection": str, "question": str, "papers": list, "gold": list, "nuggets": list,
    "refuse": bool,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class PaperQuestion:
    """A question on whole papers; `scope` and `gold` are paper sources as in the library."""

    id: str
    kind: str
    question: str
    collection: str
    scope: tuple[str, ...]
    gold: frozenset[str]
    nuggets: tuple[tuple[str, ...], ...]
    refuse: bool

    @property
    def part(self) -> str:
        """`kept` for the third held out for reporting, otherwise `open`."""
        return "kept" if int(hashlib.sha256(self.id.encode()).hexdigest(), 16) % 3 == 0 else "open"

    @property
    def asked_of(self) -> str:
        """What is asked: `paper`, `papers` or `library`."""
        return {0: "library", 1: "paper"}.get(len(self.scope), "papers")


def load_paper_questions(path: Path, sources: Mapping[str, str], collections: Sequence[str]) -> list[PaperQuestion]:
    """Read the questions that need only the given collections.

    `sources` maps paper keys to sources. Raise QuestionSetError if a line is broken, repeats an id, or names an unknown
    paper.
    """
    questions: list[PaperQuestion] = []
    problems: list[str] = []
    ids: set[str] = set()
    for number, row in enumerate(read_json_lines(path), 1):
        try:
            _check(row)
            if row["id"] in ids:
                raise ValueError(f"the id {row['id']!r} is a duplicate")
            ids.add(row["id"])
            if set(COLLECTIONS if row["collection"] == "all" else [row["collection"]]) <= set(collections):
                questions.append(_question(row, sources))
        except ValueError as error:
            problems.append(f"question {number}: {error}")
    if not questions and not problems:
        problems.append(f"there are no questions on {', '.join(collections)} in it")
    if problems:
        raise QuestionSetError("\n".join(f"{path.name}, {problem}" for problem in problems))
    return questions


def abstract_questions() -> list[PaperQuestion]:
    """Return the questions on the sample collection of abstracts in the form of questions on whole papers."""
    source_of = {
        folded(paper.title): source.name
        for source in locate([SAMPLE]).sources
        for paper in read_source(source, brief=False).papers
    }
    return [
        PaperQuestion(
            id=question.id,
            kind=question.type,
            question=question.question,
            collection="abstracts",
            scope=(),
            gold=frozenset(source_of[folded(title)] for title in question.gold_titles),
            nuggets=question.nuggets,
            refuse=not question.answerable,
        )
        for question in load_questions(ABSTRACT_QUESTIONS)
        if not question.history
    ]


def pdf_sources(folder: Path) -> dict[str, Path]:
    """Return the PDFs in a folder and its subfolders by key. Raise QuestionSetError if there are none."""
    files = sorted(folder.rglob("*.pdf"))
    if not files:
        raise QuestionSetError(f"There are no PDFs in {folder}. Name the folder that holds them.")
    return {digest(path)[:_DIGITS]: path for path in files}


def qasper_sources(folder: Path, out: Path) -> dict[str, Path]:
    """Write the first papers of a QASPER folder to `out` as HTML with sections; return the files by id."""
    files = sorted(folder.glob("*_papers.jsonl"))
    if len(files) != 1:
        raise QuestionSetError(f"{folder.name} holds {len(files)} files *_papers.jsonl; QASPER's folder has one.")
    out.mkdir(parents=True, exist_ok=True)
    written: dict[str, Path] = {}
    for row in read_json_lines(files[0])[:QASPER_PAPERS]:
        written[row["_id"]] = path = out / f"{row['_id'].replace('/', '_')}.html"
        page = page_of(row["title"], [(each["section"], each["text"]) for each in row["paragraphs"]])
        if not path.is_file() or path.read_text(encoding="utf-8") != page:
            path.write_text(page, encoding="utf-8")
    return written


def _check(row: Mapping[str, Any]) -> None:
    for name, kind in _FIELDS.items():
        if not isinstance(row.get(name), kind):
            raise ValueError(f"`{name}` is missing or not a {kind.__name__}")
    if row["kind"] not in KINDS:
        raise ValueError(f"`kind` is {row['kind']!r}; expected {', '.join(KINDS)}")
    if row["collection"] not in (*COLLECTIONS, "all"):
        raise ValueError(f"`collection` is {row['collection']!r}; expected {', '.join(COLLECTIONS)} or all")
    if not row["id"].strip() or not row["question"].strip():
        raise ValueError("`id` and `question` must not be empty")
    if not all(isinstance(each, dict) and isinstance(each.get("paper"), str) for each in row["gold"]):
        raise ValueError("`gold` is a list of objects with `paper` and `page`")
    if not all(isinstance(group, list) and group and all(map(_is_nugget, group)) for group in row["nuggets"]):
        raise ValueError("`nuggets` is a list of groups, each a list of alternative strings")
    if row["refuse"] == bool(row["gold"] or row["nuggets"]):
        raise ValueError("a question has `gold` or `nuggets`, or `refuse` is true")


def _is_nugget(alternative: Any) -> bool:
    return isinstance(alternative, str) and bool(plain_nugget(alternative))


def _question(row: Mapping[str, Any], sources: Mapping[str, str]) -> PaperQuestion:
    gold = [each["paper"] for each in row["gold"]]
    if unknown := [key for key in (*row["papers"], *gold) if key not in sources]:
        raise ValueError(f"{row['id']}: no paper has the key {unknown[0]!r}")
    return PaperQuestion(
        id=row["id"],
        kind=row["kind"],
        question=row["question"],
        collection=row["collection"],
        scope=tuple(sources[key] for key in row["papers"]),
        gold=frozenset(sources[key] for key in gold),
        nuggets=tuple(map(tuple, row["nuggets"])),
        refuse=row["refuse"],
    )
