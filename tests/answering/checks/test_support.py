"""The check of a sentence against its quotes: what is quoted, supported, held back, and how the check is fitted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from helpers.papers import PAPERS

from eval.fit.support import best_threshold, fit_support
from rag.answering.checks.support import SUPPORT_FEATURES, Support, agrees, support, support_features
from rag.models.protocols import Embedder, TokenVectors
from rag.models.weights import load_weights

OTTERS, TIDES, BIRDS = PAPERS.values()
RESTARTS = (
    "We show that warm restarts reduce the training time of transformers by a third. Smaller batch sizes improve "
    "accuracy. The method does not need a learning rate schedule."
)
REWARDS = (
    r"We introduce RePair, a training scheme. On NQ and TriviaQA it raises exact match from 41.2 to 46.8. It was "
    r"trained for 1,200 steps and hallucinates 34.0\% less."
)


@pytest.mark.parametrize(
    ("sentence", "quote"),
    [
        ("The kite counts 94.5% of the otters that divers count", OTTERS),
        ("  “it fails\n in FOG!” ", OTTERS),
        ("hallucinates 34.0% less", REWARDS),
        ('The na\\"ive bound', "The naïve bound holds."),
    ],
)
def test_a_sentence_that_occurs_in_a_quote_is_quoted(sentence: str, quote: str, embedder: Embedder) -> None:
    assert support(sentence, [TIDES, quote], embedder) == Support("quoted", 1.0)


def test_a_quote_must_end_at_a_word_boundary(embedder: Embedder) -> None:
    assert support("The method needs a tide of 4", [TIDES], embedder).label != "quoted"


@pytest.mark.parametrize(
    ("sentence", "quote"),
    [
        ("A camera on a kite finds 94.5% of the otters that divers count.", OTTERS),
        ("Otters can be counted with a camera kite at a tenth of the cost.", OTTERS),
        ("The clocks of the sensors are at most 1.8 seconds apart after 30 days.", TIDES),
        ("Underwater sensors agree on a clock by reading the tide, without radio.", TIDES),
        ("Adults break the rules half as often as young birds.", BIRDS),
        ("Seven grammar rules predict the next alarm call of great tits.", BIRDS),
        ("Transformers train in a third less time with warm restarts.", RESTARTS),
        ("No learning rate schedule is needed.", RESTARTS),
        ("With RePair models hallucinate 34% less.", REWARDS),
        ("Yes, with RePair models hallucinate 34% less.", REWARDS),
        ("No, adults break the rules half as often as young birds.", BIRDS),
    ],
)
def test_a_right_paraphrase_is_supported(sentence: str, quote: str, embedder: Embedder) -> None:
    assert support(sentence, [quote], embedder).label == "supported"


@pytest.mark.parametrize(
    ("sentence", "quote"),
    [
        ("The kite counts 95.4% of the otters that divers count.", OTTERS),
        ("After 60 days the clocks differ by 1.8 seconds at most.", TIDES),
        ("Playback experiments confirm 5 of the 7 rules.", BIRDS),
        ("On NQ and TriviaQA RePair raises exact match from 41.2 to 48.6.", REWARDS),
        ("The sensors drift apart for four days.", "The sensors drift apart for two days."),
        ("The score changes by -4.2 points.", "The score changes by 4.2 points."),
        ("The score changes by 4.2 points.", "The score changes by −4.2 points."),
        ("The list holds 5 million words.", "The list holds 5 billion words."),
        ("A query takes 5 ms.", "A query takes 5 s."),
    ],
)
def test_a_changed_number_is_partly_supported_at_most(sentence: str, quote: str, embedder: Embedder) -> None:
    found = support(sentence, [quote], embedder)
    assert found.label == "partly"
    assert found.probability > load_weights().support.supported_above


@pytest.mark.parametrize(
    ("sentence", "quote"),
    [
        ("The kite does not count 94.5% of the otters that divers count.", OTTERS),
        ("The method doesn't need a tide of 40 cm or more.", TIDES),
        ("A grammar of seven rules never predicts which call follows another.", BIRDS),
        ("Warm restarts do not reduce the training time of transformers.", RESTARTS),
        ("The method needs a learning rate schedule.", RESTARTS),
        ("Increasing the rank helped.", "Increasing the rank did not help."),
        ("The kite fails to find otters in fog.", "The kite finds otters in fog."),
        ("The kite hardly finds otters in fog.", "The kite finds otters in fog."),
        ("The kite finds otters in fog.", "The kite barely finds otters in fog."),
        ("It is impossible to count otters from a kite.", "It is possible to count otters from a kite."),
        ("The kite finds otters in fog.", "The kite is unable to find otters in fog."),
        ("The kite lacks a camera.", "The kite has a camera."),
        ("The kite cannot do without a paid licence.", "The kite is released as it is, without a paid licence."),
        (
            "The maps do not generalize across rivers.",
            "The maps show strong cross-river generalization. The note on the maps names neither rivers nor scores.",
        ),
    ],
)
def test_a_negation_on_one_side_is_not_supported(sentence: str, quote: str, embedder: Embedder) -> None:
    assert support(sentence, [quote], embedder).label in ("partly", "unsupported")


def test_an_opposite_is_less_probable_than_a_synonym(embedder: Embedder) -> None:
    right = support("Warm restarts lower the training time of transformers by a third.", [RESTARTS], embedder)
    wrong = support("Warm restarts increase the training time of transformers by a third.", [RESTARTS], embedder)
    assert right.label == "supported"
    assert wrong.label != "supported"
    assert right.probability - wrong.probability > 0.2


@pytest.mark.parametrize(
    ("sentence", "quote"),
    [
        ("Fern-Mix increases forgetting.", "Fern-Mix reduces forgetting."),
        ("Fern-Mix increases forgetting.", "We show that Fern-Mix improves accuracy and reduces forgetting by half."),
        ("Fern-Mix increases forgetting.", "Fern-Mix, a mix of adapters, reduces forgetting. It increases accuracy."),
        ("Shade reduces moss growth on roofs.", "Shade increases moss growth on roofs."),
        ("Larger batches hurt accuracy.", "Larger batches improve accuracy."),
    ],
)
def test_the_other_direction_is_not_supported(sentence: str, quote: str, embedder: Embedder) -> None:
    assert support(sentence, [quote], embedder).label in ("partly", "unsupported")


@pytest.mark.parametrize(
    ("sentence", "quote"),
    [
        ("It raises exact match from 46.8 to 41.2.", REWARDS),
        ("Exact match rises to 41.2 from 46.8.", REWARDS),
        ("Exact match rises: 46.8 → 41.2.", REWARDS),
        ("Fern outperforms Moss.", "Moss outperforms Fern."),
        ("Fern beats Moss on all seven tasks.", "Moss outperforms Fern on all seven tasks."),
        ("Moss is outperformed by Fern.", "Moss outperforms Fern."),
        ("Fern is better than Moss.", "Moss is better than Fern."),
    ],
)
def test_a_reversed_relation_is_partly_supported_at_most(sentence: str, quote: str, embedder: Embedder) -> None:
    found = support(sentence, [quote], embedder)
    assert found.label == "partly"
    assert found.probability > load_weights().support.supported_above


@pytest.mark.parametrize(
    ("sentence", "quote"),
    [
        ("The sensors drift apart for two days.", "The sensors drift apart for 48 hours before they are reset."),
        ("The list holds 5 million words.", "The list is of 5,000,000 words."),
        ("The model has 7 billion parameters.", "We train a model of 7B parameters."),
        ("Twelve rivers were flown over.", "We flew over 12 rivers."),
        ("Raising the rank helps.", "Increasing the rank helped."),
        ("The kite does not find otters in fog.", "The kite fails to find otters in fog."),
        ("It not only counts otters but also beavers.", "It counts otters and also beavers."),
        ("It raises exact match from 41.2 to 46.8.", "Exact match rises to 46.8 from 41.2."),
        ("Fern outperforms Moss.", "Moss is outperformed by Fern on all tasks."),
        ("Fern is better than Moss.", "On every task, Fern outperforms Moss."),
        ("Fern improves by 5% over Moss.", "Fern improves over Moss by 5%."),
        ("Fern-Mix reduces forgetting.", "We show that Fern-Mix improves accuracy and reduces forgetting by half."),
        ("Fern raises the scores of Moss.", "The scores of Moss rise with Fern."),
    ],
)
def test_a_right_sentence_in_other_words_is_supported(sentence: str, quote: str, embedder: Embedder) -> None:
    assert support(sentence, [quote], embedder).label == "supported"


@pytest.mark.parametrize(
    ("sentence", "quote"),
    [
        ("A kite \ud800finds\x00 otters.", "A kite finds otters."),
        ("A kite finds otters.", "\x00A kite\udfff finds otters."),
    ],
)
def test_unreadable_characters_are_ignored(sentence: str, quote: str, embedder: Embedder) -> None:
    assert support(sentence, [quote], embedder).label == "quoted"
    assert support(f"{sentence} Often.", [quote], embedder).probability < 1


@pytest.mark.parametrize(
    "noise", [" ." * 4000, "." * 9000, "{" * 9000, "N1x " * 2000, "increase " * 1000, "1,111" * 1900]
)
def test_noise_is_not_supported(noise: str, embedder: Embedder) -> None:
    for sentence, quote in (("x" + noise + " y", OTTERS), (OTTERS, "x" + noise + " y")):
        assert support(sentence, [quote], embedder).label in ("partly", "unsupported")


def test_a_sentence_too_long_to_be_read_is_unsupported(embedder: Embedder) -> None:
    assert support("9" * 20_000, ["9" * 20_001], embedder) == Support("unsupported", 0.0)


class CountingEmbedder:
    """Count the texts of each call of `token_vectors`."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self.counts: list[int] = []

    def token_vectors(self, texts: Sequence[str]) -> list[TokenVectors]:
        self.counts.append(len(texts))
        return self._embedder.token_vectors(texts)


