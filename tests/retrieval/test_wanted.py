"""The kind of a question, its subject, its places and its parts are known from its words, however it is put."""

import time

import pytest

from rag.retrieval.wanted import wanted_by

KINDS = {
    "definition": [
        "What does KELP stand for?",
        "What does KELP stand for in the otter paper?",
        "What is the Otter Ear Hypothesis?",
        "What are tide pools and who lives there?",
        "What is Otterkit?",
        "whats a tidal clock",
        "define drift",
        "explain what KELP is",
        "KELP definition",
        "How is salinity defined?",
        'What do the authors mean by "brackish"?',
        "What are tide pools?",
        "What is the Otter Ear Hypothesis?",
        "What are tide pools and who lives there?",
    ],
    "summary": [
        "In two sentences: what was seen in the bay?",
        "What is the main message of the paper on otters, kelp, kites and seals?",
        "What is this paper about?",
        "what is Otterkit about",
        "Summarise the paper",
        "summarize Otterkit",
        "tl;dr",
        "Can you please summarise it?",
        "tell me about the main findings",
        "What is the aim of the study?",
        "what do the authors show",
        "What did the kelp forest paper find?",
        "What do the authors of Otterkit propose?",
        'What is the paper "Can kites count the otters and the seals of a bay better than people?" about?',
    ],
    "limitations": [
        "What are the limitations?",
        "limitations of Otterkit",
        "What does the count not cover yet?",
        "which problems came up in the bay?",
        "What difficulties did the authors encounter with the buoys?",
        "Where does Otterkit fail?",
        "what can't Otterkit do",
        "Does it have any weaknesses?",
        "threats to validity",
        "What are its limits?",
    ],
    "future": ["future work?", "Which open questions remain?", "What would the authors do next?"],
    "contributions": ["What are the main contributions of this paper?", "what is novel in this work"],
    "conclusions": ["what did they conclude", "Conclusions"],
    "statement": ["Who funded the work?", "funding?", "licence", "Is the code available?"],
    "papers": [
        "Which papers count otters?",
        "papers about otters",
        "Are there any studies on kelp?",
        "list all papers on tides",
        "Which papers discuss the limitations of sonar?",
    ],
    "place": [
        "What does Table 1 show?",
        "figure 2",
        "explain fig. 3b",
        "Describe Algorithm 1",
        "what is in Section III",
    ],
    "yes_no": ["Do they use sonar?", "is it measured at night", "tell me whether they count pups"],
    "number": [
        "How many otters were counted?",
        "what percentage of pups survived",
        "What is the F1 in Table 2?",
        "number of buoys",
    ],
    "date": ["When was the survey done?", "what year did it end"],
    "list": [
        "Which four sensors does the buoy hold?",
        "Which tools or methods do they use?",
        "What sensors are used?",
        "name the baselines",
        "Which kinds of buoys float?",
        "Which bays are not covered by the count?",
        "list all the metrics",
    ],
    "name": [
        "Which museum holds the skull?",
        "Which seal species dives at night?",
        "What eats kelp?",
        "Which sensor was used?",
        "What is the corpus?",
        "What is the difference between a seal and an otter?",
    ],
    "person": ["Who counted the pups?"],
    "reason": ["Why does it matter how long pups dive?", "Why do they dive at night?"],
    "method": ["How does the buoy decide which calls count?", "How do they count pups?"],
    "other": ["accuracy on Kelp-2", "Compare Otterkit with KELP"],
}


@pytest.mark.parametrize(("kind", "question"), [(kind, each) for kind, some in KINDS.items() for each in some])
def test_a_question_is_of_its_kind(kind: str, question: str) -> None:
    assert wanted_by(question).kind == kind


@pytest.mark.parametrize(
    ("question", "subject"),
    [
        ("What is Otterkit?", ("otterkit",)),
        ("what is meant by tidal drift", ("tidal", "drift")),
        ("Limitations of Otterkit", ("otterkit",)),
        ("What is Otterkit about?", ("otterkit",)),
        ("What are the main findings of this paper?", ()),
    ],
)
def test_the_subject_is_what_the_question_is_about(question: str, subject: tuple[str, ...]) -> None:
    assert wanted_by(question).subject == subject


@pytest.mark.parametrize(
    ("question", "places"),
    [
        ("What is the F1 in Table 2 and fig. 3b?", ("Table 2", "Figure 3b")),
        ("see §3.1 and eq. (4)", ("Section 3.1", "Equation 4")),
        ("what does table II list", ("Table II",)),
        ("Which tables are long?", ()),
        ("Does the figure show otters?", ()),
    ],
)
def test_places_are_read_by_their_labels(question: str, places: tuple[str, ...]) -> None:
    assert wanted_by(question).places == places


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        ("Compare Otterkit with KELP", ("Otterkit", "KELP")),
        ("Compare the size of the bay with the size of the herd", ("size of the bay", "size of the herd")),
        ("How many pups were born between 1650 and 1750?", ()),
        ("sonar vs radar", ("sonar", "radar")),
        ("What is the difference between sonar and radar?", ("sonar", "radar")),
        ("What sensors and buoys do they use?", ("sensors", "buoys")),
        ("How many pups were seen and where do they live?", ("How many pups were seen", "where do they live")),
        ("Which sensor was used?", ()),
    ],
)
def test_parts_are_the_several_things_asked_about(question: str, parts: tuple[str, ...]) -> None:
    wanted = wanted_by(question)
    assert wanted.parts == parts
    assert wanted.is_about_several == bool(parts)


@pytest.mark.parametrize("question", ["What does each paper count?", "What do both papers say about tides?"])
def test_a_question_about_several_unnamed_things_is_known(question: str) -> None:
    assert wanted_by(question).is_about_several


@pytest.mark.parametrize(
    ("question", "works"),
    [
        ("What does Table 2 of the sea otter paper show?", (("sea", "otter"),)),
        ("Summarise the study of pups in winter", (("pups", "winter"),)),
        ("Do the otter paper and the paper on kelp use buoys?", (("otter",), ("kelp", "buoys"))),
        ("What is the paper about?", ()),
        ("What is Otterkit?", ()),
    ],
)
def test_papers_are_described_by_words(question: str, works: tuple[tuple[str, ...], ...]) -> None:
    assert wanted_by(question).works == works


@pytest.mark.parametrize("part", ["a ", "a-", "a", "authors of ", "what is ", "'a", '"', "paper find "])
@pytest.mark.parametrize("opening", ["what did ", "what did the authors of ", "what is ", ""])
def test_the_kind_of_a_hostile_question_is_known_at_once(opening: str, part: str) -> None:
    started = time.process_time()
    wanted_by(opening + part * (4000 // len(part)))
    assert time.process_time() - started < 1.0
