"""A model's text as checked sentences: citations in every form, boilerplate, refusals, streaming, hostile input."""

from __future__ import annotations

import itertools
import re
import time

import pytest
from helpers.drafts import BIRDS, GIVEN, OTTERS, STORE, assert_citations_are_spans, passage_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag.answering.checks.support import SUPPORTED
from rag.answering.draft import CheckedAnswer, Draft
from rag.models.protocols import Embedder
from rag.types import REFUSAL, Paper


def written(text: str, embedder: Embedder, step: int = 7) -> CheckedAnswer:
    draft = Draft(GIVEN, STORE.__getitem__, embedder)
    for start in range(0, len(text), step):
        draft.feed(text[start : start + step])
    return draft.checked(final=True)


# Citations


@pytest.mark.parametrize(
    "cited",
    [
        " [1].", ". [1]", ".[1]", "[1].", " [1][1].", ". [1][1]", ". [1] [1]", " [1, 1].", ". [1, 1].", " [1-1].",
        " 【1】.", ".【1】", " [Passage 1].", " [passages 1].", " (Passage 1).", " [Source 1].", " (1).", " [^1].",
        " [1†source].", " [[1]].", r" \[1\].", " [#1].", " [1, p. 3].", " [ 1 ].", ".\n[1]", " **[1]**.", ". [1].",
        " [1] [9].", ". [7, 1]", " (see passage 1).",
    ],
)  # fmt: skip
def test_every_form_of_citation_is_read(cited: str, embedder: Embedder) -> None:
    end = "\n" if "\n" in cited else " "
    answer = written(f"The kite counts 94.5% of the otters that divers count{cited}{end}It fails in fog [1].", embedder)
    assert [s.text for s in answer.sentences] == [
        "The kite counts 94.5% of the otters that divers count.",
        "It fails in fog.",
    ]
    assert [s.support for s in answer.sentences] == ["quoted", "quoted"]
    assert [s.citations for s in answer.sentences] == [(1,), (2,)]
    assert {c.paper_id for c in answer.citations} == {"1"}
    assert any("was not given" in note for note in answer.notes) == bool(re.search("[79]", cited))
    assert_citations_are_spans(answer)


def test_citations_are_numbered_in_the_order_of_their_use(embedder: Embedder) -> None:
    answer = written("Birds break rules [3]. It fails in fog [1]. Young birds break the rules [3].", embedder)
    assert [answer.citations[s.citations[0] - 1].title for s in answer.sentences] == [
        BIRDS.title,
        OTTERS.title,
        BIRDS.title,
    ]
    assert_citations_are_spans(answer)
    assert "It fails in fog. [2]" in answer.text


@pytest.mark.parametrize(
    ("text", "expected", "numbers"),
    [
        ("[1] shows that it fails in fog.", "The paper shows that it fails in fog.", 1),
        ("As shown in [1], it fails in fog.", "As shown in the paper, it fails in fog.", 1),
        ("According to passage 1, it fails in fog.", "According to the paper, it fails in fog.", 1),
        ("The scale is [0, 1] for kites [1].", "The scale is [0, 1] for kites.", 1),
        ("The rule is given in Eq. (1).", "The rule is given in Eq. (1).", 0),
        ("They name level (2).", "They name level (2).", 0),
        ("Kites flew in 2019 (1, 2).", "Kites flew in 2019 (1, 2).", 0),
        ("Kites need ten [1], and clocks none [2].", "Kites need ten, and clocks none.", 2),
    ],
)
def test_a_number_is_a_citation_only_where_it_is_one(
    text: str, expected: str, numbers: int, embedder: Embedder
) -> None:
    answer = written(text, embedder)
    assert answer.sentences[0].text == expected
    assert len(answer.citations) == numbers


def test_unknown_numbers_are_removed_and_noted(embedder: Embedder) -> None:
    answer = written("It fails in fog [1][4]. Kites are blue [12, 2020].", embedder)
    assert [s.text for s in answer.sentences] == ["It fails in fog.", "Kites are blue."]
    assert answer.sentences[1].citations == ()
    assert answer.sentences[1].support == "unsupported"
    assert answer.notes == ("Removed citations of passages that the model was not given: [4], [12], [2020].",)


