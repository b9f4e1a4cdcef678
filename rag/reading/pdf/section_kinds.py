"""Assign sections and kinds to paragraphs, by headings and words, and to references by their shape."""

import re
from collections import Counter
from collections.abc import Sequence

from ...text.kinds import (
    ABSTRACT,
    BACK_MATTER,
    BODY,
    FOOTNOTE,
    FURNITURE,
    PROSE,
    REFERENCES,
    heading_kind,
    plain_heading,
)
from ...text.paragraph_kinds import is_item, is_label, is_prose, paragraph_kind, section_title
from ...text.reference_lists import reference_lists
from .headings import ends_references, is_abstract_label, section_kind
from .hyphenation import join_lines
from .paragraphs import Paragraph

_RUN_IN_ABSTRACT = re.compile(r"(abstract|summary)\s*[.:—–-]+\s*(?=\S)", re.I)
_FEW_WORDS = 4  # this few may be a lone cell
_REVIEW = re.compile(
    r"(?:open peer review|(?:current )?(?:referee|reviewer) (?:status|reports?)|decision letter"
    r"|authors?['’]? response)\b",
    re.I,
)

Assigned = tuple[str | None, str, Paragraph]  # the section's title and kind


def assign_sections(paragraphs: Sequence[Paragraph], body_size: float) -> list[Assigned]:
    """Return each paragraph except headings with its section's title and kind."""
    known = (p.kind == "heading" and heading_kind(p.lines[0].text) in (ABSTRACT, BODY) for p in paragraphs)
    first_known = next((at for at, is_known in enumerate(known) if is_known), 0)
    listed = _listed_references(paragraphs)
    sections = _Sections(body_size)
    front = _last_front_page(paragraphs)
    for at, paragraph in enumerate(paragraphs):
        if paragraph.kind == "heading" and at < first_known:
            paragraph.kind = "text"  # names and places in large type
        if paragraph.kind == "heading" and not sections.may_open(paragraph):
            paragraph.kind = "text"
        if sections.is_review(paragraph):
            sections.add_review(paragraph)
        elif paragraph.kind == "heading":
            sections.open(paragraph, is_front=paragraph.lines[0].page <= front)
        elif paragraph.kind == "run_in":
            sections.open_run_in(paragraph)
        elif id(paragraph) in listed:
            sections.add_reference(paragraph)
        elif paragraph.kind == "text":
            sections.add_text(paragraph, is_title_page=at < first_known)
        else:
            sections.add_apart(paragraph)
    return _with_labels(_with_structured_abstract(sections.assigned), front)


class _Sections:
    """The paragraphs so far with their sections, and the current section."""

    def __init__(self, body_size: float) -> None:
        self._body_size = body_size
        self._references: Paragraph | None = None  # heading of the references, while in them
        self.assigned: list[Assigned] = []
        self._title: str | None = None
        self._kind = BODY
        self._after_references = False
        self._in_reviews = False
        self._has_abstract = False
        self._statement_after: tuple[str | None, str] | None = None  # section that resumes after a statement
        self._beside: tuple[str | None, str] | None = None  # section that resumes after furniture on a first page

    def may_open(self, heading: Paragraph) -> bool:
        """Return whether a heading can begin a section here; within the references it may be part of an entry."""
        return not self._references or ends_references(heading.lines, self._references.lines, self._body_size)

    def is_review(self, paragraph: Paragraph) -> bool:
        """Return whether a paragraph is of the reports of reviewers, which some journals print after the references.

        They are the words of others, or of the authors on another version.
        """
        self._in_reviews |= self._after_references and bool(_REVIEW.match(plain_text(paragraph)))
        return self._in_reviews

    def add_review(self, paragraph: Paragraph) -> None:
        """Add a paragraph of the reports of reviewers, a heading too."""
        self.assigned.append((None, FURNITURE, paragraph))

    def open(self, heading: Paragraph, is_front: bool) -> None:
        """Begin the section of a heading."""
        self._statement_after = None
        title = " ".join(join_lines(heading.lines, Counter()).text.split())
        kind = section_kind(title, self._after_references)
        if kind == FURNITURE:
            self._beside = (self._beside or (self._title, self._kind)) if is_front else None
        else:
            self._beside = None
        self._title, self._kind = title, kind
        self._references = heading if kind == REFERENCES else None
        self._after_references |= kind == REFERENCES
        self._has_abstract |= kind == ABSTRACT

    def open_run_in(self, heading: Paragraph) -> None:
        """Begin a part of the current section, or a one-paragraph statement."""
        title = plain_heading(" ".join(join_lines(heading.lines, Counter()).text.split()))
        kind = heading_kind(title)
        self._end_statement()
        if kind in (BACK_MATTER, FURNITURE):
            self._statement_after = (self._title, self._kind)
            self._title, self._kind = title, str(kind)
        elif kind == ABSTRACT and not self._has_abstract:
            self._title, self._kind, self._has_abstract = title, ABSTRACT, True
        elif self._kind not in (REFERENCES, FURNITURE):
            self._title = title

    def _end_statement(self) -> None:
        if self._statement_after:
            (self._title, self._kind), self._statement_after = self._statement_after, None

    def add_reference(self, paragraph: Paragraph) -> None:
        """Add a paragraph of a list of references, under any heading."""
        self._after_references = True
        self.assigned.append((section_title(self._title, self._kind, REFERENCES), REFERENCES, paragraph))

    def add_apart(self, paragraph: Paragraph) -> None:
        """Add a caption, a table or a footnote."""
        kind = self._own_kind(paragraph) if paragraph.kind == FOOTNOTE else None
        self.assigned.append((paragraph.label, kind or paragraph.kind, paragraph))

    def add_text(self, paragraph: Paragraph, is_title_page: bool) -> None:
        """Add a paragraph of the current section."""
        text = plain_text(paragraph)
        if self._beside and is_prose(text):
            (self._title, self._kind), self._beside = self._beside, None
        if self._kind == BODY and not self._has_abstract and (run_in := _RUN_IN_ABSTRACT.match(text)):
            self._title, self._kind, self._has_abstract = run_in[1], ABSTRACT, True
        kind = self._own_kind(paragraph) if self._kind != REFERENCES else None
        if not kind and is_title_page and self._kind == BODY and not is_prose(text):
            kind = FURNITURE  # names, places and labels
        kind = kind or self._kind
        self.assigned.append((section_title(self._title, self._kind, kind), kind, paragraph))
        self._end_statement()

    def _own_kind(self, paragraph: Paragraph) -> str | None:
        """Return the kind shown by a paragraph's words; list items belong to the furniture that introduces them."""
        text = plain_text(paragraph)
        last = self.assigned[-1] if self.assigned else None
        if (
            last
            and last[1] == FURNITURE
            and is_item(text)
            and (is_item(above := plain_text(last[2])) or above[-1:] == ":")
        ):
            return FURNITURE
        return paragraph_kind(text, paragraph.kind == "text" and self._kind == ABSTRACT)


