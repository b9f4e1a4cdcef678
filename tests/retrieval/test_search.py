"""What sections tell of a passage, and that a library without sections is ranked without them."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from rag.assistant import Assistant
from rag.models.weights import load_weights
from rag.retrieval.features import FEATURES, SECTION_FEATURES, SIMILARITIES, section_kind
from rag.retrieval.fusion import fuse, z_scores
from rag.retrieval.search import search

LONG = "Salt melts in the kiln for two days before it is poured. " * 12
PAGE = f"""
<h1>Glass from Salt</h1>
<section role="doc-abstract"><h2>Results</h2><p>We make glass from salt in a kiln.</p></section>
<h2>1 Introduction</h2><p>{LONG}</p>
<h2>2 Related Work</h2><p>Others make glass from sand.</p>
<h2>3 The Kiln</h2><p>{LONG}</p>
<h2>3.1 Experimental Setup</h2><p>{LONG}</p>
<table><caption>Results of the kiln</caption><tr><th>day</th><th>hours</th></tr><tr><td>May</td><td>48</td></tr></table>
<h2>4 Conclusions</h2><p>Salt makes glass.</p>
"""


@pytest.fixture
def sectioned(assistant: Assistant, tmp_path: Path) -> Assistant:
    """The library of the invented papers, and one more paper that has sections."""
    (tmp_path / "glass.html").write_text(PAGE)
    assistant.add([tmp_path / "glass.html"])
    return assistant


def told(assistant: Assistant, question: str) -> dict[str | None, dict[str, float]]:
    """The features of sections by the section's title."""
    found = search(assistant.library, question)
    values = found.features[:, len(SIMILARITIES) :].tolist()
    titles = [found.candidates.chunk(row).section for row in range(len(found.candidates))]
    return {title: dict(zip(SECTION_FEATURES, of, strict=True)) for title, of in zip(titles, values, strict=True)}


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("1 Introduction", "introduction"),
        ("II. RELATED WORKS", "related"),
        ("Conclusion & Future Work", "conclusion"),
        ("4.2 Data sets", "experiments"),
        ("Experiments ::: Training details", "experiments"),
        ("A Model of Databases", None),
        ("Abstract", None),
    ],
)
def test_a_section_has_a_kind_by_its_title(title: str, kind: str | None) -> None:
    assert section_kind(title) == kind


def test_the_features_say_what_section_a_passage_stands_in(sectioned: Assistant) -> None:
    of = told(sectioned, "Which kiln settings melt the salt?")
    kinds = SECTION_FEATURES[:-2]
    assert {title: [kind for kind in kinds if of[title][kind]] for title in of if title} == {
        "Results": [],  # of the abstract
        "1 Introduction": ["introduction"],
        "2 Related Work": ["related"],
        "3 The Kiln": [],
        "3.1 Experimental Setup": ["experiments"],
        "Results of the kiln [day | hours]": [],
        "4 Conclusions": ["conclusion"],
    }
    assert of["3 The Kiln"]["title_words"] == 1 / 4  # of kiln, settings, melt and salt
    assert of["2 Related Work"]["short"] == pytest.approx(1 - len("Others make glass from sand.") / 600)
    assert of["3 The Kiln"]["short"] == 0
    for title in ("Results", "Results of the kiln [day | hours]", None):  # no running text, or no section
        assert not any(of[title].values())


def test_the_weights_of_sections_move_only_what_stands_in_one(sectioned: Assistant) -> None:
    without = load_weights().fusion | dict.fromkeys(SECTION_FEATURES, 0.0)
    plain = dataclasses.replace(load_weights(), fusion=without)
    marked = dataclasses.replace(load_weights(), fusion=without | {"introduction": 9.0})
    before, after = (search(sectioned.library, "What does the kite count?", weights=w) for w in (plain, marked))
    titles = [after.candidates.chunk(row).section for row in range(len(after.candidates))]
    moved = after.scores - before.scores
    assert moved.tolist() == pytest.approx([9.0 * (title == "1 Introduction") for title in titles])
    assert titles[after.order[0]] == "1 Introduction"


def test_a_library_without_sections_is_ranked_by_similarity_alone(assistant: Assistant) -> None:
    found = search(assistant.library, "What share of the otters does the kite count in the experiments?")
    weights = np.array([load_weights().fusion[name] for name in SIMILARITIES])
    assert not found.features[:, len(SIMILARITIES) :].any()
    assert found.scores.tolist() == (z_scores(found.features[:, : len(SIMILARITIES)]) @ weights).tolist()


def test_the_score_is_the_weighted_sum_of_all_features() -> None:
    features = np.zeros((2, len(FEATURES)))
    features[:, FEATURES.index("words")] = [3.0, 1.0]
    features[:, FEATURES.index("short")] = [0.5, 0.0]
    fusion = dict.fromkeys(FEATURES, 0.0) | {"words": 2.0, "short": -1.0}
    assert fuse(features, fusion).tolist() == [1.5, -2.0]
    assert len(fuse(np.zeros((0, len(FEATURES))), fusion)) == 0
