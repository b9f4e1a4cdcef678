"""Sentences have the shape that the kind of a question wants."""

import pytest

from rag.retrieval.shapes import fit, place_fit
from rag.retrieval.wanted import wanted_by


@pytest.mark.parametrize(
    ("question", "better", "worse"),
    [
        (
            "What is a tide clock?",
            "A tide clock is a dial that follows the moon.",
            "We mount the tide clock on a pier.",
        ),
        ("What is KELP?", "We present KELP,2 a corpus of seaweed.", "KELP is well-suited to bays."),
        ("What is KELP?", "The Kind Ear Lagoon Panel (KELP), which meets in May, is new.", "KELP met in May."),
        ("What is KELP?", "We built the KELP system to count pups.", "The KELP system is trained in May."),
        (
            "What are eelgrasses?",
            "Eelgrasses are long green plants of the shore.",
            "First, the eelgrasses are more stable.",
        ),
        ("What is a sill?", "Reed names a bar in a fjord and calls it a sill.", "The sill is shown in blue."),
        ("whats few-net fishing", "Few-net fishing is a way to fish.", "This is referred to as one-net fishing."),
        ("What is KELP?", "KELP, as its name says, is designed to count pups.", "KELP is trained in May."),
        ("define drift", "We define drift as the distance per hour.", "Drift was high in May."),
        ("What is KELP?", "We present KELP, a corpus of seaweed.", "KELP was used for all runs."),
        ("What are the limitations?", "A limitation is that pups were not tagged.", "Pups were tagged at noon."),
        ("What is not counted yet?", "The count does not yet include seals.", "The count includes otters."),
        ("What are the limitations?", "The buoys currently lack batteries.", "The buoys have batteries."),
        ("What are the limitations?", "A limitation is that rain is loud.", "One buoy failed to float."),
        ("Which problems came up?", "Rain limited access to the buoys.", "Pups were tagged at noon."),
        ("future work", "In future work we plan to tag pups.", "Pups were tagged at noon."),
        ("What is the main contribution?", "Our main contribution is a count of pups.", "Pups were tagged at noon."),
        ("How many pups were tagged?", "In all, 48 pups were tagged.", "The pups were tagged in 3 bays of 12 km."),
        ("How many pups were tagged?", "We tagged 48 grey pups.", "Pups were drawn every 1,000 steps."),
        ("How many pups are there?", "There are pups (n = 12) here.", "Pups live in bays (Reed, 1998)."),
        ("How old do otters get?", "The oldest died at 19.8 years.", "Old otters (Lutra, 1758) weigh 12 kg."),
        ("How long do pups dive?", "They dive for 3 to 5 minutes.", "They dive 20 m deep."),
        ("How deep do pups dive?", "They go down 20 m.", "They dive for 3 to 5 minutes."),
        ("How many buoys are there?", "There are two buoys.", "See Table 2 of the buoys."),
        ("When were they tagged?", "Tags were put on in March 2019.", "Tags were put on at low tide."),
        ("What sensors are used?", "Sonar, radar, cameras and buoys are used.", "The sensor is new."),
        ("Why do they dive?", "They dive because food is deep.", "They dive at night."),
    ],
)
def test_a_sentence_of_the_wanted_shape_fits_better(question: str, better: str, worse: str) -> None:
    wanted = wanted_by(question)
    assert fit(wanted, "3 Results", "body", better) > fit(wanted, "3 Results", "body", worse)


def test_a_summary_is_looked_for_in_the_abstract_first_and_then_in_the_conclusion() -> None:
    wanted, said = wanted_by("Summarise the paper"), "We show that pups dive at night."
    places = [("Abstract", "abstract"), ("5 Conclusions", "body"), ("3 Results", "body")]
    fits = [fit(wanted, section, kind, said) for section, kind in places]
    assert fits == sorted(fits, reverse=True)
    assert len(set(fits)) == len(fits)


def test_a_sentence_in_the_place_asked_for_fits_better_than_one_that_mentions_it() -> None:
    wanted = wanted_by("How many pups are in Table 2?")
    inside, beside = place_fit(wanted, "Table 2: Pups", "May | 48"), place_fit(wanted, "3 Results", "Table 2 has them.")
    assert inside > beside > place_fit(wanted, "3 Results", "Pups dive.")


def test_a_question_of_no_shape_fits_nothing() -> None:
    assert fit(wanted_by("Do pups dive?"), "Abstract", "abstract", "Pups dive.") == 0.0


def test_a_long_number_is_looked_at_once() -> None:
    assert fit(wanted_by("How long do pups dive?"), "", "body", "They dive 5 " + "1" * 29 + "!") < 1.0