def test_of_many_quotes_those_that_share_words_are_compared(embedder: Embedder) -> None:
    counting: Any = CountingEmbedder(embedder)
    quotes = [f"Reed {number} stands in water. " * 80 for number in range(100)]
    quotes[70:70] = [BIRDS]
    assert support("Seven grammar rules predict the next alarm call of great tits.", quotes, counting).label != "quoted"
    assert counting.counts == [1 + 60]
    features = support_features("Great tits break the seven rules.", quotes, embedder)
    assert features[SUPPORT_FEATURES.index("words")] == 1


@pytest.mark.parametrize(
    ("sentence", "quote"),
    [
        ("Otters sleep in dens that are lined with moss.", OTTERS),
        ("The detector was trained on satellite images of beavers.", OTTERS),
        ("Great tits learn their songs from their fathers.", BIRDS),
        ("RePair was evaluated on HotpotQA with GPT-4.", REWARDS),
    ],
)
def test_an_invented_sentence_is_not_supported(sentence: str, quote: str, embedder: Embedder) -> None:
    assert support(sentence, [quote], embedder).label in ("partly", "unsupported")


@pytest.mark.parametrize("quote", [OTTERS, BIRDS, REWARDS])
def test_a_sentence_about_another_paper_is_unsupported(quote: str, embedder: Embedder) -> None:
    assert (
        support("Underwater sensors agree on a clock by the tide, without radio.", [quote], embedder).label
        == "unsupported"
    )