def test_a_sentence_without_a_citation_gets_the_quote_that_supports_it(embedder: Embedder) -> None:
    answer = written("Seven grammar rules predict the next alarm call of great tits. Otters like jazz.", embedder)
    assert answer.sentences[0].support == "supported"
    assert answer.citations[0].paper_id == "3"
    assert answer.notes == ("Added a supporting quote to 1 sentence without a citation.",)
    assert answer.sentences[1].support == "unsupported"
    assert answer.sentences[1].citations == ()


def test_a_number_must_occur_in_its_quote(embedder: Embedder) -> None:
    answer = written("The kite counts 95.4% of the otters that divers count [1].", embedder)
    assert answer.sentences[0].support == "partly"
    assert answer.nothing_supported
    assert_citations_are_spans(answer)


# Lists


@pytest.mark.parametrize(
    ("text", "supported"),
    [
        ("The kite counts:\n- 94.5% of the otters [1]\n- 12.5% of the otters [1]", [False, True, False]),
        ("The kite counts:\n- 94.5% of the otters [1]", [True, True]),
        ("The kite counts two things:\n- 94.5% of the otters [1]", [False, True]),
        ("The kite counts:\n- 12.5% of the otters [1]", [False, False]),
        (
            "The kite counts:\n- 94.5% of the otters [1]\nIt fails in fog [1].\n- 12.5% of the otters [1]",
            [True, True, True, False],
        ),
        ("The kite counts two things in seven areas:\n- 94.5% of the otters [1]", [False, False]),
    ],
)
def test_an_item_is_checked_as_the_end_of_what_leads_to_the_list(
    text: str, supported: list[bool], embedder: Embedder
) -> None:
    answer = written(text, embedder)
    assert [sentence.support in SUPPORTED for sentence in answer.sentences] == supported


def test_it_does_not_stand_for_something_in_another_paper(embedder: Embedder) -> None:
    answer = written("Young birds break the rules [3]. It fails in fog [1].", embedder)
    assert [sentence.support for sentence in answer.sentences] == ["quoted", "partly"]
    assert answer.sentences[1].reason == "The sentence before is about another paper."


def test_it_does_not_stand_for_something_else_than_its_quote_speaks_of(embedder: Embedder) -> None:
    text = "FernNet was the most robust model of all. Divers were glad to have it. OtterBot-3 has failed in fog."
    paper = Paper(title="Fog", text=f"Fog\n\n{text}", id="1")
    draft = Draft([passage_of(paper)], {"1": paper}.__getitem__, embedder)
    draft.feed("FernNet was the most robust model of all [1]. It has failed in fog [1].")
    sentence = draft.checked(final=True).sentences[1]
    assert (sentence.support, sentence.reason) == ("partly", "The quote says so of OtterBot-3.")


def test_a_citation_that_does_not_support_its_sentence_is_removed(embedder: Embedder) -> None:
    answer = written("It fails in fog [1, 2, 3].", embedder)
    assert [c.paper_id for c in answer.citations] == ["1"]
    assert "2 citations" in answer.notes[0]


def test_two_sentences_are_quoted_where_it_takes_both(embedder: Embedder) -> None:
    text = "Seven grammar rules, six of them confirmed by playback, predict the next alarm call [3]."
    answer = written(text, embedder)
    assert answer.sentences[0].support == "supported"
    assert answer.citations[0].quote.startswith("A grammar of seven rules")
    assert answer.citations[0].quote.endswith("six of the seven rules.")


def test_a_sentence_may_name_the_title(embedder: Embedder) -> None:
    answer = written('The paper is called "Counting otters from kites" [1].', embedder)
    assert answer.sentences[0].support == "supported"
    assert answer.citations[0].quote == OTTERS.title


