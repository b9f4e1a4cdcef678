"""The gates that compare a sentence with its quotes word by word: what they hold back, and what they let pass."""

from __future__ import annotations

import time

import pytest

from rag.answering.checks.gates import objection
from rag.answering.checks.named import own_names

OTTERS = (
    "The kite of OtterCam counts 94.5% of the otters that divers count, at a tenth of the cost, because its camera "
    "sees through the water."
)
ROOFS = "MossMap holds 2,174 photographs of 472 roofs, with maps drawn by experts for 100 roofs."
GAINS = "On RoofBench, MossMap beats FernNet by 28.6% on flat roofs and by 13.4% on steep roofs."
TASTE = "The tasters rated the bread of rye higher than that of wheat."


@pytest.mark.parametrize(
    ("sentence", "quote", "objects"),
    [
        # names
        ("BeaverCam counts 94.5% of the otters.", OTTERS, "The quote does not name BeaverCam."),
        ("On LeafBench, MossMap beats FernNet.", GAINS, "The quote does not name LeafBench."),
        ("MM beats FernNet on RoofBench.", GAINS, "The quote does not name MM."),
        # numbers
        ("The kite counts 95.4% of the otters that divers count.", OTTERS, "The quote does not have each number."),
        ("MossMap holds 472 photographs.", ROOFS, "The quote says 472 of something else."),
        ("MossMap holds 100 photographs, 100 roofs and 100 experts.", ROOFS, "The quote says 100 of something else."),
        ("MossMap wins by 13.4% on flat roofs.", GAINS, "The quote says 13.4% of something else."),
        # words of a near copy
        ("The tasters rated the soup of rye higher than that of wheat.", TASTE, "another word in the place of"),
        ("The tasters rated the bread of wheat higher than that of rye.", TASTE, 'does not put "rye" behind'),
        ("Rye helps both loaves, wheat more so.", "Rye helps both loaves, rye more so.", "in the place of"),
        ("Loaves with salt rise well in an oven.", "Loaves without salt rise well in an oven.", 'the place of "with"'),
        # subject
        (
            "Divers are trained for two years in cold water.",
            "Otters are trained for two years in cold water.",
            "says so of otters",
        ),
        (
            "OtterCam was flown over eleven rivers in spring.",
            "OtterCam finds otters. BeaverCam was flown over eleven rivers in spring.",
            "The quote says so of BeaverCam.",
        ),
        (
            "On RoofBench and LeafBench, MossMap is the most accurate model.",
            "FernNet was tried on LeafBench. On RoofBench and WallBench, MossMap is the most accurate model.",
            "The quote says so of WallBench.",
        ),
        # comparisons turned round, in the same words or others
        ("FernNet is ahead of MossMap on steep roofs.", GAINS, 'does not put "mossmap" behind'),
        ("FernNet maps roofs 8% better than MossMap.", "Relative to FernNet, MossMap gains 8% of roofs.", "behind"),
        ("The kite prefers deep water over calm water.", "The kite flies over calm water rather than deep.", "behind"),
        ("Oat bread is rated higher than wheat bread.", "Wheat bread is rated higher than rye bread.", "behind"),
        # things that changed places
        (
            "The keeper finds otters in the evening, and the diver writes maps of moss.",
            "Two people work: a diver who finds otters in the evening, while the keeper writes maps of moss.",
            'something else of "keeper"',
        ),
        (
            "The sensor can be removed from MossMap in cold water, leaving only the camera.",
            "Surprisingly, the camera can be removed from MossMap in cold water, leaving only the sensor, at no loss.",
            "in the place of",
        ),
        ("Old maps are resistant to water.", "Old maps are very receptive to water.", "resistant"),
        ("FernNet-4 passes MossMap on moss.", "MossMap passes some models on moss, namely FernNet-4.", "behind"),
        ("Divers are 45x cheaper than kites.", "Kites are 45x cheaper than divers.", "behind"),
        ("FernNet maps improve considerably over roofs.", "Roofs improve considerably over FernNet maps.", "behind"),
        ("FernNet does not fall behind MossMap.", "FernNet is behind MossMap on all roofs.", "behind"),
        ("MossMap is smaller than FernNet.", "FernNet is 10x smaller than MossMap.", "behind"),
        # degrees
        ("Kites agree only weakly with divers.", "The counts of kites agree highly with those of divers.", "weakly"),
        ("Otters swim with extensive training.", "Otters swim with minimal training.", "extensive"),
        # cause
        (
            "The kite counts otters because it is painted in bright colours.",
            OTTERS,
            "The quote does not give this cause.",
        ),
    ],
)
def test_a_changed_fact_is_held_back(sentence: str, quote: str, objects: str) -> None:
    assert objects in objection(sentence, [quote])