@pytest.mark.parametrize(
    ("sentence", "quotes"), [("", [OTTERS]), (" … ", [OTTERS]), ("It fails.", []), ("It fails.", ["", "—"])]
)
def test_without_words_or_quotes_nothing_is_supported(sentence: str, quotes: list[str], embedder: Embedder) -> None:
    assert support(sentence, quotes, embedder) == Support("unsupported", 0.0)


@pytest.mark.parametrize(
    ("sentence", "quote", "feature", "value"),
    [
        ("It ran for 1200 steps.", "1,200 steps were run.", "numbers", 1.0),
        ("It has 34% of 2 parts.", r"Two parts have 34.0\%.", "numbers", 1.0),
        ("Of 0.5 and 7, p53 and GPT-4.", "Half is .5 of GPT4.", "numbers", 2 / 3),
        ("It took four days.", "It took 2 days.", "numbers", 0.0),
        ("It took 40 cm and 2 weeks.", "0.4 m, fourteen days.", "numbers", 1.0),
        ("It took 40 cm, 40 of them.", "40 km.", "numbers", 1 / 2),
        ("Twenty-one of two hundred.", "21 of 200.", "numbers", 1.0),
        ("It is -4.2, not 3-4.", "It is 4.2 of 3 to 4.", "numbers", 2 / 3),
        ("In the 1990s one was read.", "1990", "numbers", 1.0),
        ("BERT and RoBERTa read.", "We read with BERT alone.", "names", 0.5),
        ("Moss grows in shade.", "Moss grows in shadow. It rains.", "quote_length", np.log(2)),
        ("Shade increases moss growth.", "Less moss stands in shade.", "other_direction", 1.0),
        ("Shade increases moss.", "More moss stands in shade.", "other_direction", 0.0),
        ("Shade increases moss.", "Shade did not increase moss.", "same_direction", 0.0),
        ("Moss doesn’t grow.", "Moss may grow.", "negated", 1.0),
        ("Moss does not grow.", "Moss never grows.", "negated", 0.0),
        ("Moss may grow here.", "Moss cannot grow here.", "denied", 1.0),
        ("Moss helped.", "Moss did not help.", "denied", 1.0),
        ("Moss grows.", "Moss does not only grow.", "denied", 0.0),
        ("Moss spread from 3 to 4 roofs.", "It fell from 4 to 3.", "denied", 1.0),
        ("Moss spread from 3 to 4 roofs.", "It fell from 4 to 3 and rose from 3 to 4.", "denied", 0.0),
        ("Shade reduces the noise.", "Shade gives more noise, and less light.", "denied", 1.0),
        ("Shade reduces the noise.", "Shade gives more light than noise.", "denied", 0.0),
        ("Shade reduces the noise.", "Less noise is in shade, more noise in the sun.", "denied", 0.0),
        ("A Moss outgrows and beats a Fern.", "A Fern beats a Moss.", "denied", 1.0),
        ("A Moss outgrows and beats a Fern.", "A Fern is beaten by a Moss.", "denied", 0.0),
        ("Moss may grow here.", "Moss cannot grow there. Here it may grow. Moss is green.", "denied", 0.0),
    ],
)  # fmt: skip
def test_the_value_of_each_feature(sentence: str, quote: str, feature: str, value: float, embedder: Embedder) -> None:
    found = support_features(sentence, [quote], embedder)[SUPPORT_FEATURES.index(feature)]
    assert found == pytest.approx(value)


