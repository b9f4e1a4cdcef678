"""Read QASPER, write its papers as HTML pages, and locate their paragraphs in the stored texts."""

import bisect
import hashlib
import html
import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rag.assistant import Assistant
from rag.types import Span

from ..files import read_json_lines
from ..questions import QuestionSetError
from ..runs import add_papers

PARTS = ("open", "kept", "all")
_KEPT = 3  # every third paper belongs to the part `kept`
_LEVELS = 6  # of headings in HTML


class Paragraph(NamedTuple):
    """A paragraph and the name of its section, which may be empty; subsections are separated by ` ::: `."""

    id: str
    section: str
    text: str


class Annotation(NamedTuple):
    """One annotator's answer; `type` is extractive, abstractive, boolean or unanswerable; `spans` are the extracts."""

    type: str
    answer: str
    spans: tuple[str, ...] = ()


class PaperQuestion(NamedTuple):
    """A question about one paper; `evidence` has the paragraph ids of all annotations."""

    id: str
    question: str
    annotations: tuple[Annotation, ...]
    evidence: frozenset[str]

    @property
    def answerability(self) -> str:
        """`answerable` or `unanswerable` if the annotators agree, else `mixed`."""
        kinds = {annotation.type == "unanswerable" for annotation in self.annotations}
        if len(kinds) > 1:
            return "mixed"
        return "unanswerable" if True in kinds else "answerable"

    @property
    def type(self) -> str:
        """The most common type of the annotations that answer, the first if tied; `unanswerable` if none does."""
        types = [each.type for each in self.annotations if each.type != "unanswerable"]
        return max(types, key=types.count, default="unanswerable")


class QasperPaper(NamedTuple):
    """A paper with its paragraphs in order, without duplicates, and the questions about it."""

    id: str
    title: str
    paragraphs: tuple[Paragraph, ...]
    questions: tuple[PaperQuestion, ...]

    @property
    def part(self) -> str:
        """`kept` for a third of the papers, by a hash of the id, `open` for the others."""
        return "open" if int(hashlib.sha256(self.id.encode()).hexdigest()[:8], 16) % _KEPT else "kept"


def read_qasper(folder: Path, part: str = "all") -> list[QasperPaper]:
    """Read the papers in a folder, all or of a part, in file order, each with its questions.

    White space is normalised, and only the first of identical paragraphs is kept, since evidence is given as text.
    Evidence that is not a paragraph (figures, tables, headings) is left out.

    Raises:
        QuestionSetError: a file is missing or broken, or a question is about a missing paper.
    """
    papers, questions = (_only_file(folder, f"*_{kind}.jsonl") for kind in ("papers", "questions"))
    try:
        read = {row["_id"]: _paper(row) for row in read_json_lines(papers)}
        of_paper: dict[str, list[PaperQuestion]] = {key: [] for key in read}
        for row in read_json_lines(questions):
            if row["gold_paper_id"] not in read:
                raise QuestionSetError(
                    f"{questions.name}: the question {row['id']!r} is about the paper {row['gold_paper_id']!r}, "
                    f"which is not in {papers.name}."
                )
            paper = read[row["gold_paper_id"]]
            of_paper[paper.id].append(_question(row, paper))
    except KeyError as error:
        raise QuestionSetError(
            f"{papers.name} and {questions.name} are not in QASPER's format: {error} is missing."
        ) from error
    return [
        paper._replace(questions=tuple(of_paper[paper.id])) for paper in read.values() if part in ("all", paper.part)
    ]


def _only_file(folder: Path, pattern: str) -> Path:
    files = sorted(folder.glob(pattern))
    if len(files) != 1:
        raise QuestionSetError(f"{folder.name} holds {len(files)} files {pattern}; QASPER's folder has one.")
    return files[0]


def _paper(row: Mapping[str, Any]) -> QasperPaper:
    paragraphs: dict[str, Paragraph] = {}
    for each in row["paragraphs"]:
        if text := _single_spaced(each["text"]):
            paragraphs.setdefault(text, Paragraph(each["id"], _single_spaced(each["section"]), text))
    return QasperPaper(row["_id"], _single_spaced(row["title"]), tuple(paragraphs.values()), ())