def plain_text(paragraph: Paragraph) -> str:
    """Return the text of a paragraph's lines without joining hyphenated words."""
    return " ".join(line.text for line in paragraph.lines).strip()


def _listed_references(paragraphs: Sequence[Paragraph]) -> set[int]:
    """Return the ids of the paragraphs that are in lists of references."""
    texts = [p for p in paragraphs if p.kind in ("text", FOOTNOTE)]
    lists = reference_lists(["" if paragraph_kind(text := plain_text(p)) else text for p in texts])
    return {id(texts[at]) for found in lists for at in found}


def _last_front_page(paragraphs: Sequence[Paragraph]) -> int:
    """Return the page on which the body begins: that of the first prose, or the next if the first heading is there."""
    pages = [p.lines[0].page for p in paragraphs if p.kind == "text" and is_prose(plain_text(p))]
    prose = pages[0] if pages else 0
    headings = (p for p in paragraphs if p.kind == "heading" and heading_kind(plain_text(p)) == BODY)
    body = next((p.lines[0].page for p in headings), prose)
    return body if body == prose + 1 else prose


def _with_structured_abstract(paragraphs: Sequence[Assigned]) -> list[Assigned]:
    """Return the paragraphs with a structured abstract recognised on the first page before the introduction.

    Two or more labelled parts ("Background", "Methods", "Results") are an abstract if there is no other.
    """
    titles = [plain_heading(title or "").casefold() for title, _, _ in paragraphs]
    if "introduction" not in titles or any(kind == ABSTRACT for _, kind, _ in paragraphs):
        return list(paragraphs)
    first = paragraphs[0][2].lines[0].page
    parts = {
        at
        for at, (title, kind, paragraph) in enumerate(paragraphs[: titles.index("introduction")])
        if kind == BODY and title and is_abstract_label(title) and paragraph.lines[0].page == first
    }
    if len({titles[at] for at in parts}) < 2:
        return list(paragraphs)
    return [(title, ABSTRACT if at in parts else kind, p) for at, (title, kind, p) in enumerate(paragraphs)]


def _says_nothing(text: str) -> bool:
    """Return whether a label is a lone cell or an equation number: few words, no sentence end."""
    return not any(map(str.isalpha, text)) or (len(text.split()) <= _FEW_WORDS and not text.endswith((".", "?", "!")))


def _with_labels(paragraphs: Sequence[Assigned], front: int) -> list[Assigned]:
    """Return the paragraphs with lone labels as furniture, unless the document consists of labels.

    After the first pages a label is furniture only if it is meaningless on its own, or repeated on other pages.
    """
    texts = [plain_text(p) for _, _, p in paragraphs]
    may_be = [
        kind in (*PROSE, FOOTNOTE) and is_label(text) for (_, kind, _), text in zip(paragraphs, texts, strict=True)
    ]
    prose = sum(len(t) for (_, kind, _), t in zip(paragraphs, texts, strict=True) if kind in PROSE and is_prose(t))
    labels = sum(len(text) for text, is_one in zip(texts, may_be, strict=True) if is_one)
    if labels > prose:
        return list(paragraphs)
    pages = [p.lines[0].page for _, _, p in paragraphs]
    printed = Counter(text for text, _ in set(zip(texts, pages, strict=True)))
    may_be = [
        is_one and (page <= front or _says_nothing(text) or printed[text] > 1)
        for is_one, page, text in zip(may_be, pages, texts, strict=True)
    ]
    return [
        (None, FURNITURE, paragraph) if is_one else (title, kind, paragraph)
        for (title, kind, paragraph), is_one in zip(paragraphs, may_be, strict=True)
    ]