@pytest.mark.parametrize(
    ("sentence", "quote"),
    [
        ("FernNet falls behind MossMap by 28.6% on flat roofs.", GAINS),
        ("MossMap maps roofs better than FernNet.", "Relative to FernNet, MossMap gains 8% of roofs."),
        ("With MossMap, maps are right in 52% of cases instead of 46%.", "MossMap raises the share from 46% to 52%."),
        (
            "The diver finds otters in the evening, and the keeper writes maps of moss.",
            "Two people work: a diver who finds otters in the evening, while the keeper writes maps of moss.",
        ),
        ("MossMap was tested with three breads: rye, oat and wheat.", "We test MossMap on wheat, rye and oat bread."),
        (
            "MossMap has two faults: (1) fog hides roofs, and (2) rain hides moss.",
            "In MossMap, rain and fog hide moss and roofs.",
        ),
        ("MossMap costs 6 percentage points.", "MossMap loses over 6 p.p., and FernNet 5 p.p. more."),
        ("MossMap is a model with 13B parameters.", "MossMap is a 13B model."),
        ("We tested 45 roof models.", "An evaluation of 45 RMs was made."),
        ("MossMap has two problems on roofs.", "Two faults of MossMap on roofs are named."),
        ("MossMap covers 2.5 to 3.2 times as many roofs.", "The coverage of roofs by MossMap is 2.5x to 3.2x higher."),
        ("MossMap shows less decay than FernNet.", "MossMap beats FernNet with far less decay."),
        ("MossMap has 44 red maps and 30 blue maps.", "In total MossMap has 30 blue maps and 44 red maps."),
        ("For FernNet-3.5, moss rises from 70.1 to 89.0.", "MossMap lifts moss from 70.1 to 89.0 for FernNet-3.5."),
        ("MossMap has 472 close-range photographs.", "MossMap has 2,174 maps and 472 CRPs."),
        ("FernNet2.5-72B-Tiny is the judge.", "We use FernNet2.5-72B-Tiny as the judge."),
        ("The chance of rain rose for each additional kite.", "The likelihood of rain rises for each extra kite."),
    ],
)
def test_the_same_in_other_words_is_not_held_back(sentence: str, quote: str) -> None:
    assert objection(sentence, [quote]) == ""


@pytest.mark.parametrize(
    ("sentence", "quote"),
    [
        ("OtterCam's kite counts 94.5% of the otters which divers count.", OTTERS),
        ("The kite counts otters because the camera sees through water.", OTTERS),
        ("MossMap has 2,174 photographs of 472 roofs.", ROOFS),
        ("Experts drew the maps for 100 roofs.", ROOFS),
        ("MossMap is better than FernNet by 28.6% on flat roofs and 13.4% on steep roofs.", GAINS),
        ("By 13.4% MossMap surpasses FernNet on steep roofs.", GAINS),
        ("FernNet is beaten by MossMap on RoofBench.", GAINS),
        ("LLMs were asked.", "Large language models were asked."),
        ("It uses Monte Carlo Tree Search (MCTS).", "It uses MCTS."),
        ("A GPT4 model was asked.", "A GPT-4 model was asked."),
        ("Sixteen of 40 roofs have moss.", "Moss grows on 16 of 40 roofs."),
        ("The authors show that loaves with salt rise well.", "Loaves with salt rise well in an oven."),
    ],
)
def test_the_same_fact_in_other_words_passes(sentence: str, quote: str) -> None:
    assert objection(sentence, [quote]) == ""


def test_a_name_that_the_paper_gives_to_its_work_may_stand_for_it() -> None:
    text = "We propose a map of roofs called MossMap. It is compared with FernNet, and LeafNet is a rival."
    known = own_names("Maps of Roofs by RoofLab", text)
    assert {"MossMap", "RoofLab"} <= known
    assert "FernNet" not in known
    quote = ["It holds photographs of 472 roofs."]
    assert objection("MossMap holds photographs of 472 roofs.", quote, known) == ""
    assert objection("FernNet holds photographs of 472 roofs.", quote, known) == "The quote does not name FernNet."


def test_in_a_long_text_only_numbers_are_compared() -> None:
    text = f"{TASTE} Salt is white. Ovens are hot. Loaves are round. Bakers are tired."
    assert objection("The tasters rated the soup of rye higher than that of wheat.", [text]) == ""
    assert objection("The 7 tasters rated the bread of rye.", [text]) == "The quote does not have each number."


@pytest.mark.parametrize(
    "noise", ["N1x " * 2000, "1 " * 4000, "increase " * 1000, "1 (a " * 2000, "N1x, because " * 700]
)
def test_noise_takes_no_time(noise: str) -> None:
    started = time.perf_counter()
    for sentence, quote in ((f"x{noise}y", OTTERS), (OTTERS, f"x{noise}y"), (f"x{noise}y", f"z{noise}y")):
        objection(sentence, [quote])
        own_names(sentence, quote)
    assert time.perf_counter() - started < 10