def test_a_sentence_fully_matches_itself(embedder: Embedder) -> None:
    features = support_features("Otters swim in cold rivers.", ["Otters swim in cold rivers."], embedder)
    assert features[:5] == pytest.approx([1, 1, 1, 1, 1], abs=1e-3)


def test_token_vectors_have_length_one_and_the_spans_of_their_tokens(embedder: Embedder) -> None:
    short, long = embedder.token_vectors(["Otters swim.", "word " * 1000])
    assert [("Otters swim.")[a:b] for a, b in short.spans] == ["Otter", "s", "swim", "."]
    assert np.linalg.norm(short.vectors, axis=1) == pytest.approx(np.ones(4), abs=1e-5)
    assert len(long.vectors) == len(long.spans) == embedder.card.max_tokens - 2


def test_the_shipped_weights_are_of_these_features() -> None:
    weights = load_weights().support
    assert weights.model.features == SUPPORT_FEATURES
    assert 0 < weights.partly_above < weights.supported_above < 1


def test_the_threshold_is_where_balanced_accuracy_is_best() -> None:
    values = np.array([0.1, 0.2, 0.3, 0.6, 0.7, 0.8, 0.9])
    assert best_threshold(values, values > 0.5) == 0.6


def pairs(labels: tuple[str, ...] = ("SUPPORT", "CONTRADICT", "NOT_ENOUGH_INFO")) -> list[dict[str, Any]]:
    """Claims about plants, and each label's abstract."""
    abstracts = {"SUPPORT": "{} is green in spring.", "CONTRADICT": "{} is not green.", "NOT_ENOUGH_INFO": "{} is wet."}
    return [
        {
            "claim_id": number,
            "claim": f"In spring {plant} is green.",
            "label": label,
            "abstract_sentences": ["We looked at plants.", abstracts[label].format(plant)],
            "evidence_sentences": [] if label == "NOT_ENOUGH_INFO" else [abstracts[label].format(plant)],
        }
        for number, plant in enumerate(["Moss", "Fern", "Ivy", "Reed", "Hazel", "Clover", "Birch", "Heather"])
        for label in labels
    ]


@pytest.mark.slow
def test_a_small_fit_separates_the_labels_and_is_deterministic(
    embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("eval.fit.support.RESAMPLES", 50)
    kept = pairs(("SUPPORT", "CONTRADICT"))
    (weights, scores), again = (fit_support(pairs(), kept, embedder) for _ in range(2))
    assert again[1] == scores
    assert again[0].model.as_dict() == weights.model.as_dict()
    assert scores["cross-validated"]["pairs"] == 24
    assert scores["cross-validated"]["AUROC"] == {"mean": 1.0, "low": 1.0, "high": 1.0}
    assert scores["kept"]["balanced accuracy"] == {"mean": 1.0, "low": 1.0, "high": 1.0}


def test_numbers_negations_and_directions_limit_the_support() -> None:
    agreeing: dict[str, float] = dict.fromkeys(SUPPORT_FEATURES, 1.0) | {"turned": -0.5, "negated": 0, "denied": 0}
    opposite: dict[str, float] = {"other_direction": 0.6, "same_direction": 0.5}
    changed: list[dict[str, float]] = [
        {},
        {"numbers": 0.5},
        {"negated": 1},
        {"denied": 1},
        opposite,
        opposite | {"turned": 0},
    ]
    rows = np.array([list((agreeing | each).values()) for each in changed], np.float64)
    assert agrees(rows).tolist() == [True, False, False, False, False, True]