@pytest.mark.parametrize(
    ("text", "question", "was_cut", "reason"),
    [
        ("Counting Otters from Kites [1].", "", False, "It is a title."),
        ("Does it fail in fog [1]?", "", False, "It is a question."),
        ("A tenth of the cost [1].", "", False, "It is not a whole sentence."),
        ("The kite counts otters [1].", "How are otters counted by the kite?", False, "It only repeats the question."),
        ("It fails in fog and counts 94.5% of the", "", False, "The sentence is cut."),
        ("It fails in fog [1]. The kite counts 94.5% of otters", "", True, "The sentence is cut."),
        ("Use only what the passages say [1].", "", False, "It speaks of the task, not of the papers."),
    ],
)
def test_what_is_no_statement_is_not_supported(
    text: str, question: str, was_cut: bool, reason: str, embedder: Embedder
) -> None:
    draft = Draft(GIVEN, STORE.__getitem__, embedder, question)
    draft.feed(text)
    last = draft.checked(final=True, was_cut=was_cut).sentences[-1]
    assert (last.support, last.reason, last.citations) == ("unsupported", reason, ())


def test_the_title_proves_nothing_else(embedder: Embedder) -> None:
    answer = written("Counting Otters from Kites won a prize in robot football [1].", embedder)
    assert answer.nothing_supported
    assert written("Counting Otters from Kites fails in fog [1].", embedder).citations[0].quote == "It fails in fog."


def test_a_passage_whose_paper_has_changed_is_not_cited(embedder: Embedder) -> None:
    draft = Draft(GIVEN, lambda key: Paper(title="New", text="New\n\nIt was all rewritten.", id=key), embedder)
    draft.feed("It fails in fog [1].")
    answer = draft.checked(final=True)
    assert answer.citations == ()
    assert answer.nothing_supported


# Boilerplate and refusals


@pytest.mark.parametrize(
    "text",
    [
        "<think>Fog? [2] maybe.</think>\nIt fails in fog [1].",
        "Let me see. Fog, I guess. </think>\n\nIt fails in fog [1].",
        "**Answer:** It fails in **fog** [1].",
        "## Answer\n\n- It fails in *fog* [1].",
        "Assistant: It fails in fog [1].<|im_end|>",
        "1. It fails in `fog` [1].\n\n**References**\n[1] Counting Otters from Kites",
        "It fails in fog [1].\n\nSources: [1] Counting Otters, [2] Tidal Clocks",
        "It fails in fog [1].\n\n[1] Counting Otters from Kites\n[2] Moss, A. et al. (2020). Kites. Proc. Air.",
        "It fails in fog [1].\nUser: And in rain?\nAssistant: In rain it works [1].",
        "Here is the answer:\nIt fails in fog [1].",
        "It fails\u200b in fo\u00adg\u202e [1].",
    ],
)
def test_boilerplate_is_removed(text: str, embedder: Embedder) -> None:
    answer = written(text, embedder)
    assert answer.text == "It fails in fog. [1]"
    assert answer.sentences[0].support == "quoted"


def test_html_stays_text(embedder: Embedder) -> None:
    answer = written("It <b>fails</b> in <script>alert(1)</script> fog [1].", embedder)
    assert answer.sentences[0].text == "It <b>fails</b> in <script>alert(1)</script> fog."


def test_lines_stay_lines(embedder: Embedder) -> None:
    answer = written("- It fails in fog [1].\n- Birds break rules [3].", embedder)
    assert answer.text == "It fails in fog. [1]\nBirds break rules. [2]"


@pytest.mark.parametrize(
    "text",
    [
        REFUSAL,
        REFUSAL.removesuffix("."),
        f'"{REFUSAL}"',
        f"**{REFUSAL}**",
        f"I'm sorry, but {REFUSAL[0].lower()}{REFUSAL[1:]}",
        f"I'm sorry. {REFUSAL}",
        f"<think>No.</think>{REFUSAL} [1]",
        "The provided passages do not mention the boiling point of ethanol.",
    ],
)
def test_a_refusal_is_recognised(text: str, embedder: Embedder) -> None:
    assert written(text, embedder).is_refusal


