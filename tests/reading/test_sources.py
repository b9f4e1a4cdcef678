"""Headings determine the kinds of sections."""

from __future__ import annotations

import pytest
from helpers.word_files import sections

from rag.reading.sources import make_paper, section_kind


@pytest.mark.parametrize(
    ("heading", "kind"),
    [
        (None, "body"),
        ("Methods", "body"),
        ("Abstract", "abstract"),
        ("ABSTRACT:", "abstract"),
        ("Abstract reasoning", "body"),
        ("References", "references"),
        ("7 References", "references"),
        ("7. References", "references"),
        ("VII. REFERENCES", "references"),
        ("Literature Cited", "references"),
        ("Bibliography", "references"),
        ("Reference values", "body"),
        ("Acknowledgments", "back_matter"),
        ("Acknowledgements and Funding", "back_matter"),
        ("Appendix A", "appendix"),
        ("A Appendix", "appendix"),
        ("Appendices", "appendix"),
        ("Supplementary Material", "appendix"),
    ],
)
def test_a_heading_determines_the_kind_of_its_section(heading: str | None, kind: str) -> None:
    assert section_kind(heading) == kind


@pytest.mark.parametrize(
    ("headings", "kinds"),
    [
        (["A Survey", "References", "A Proofs", "A.1 More", "Data"], "body references appendix appendix appendix"),
        (["References", "Our garden"], "references body"),
        (["Appendix", "Extra tables", "References", "B. Code"], "appendix appendix references appendix"),
    ],
)
def test_a_lettered_section_after_the_references_is_an_appendix(headings: list[str], kinds: str) -> None:
    paper = make_paper("Moss", "", sections=[(heading, "Words.") for heading in headings])
    assert [s.kind for s in paper.sections] == kinds.split()


def test_a_section_may_have_a_kind_without_a_heading() -> None:
    paper = make_paper("Moss", "", sections=[(None, "We count moss.", "abstract"), (None, "It grows.", "body")])
    assert sections(paper) == [("abstract", None, "We count moss."), ("body", None, "It grows.")]
