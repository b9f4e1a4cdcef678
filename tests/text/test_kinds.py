"""Kinds of text: by headings, by a paragraph's own words, and references by the shape of their list."""

import pytest

from rag.text.kinds import heading_kind
from rag.text.paragraph_kinds import begins_asides, is_label, kinds_of_paragraphs, paragraph_kind
from rag.text.reference_lists import reference_lists


@pytest.mark.parametrize(
    ("heading", "kind"),
    [
        ("3.2 Materials and Methods", "body"),
        ("REFERENCES:", "references"),
        ("Literaturverzeichnis", "references"),
        ("五、参考文献", "references"),
        ("Funding Statement", "back_matter"),
        ("Availability of data and materials", "back_matter"),
        ("Authors’ contributions", "back_matter"),
        ("Declaration of Competing Interests", "back_matter"),
        ("List of abbreviations", "back_matter"),
        ("Author details", "furniture"),
        ("Keywords", "furniture"),
        ("Contributions", None),
        ("Reference values", None),
        ("Otters", None),
    ],
)
def test_a_standard_heading_has_a_kind(heading: str, kind: str | None) -> None:
    assert heading_kind(heading) == kind


@pytest.mark.parametrize(
    ("paragraph", "kind"),
    [
        ("Received: 3 May 2019 / Accepted: 2 June 2019", "furniture"),
        ("* Correspondence: otter@river.example", "furniture"),
        ("Keywords Otter · Kite · River", "furniture"),
        ("How to cite this article: Reed A (2019) Otters. J Rivers 3:1-9.", "furniture"),
        ("2University of Meadow, Department of Slow Rivers, Reedtown.", "furniture"),
        ("http://dx.doi.org/10.1/r.2019.01 0123-4567/© 2019 Reed Press B.V. All rights reserved.", "furniture"),
        ("© 2019 Reed et al.; licensee Brook Press. This is an Open Access article under a licence.", "back_matter"),
        ("This is an open-access article distributed under the terms of a licence.", "back_matter"),
        ("Funding This work was paid for by the mill.", "back_matter"),
        ("This work was generously supported by the Mill Fund.", "back_matter"),
        ("Research reported in this publication was supported by the Mill Fund.", "back_matter"),
        ("This material is based upon work supported by the Mill Fund.", "back_matter"),
        ("[Supplementary material is available at Journal of Reeds online.", "back_matter"),
        ("Research on otters was first supported by kites.", None),
        ("The authors declare that they have no competing interests.", "back_matter"),
        ("AB: Alder bush; CD: Cane dune; EF: Elder fern.", "back_matter"),
        ("This work shows that otters are counted best from a kite.", None),
        ("We count otters: by day, by night and at dusk.", None),
        ("Funding agencies ask how many otters there are.", None),
    ],
)
def test_a_paragraph_is_classified_by_its_words(paragraph: str, kind: str | None) -> None:
    assert paragraph_kind(paragraph) == kind


@pytest.mark.parametrize(
    ("sentence", "aside"),
    [
        ("The research reported in this publication was supported by funding from the Mill.", True),
        ("We gratefully thank the kites.", True),
        ("[Supplementary data are available at Journal of Reeds online.", True),
        ("The authors report that otters are counted best from a kite.", False),
        ("This work was the first to count otters, supported by kites.", False),
        ("Otters are supported by reeds.", False),
    ],
)
def test_a_sentence_on_the_licence_funding_supplements_or_thanks_begins_asides(sentence: str, aside: bool) -> None:
    assert begins_asides(sentence) == aside


@pytest.mark.parametrize(
    ("sentence", "kind"),
    [
        ("This work was supported by the Mill Fund.", None),
        ("We thank nobody: code is available under the terms of a licence.", None),
        ("Funding: the Mill Fund.", "back_matter"),
    ],
)
def test_in_an_abstract_only_a_label_makes_a_statement(sentence: str, kind: str | None) -> None:
    assert paragraph_kind(sentence, in_abstract=True) == kind


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("ORIGINAL PAPER", True),
        ("41 (41.4)", True),
        (". . . . . . . . . . . . . . . . . . . . . . . . .", True),
        ("We rest at noon.", False),
        ("• Reed beds", False),
        ("3 https://river.example/otters", False),
        ("only the rest of a sentence", False),
    ],
)
def test_a_label_is_not_a_sentence(text: str, label: bool) -> None:
    assert is_label(text) == label


NAMES = ["Alder", "Birch", "Cedar", "Dogwood", "Elm", "Fir", "Gorse", "Hazel"]
STYLES = {
    "numbered": "{n}. {name} A, Reed B: Tracks in wet sand. J Shores 2011, {n}:11-19.",
    "bracketed": "[{n}] A. {name} and B. Reed, “Tracks in wet sand,” J. Shores, vol. {n}, pp. 11-19, 2011.",
    "Vancouver": "{n} {name} AB, Reed C. Tracks in wet sand. J Shores. 2011;{n}(2):11-19.",
    "author and year": "{name}, A., & Reed, B. (2011). Tracks in wet sand. Journal of Shores, {n}(2), 11-19.",
    "Harvard": "{name}, A. 2011, Tracks in wet sand, Stone Press, Reedtown, pp. 11-1{n}.",
    "full names": "Anna {name} and Ben Reed. 2011. Tracks in wet sand. In Proceedings of Shores, pages 11-1{n}.",
    "German": "{name}, A. (Hrsg.): Spuren im nassen Sand. Steinverlag, Schilfstadt 2011, S. 11-1{n}.",
    "Chinese": "[{n}] 李明, 王芳. 湿沙上的足迹[J]. 河岸学报, 2011, {n}(2): 11-19.",
}


@pytest.mark.parametrize("style", STYLES)
def test_a_list_of_references_is_recognised_by_its_shape(style: str) -> None:
    entries = [STYLES[style].format(n=n, name=name) for n, name in enumerate(NAMES, 1)]
    prose = "The tracks were found where Alder and Reed (2011) had seen them before, on the left bank of the river."
    assert reference_lists([prose, prose, *entries, prose]) == [range(2, 10)]


def test_entries_split_by_a_page_break_belong_to_the_list() -> None:
    entries = [STYLES["numbered"].format(n=n, name=name) for n, name in enumerate(NAMES, 2)]
    first = "1. The Otter Count of the Slow River. [http://river.example/count]"
    assert reference_lists([first, *entries[:3], "Stone Press; 2010. p. 3.", *entries[3:]]) == [range(10)]


CITING = (
    "Alder, A. (2011) counted otters by their tracks (Birch, 2012; Cedar et al., 2013), as others did before them "
    "(Elm, 2014; Fir and Gorse, 2015), and found that most of the tracks were washed away by the next flood."
)
STEPS = [f"{n}. Walk the bank at dawn and write down each track of the year 201{n}." for n in range(1, 9)]


@pytest.mark.parametrize("paragraphs", [[CITING] * 9, STEPS, ["In 2011 we flew.", "In 2012 we swam."] * 6])
def test_text_that_cites_or_counts_is_not_a_list_of_references(paragraphs: list[str]) -> None:
    assert reference_lists(paragraphs) == []


def test_references_are_recognised_under_any_heading() -> None:
    entries = [STYLES["numbered"].format(n=n, name=name) for n, name in enumerate(NAMES, 1)]
    kinds = kinds_of_paragraphs([("We thank the mill.", "back_matter"), *((entry, "back_matter") for entry in entries)])
    assert kinds == ["back_matter"] + ["references"] * 8