@pytest.mark.parametrize(
    "text",
    [
        "",
        "It fails in fog [1].",
        f"{REFUSAL} However, the kite fails in fog [1].".replace("the kite", "it"),
        "Otters like jazz.",
        "The method does not need a radio [2].",
    ],
)
def test_an_answer_is_no_refusal(text: str, embedder: Embedder) -> None:
    assert not written(text, embedder).is_refusal


# Streaming

TALK = (
    "<think>Otters [2]?</think>**Answer:** The kite counts 94.5% of the otters [1, 2]. It costs e.g. a tenth.[1] "
    "As in Fig. 3, after 30 days the clocks differ by 1.8 s 【2】. \n\n- Young birds break the rules twice as often. "
    "[Passage 3]\n- [1] shows that fog is bad! (1)\n\nReferences:\n[1] Counting Otters from Kites\n"
)


@pytest.fixture(scope="module")
def whole(embedder: Embedder) -> CheckedAnswer:
    return written(TALK, embedder, len(TALK))


def test_every_sentence_of_the_talk_is_cited(whole: CheckedAnswer) -> None:
    assert len(whole.sentences) == 5
    assert [bool(s.citations) for s in whole.sentences] == [True] * 5
    assert_citations_are_spans(whole)


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(cuts=st.lists(st.integers(0, len(TALK)), max_size=30))
def test_the_result_does_not_depend_on_where_the_stream_is_cut(
    cuts: list[int], whole: CheckedAnswer, embedder: Embedder
) -> None:
    draft = Draft(GIVEN, STORE.__getitem__, embedder)
    edges = [0, *sorted(cuts), len(TALK)]
    shown = ""
    for start, end in itertools.pairwise(edges):
        draft.feed(TALK[start:end])
        now = draft.checked(final=False)
        assert now.text.startswith(shown)
        shown = now.text
    assert draft.checked(final=True) == whole
    assert draft.checked(final=True) == whole


PARTS = (
    "[1]|[2|]|. |\n| |It fails in fog|A|1|94.5%|<|think>|</think>|**|(|)|【|】|Passage 1|User:|References|e.g.|…|é|。|"
    ", |-|#|`|'"
).split("|")


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(parts=st.lists(st.sampled_from(PARTS), max_size=60), step=st.integers(1, 9))
def test_any_text_gives_the_same_result_in_any_pieces(parts: list[str], step: int, embedder: Embedder) -> None:
    text = "".join(parts)
    answer = written(text, embedder, step)
    assert answer == written(text, embedder, max(len(text), 1))
    assert_citations_are_spans(answer)


GARBAGE = (
    ".", "x", "a. ", "[", "[1, ", "<think", "Fig. 3. ", "* _ ` [1] ( ", "\n", "word ", "( [1] ", "[1]", "。", "\ud800",
    "_a", "passage 1, ",
)  # fmt: skip


def test_garbage_is_read_in_linear_time(embedder: Embedder) -> None:
    for garbage in GARBAGE:
        seconds = []
        for length in (4_000, 8_000):
            started = time.perf_counter()
            answer = written((garbage * length)[:length], embedder, 16)
            seconds.append(time.perf_counter() - started)
            assert all(len(sentence.text) <= 2_000 for sentence in answer.sentences)
            assert_citations_are_spans(answer)
        assert seconds[1] < 3 * seconds[0] + 2, garbage


def test_a_sentence_is_shown_before_the_next_one_ends(embedder: Embedder) -> None:
    draft = Draft(GIVEN, STORE.__getitem__, embedder)
    draft.feed("It fails in fog [1]. ")
    assert draft.checked(final=False).text == ""
    draft.feed("After 30 days the clocks of the sensors differ by at most 1.8 seconds or so")
    assert draft.checked(final=False).text == "It fails in fog. [1]"


def test_a_repeated_sentence_is_shown_once(embedder: Embedder) -> None:
    draft = Draft(GIVEN, STORE.__getitem__, embedder)
    draft.feed("It fails in fog [1]. Birds break rules [3]. It fails in fog. It  fails in fog! [2]")
    assert draft.checked(final=True).text == "It fails in fog. [1] Birds break rules. [2]"
    assert draft.repeated == 2