def _question(row: Mapping[str, Any], paper: QasperPaper) -> PaperQuestion:
    ids = {paragraph.text: paragraph.id for paragraph in paper.paragraphs}
    evidence = {_single_spaced(text) for each in row["annotations"] for text in each["evidence"]}
    return PaperQuestion(
        id=row["id"],
        question=row["question"],
        annotations=tuple(Annotation(a["type"], a["text"], tuple(a.get("spans", ()))) for a in row["annotations"]),
        evidence=frozenset(ids[text] for text in evidence if text in ids),
    )


def _single_spaced(text: str) -> str:
    return " ".join(text.split())


def write_pages(papers: Sequence[QasperPaper], folder: Path) -> dict[str, Path]:
    """Write each paper as an HTML page to a folder; return the pages by paper id."""
    folder.mkdir(parents=True, exist_ok=True)
    pages = {paper.id: folder / f"{paper.id}.html" for paper in papers}
    for paper in papers:
        page = page_of(paper.title, [(each.section, each.text) for each in paper.paragraphs])
        pages[paper.id].write_text(page, encoding="utf-8")
    return pages


def page_of(title: str, paragraphs: Sequence[tuple[str, str]]) -> str:
    """Return a paper as HTML: its title, then the paragraphs of each section under the section's heading.

    A paragraph is (section, text); a subsection gets only its own heading, at a lower level.
    """
    lines = ['<meta charset="utf-8">', f"<h1>{_escaped(title)}</h1>"]
    for section, of_section in itertools.groupby(paragraphs, key=lambda each: each[0]):
        level = min(2 + section.count(" ::: "), _LEVELS)
        lines.append(f"<h{level}>{_escaped(section.split(' ::: ')[-1])}</h{level}>")
        lines += [f"<p>{_escaped(text)}</p>" for _, text in of_section]
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    return html.escape(_single_spaced(text))


class Places:
    """The positions of a paper's paragraphs in its stored text; only letters and digits are compared."""

    def __init__(self, paper: QasperPaper, text: str) -> None:
        at = [position for position, character in enumerate(text) if character.isalnum()]
        letters = "".join(text[position] for position in at)
        self._spans: list[tuple[int, int, str]] = []  # start, end, id
        searched = 0
        for paragraph in paper.paragraphs:
            wanted = "".join(character for character in paragraph.text if character.isalnum())
            found = letters.find(wanted, searched) if wanted else -1
            if found >= 0:
                searched = found + len(wanted)
                self._spans.append((at[found], at[searched - 1] + 1, paragraph.id))
        self._ends = [end for _, end, _ in self._spans]

    def __len__(self) -> int:
        return len(self._spans)

    def touched(self, span: Span) -> list[str]:
        """Return the ids of the paragraphs that a span of the text overlaps, in order."""
        first = bisect.bisect_right(self._ends, span.start)
        return [id_ for _, _, id_ in itertools.takewhile(lambda each: each[0] < span.end, self._spans[first:])]


def add_paragraphs(assistant: Assistant, papers: Sequence[QasperPaper], folder: Path) -> dict[str, str]:
    """Add each paragraph as a file with its paper's title and its section; return library id -> paragraph id."""
    folder.mkdir(exist_ok=True)
    names: dict[str, str] = {}
    for number, paper in enumerate(papers):
        for place, paragraph in enumerate(paper.paragraphs):
            names[f"{number}-{place}.html"] = paragraph.id
            title, section, text = map(html.escape, (paper.title, paragraph.section, paragraph.text))
            page = f'<meta charset="utf-8"><h1>{title}</h1><h2>{section}</h2><p>{text}</p>\n'
            (folder / f"{number}-{place}.html").write_text(page, encoding="utf-8")
    add_papers(assistant, [folder])
    return {names[entry.source]: entry.id for entry in assistant.papers()}
