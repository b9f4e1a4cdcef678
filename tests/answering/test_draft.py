"""What a model wrote: its citations in every form, cut anywhere, hostile or endless; what fits; what is held back."""

from __future__ import annotations

import itertools
import random
import re
import time
from collections.abc import Iterator

import pytest
from helpers.papers import PAPERS, ROOT
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag.answering.draft import (
    Draft,
    Written,
    fewest_tokens,
    first_and_last,
    fit_prompt,
    foretold_seconds,
    most_tokens,
    was_cut,
    whole_section,
)
from rag.answering.prompts import messages
from rag.assistant import Assistant
from rag.errors import ConfigError
from rag.ingest.chunking import chunk_paper
from rag.ingest.sentences import split_sentences
from rag.models.protocols import Embedder
from rag.text.readable import readable
from rag.types import REFUSAL, Paper, Passage, Section

STORE = {
    str(number): Paper(title=title, text=f"{title}\n\n{text}", id=str(number))
    for number, (title, text) in enumerate(PAPERS.items(), 1)
}
OTTERS, TIDES, BIRDS = STORE.values()


def passage_of(paper: Paper, start: int | None = None, end: int | None = None) -> Passage:
    start = len(paper.title) + 2 if start is None else start
    end = len(paper.text) if end is None else end
    return Passage(paper.title, paper.id, 3, None, paper.text[start:end], 1.0, start, end)


GIVEN = [passage_of(paper) for paper in STORE.values()]


def written(text: str, embedder: Embedder, step: int = 7) -> Written:
    draft = Draft(GIVEN, STORE.__getitem__, embedder)
    for start in range(0, len(text), step):
        draft.feed(text[start : start + step])
    return draft.written(final=True)


def assert_spans(answer: Written, store: dict[str, Paper] = STORE) -> None:
    assert [c.number for c in answer.citations] == list(range(1, len(answer.citations) + 1))
    for citation in answer.citations:
        assert citation.quote == store[citation.paper_id].text[citation.start : citation.end]
    cited = [number for sentence in answer.sentences for number in sentence.citations]
    assert list(dict.fromkeys(cited)) == list(range(1, len(answer.citations) + 1))  # in the order of first use


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
    assert any("not given" in note for note in answer.notes) == bool(re.search("[79]", cited))
    assert_spans(answer)


def test_citations_are_numbered_in_the_order_of_their_use(embedder: Embedder) -> None:
    answer = written("Birds break rules [3]. It fails in fog [1]. Young birds break the rules [3].", embedder)
    assert [answer.citations[s.citations[0] - 1].title for s in answer.sentences] == [
        BIRDS.title,
        OTTERS.title,
        BIRDS.title,
    ]
    assert_spans(answer)
    assert "It fails in fog. [2]" in answer.text


@pytest.mark.parametrize(
    ("text", "said", "numbers"),
    [
        ("[1] shows that it fails in fog.", "The paper shows that it fails in fog.", 1),
        ("As shown in [1], it fails in fog.", "As shown in the paper, it fails in fog.", 1),
        ("According to passage 1, it fails in fog.", "According to the paper, it fails in fog.", 1),
        ("The scale is [0, 1] for kites [1].", "The scale is [0, 1] for kites.", 1),
        ("The rule is given in Eq. (1).", "The rule is given in Eq. (1).", 0),
        ("They name level (2).", "They name level (2).", 0),
        ("Kites flew in 2019 (1, 2).", "Kites flew in 2019 (1, 2).", 0),
        ("Kites cost a tenth [1], and clocks none [2].", "Kites cost a tenth, and clocks none.", 2),
    ],
)
def test_a_number_is_a_citation_only_where_it_is_one(text: str, said: str, numbers: int, embedder: Embedder) -> None:
    answer = written(text, embedder)
    assert answer.sentences[0].text == said
    assert len(answer.citations) == numbers


def test_unknown_numbers_are_removed_and_noted(embedder: Embedder) -> None:
    answer = written("It fails in fog [1][4]. Kites are blue [12, 2020].", embedder)
    assert [s.text for s in answer.sentences] == ["It fails in fog.", "Kites are blue."]
    assert answer.sentences[1].citations == ()
    assert answer.sentences[1].support == "unsupported"
    assert answer.notes == ("The model cited [4], [12], [2020], which it was not given; that was removed.",)


def test_a_sentence_without_a_citation_gets_the_quote_that_supports_it(embedder: Embedder) -> None:
    answer = written("Seven grammar rules predict the next alarm call of great tits. Otters like jazz.", embedder)
    assert answer.sentences[0].support == "supported"
    assert answer.citations[0].paper_id == "3"
    assert "without a citation" in answer.notes[0]
    assert answer.sentences[1].support == "unsupported"
    assert answer.sentences[1].citations == ()


def test_a_number_must_stand_in_its_quote(embedder: Embedder) -> None:
    answer = written("The kite counts 95.4% of the otters that divers count [1].", embedder)
    assert answer.sentences[0].support == "partly"
    assert answer.nothing_supported
    assert_spans(answer)


def test_a_useless_citation_beside_a_good_one_goes(embedder: Embedder) -> None:
    answer = written("It fails in fog [1, 2, 3].", embedder)
    assert [c.paper_id for c in answer.citations] == ["1"]
    assert "2 citations" in answer.notes[0]


def test_two_sentences_are_quoted_where_it_takes_both(embedder: Embedder) -> None:
    said = "Seven grammar rules, six of them confirmed by playback, predict the next alarm call [3]."
    answer = written(said, embedder)
    assert answer.sentences[0].support == "supported"
    assert answer.citations[0].quote.startswith("A grammar of seven rules")
    assert answer.citations[0].quote.endswith("six of the seven rules.")


@pytest.mark.parametrize(
    "said", ["Counting Otters from Kites [1].", 'The paper is called "Counting otters from kites" [1].']
)
def test_the_title_can_be_quoted(said: str, embedder: Embedder) -> None:
    answer = written(said, embedder)
    assert answer.sentences[0].support == "supported"
    assert answer.citations[0].quote == OTTERS.title


def test_the_title_proves_nothing_else(embedder: Embedder) -> None:
    answer = written("Counting Otters from Kites won a prize in robot football [1].", embedder)
    assert answer.nothing_supported
    assert written("Counting Otters from Kites fails in fog [1].", embedder).citations[0].quote == "It fails in fog."


def test_a_passage_whose_paper_has_changed_is_not_cited(embedder: Embedder) -> None:
    draft = Draft(GIVEN, lambda key: Paper(title="New", text="New\n\nIt was all rewritten.", id=key), embedder)
    draft.feed("It fails in fog [1].")
    answer = draft.written(final=True)
    assert answer.citations == ()
    assert answer.nothing_supported


# What is no sentence of the answer


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
def test_furniture_is_dropped(text: str, embedder: Embedder) -> None:
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
def test_a_refusal_is_known_again(text: str, embedder: Embedder) -> None:
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


# Pieces

TALK = (
    "<think>Otters [2]?</think>**Answer:** The kite counts 94.5% of the otters [1, 2]. It costs e.g. a tenth.[1] "
    "As in Fig. 3, after 30 days the clocks differ by 1.8 s 【2】. \n\n- Young birds break the rules twice as often. "
    "[Passage 3]\n- [1] shows that fog is bad! (1)\n\nReferences:\n[1] Counting Otters from Kites\n"
)


@pytest.fixture(scope="module")
def whole(embedder: Embedder) -> Written:
    return written(TALK, embedder, len(TALK))


def test_the_talk_is_read(whole: Written) -> None:
    assert len(whole.sentences) == 5
    assert [bool(s.citations) for s in whole.sentences] == [True] * 5
    assert_spans(whole)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(cuts=st.lists(st.integers(0, len(TALK)), max_size=30))
def test_cut_anywhere_it_is_the_same(cuts: list[int], whole: Written, embedder: Embedder) -> None:
    draft = Draft(GIVEN, STORE.__getitem__, embedder)
    edges = [0, *sorted(cuts), len(TALK)]
    shown = ""
    for start, end in itertools.pairwise(edges):
        before = len(draft.written(final=False).sentences)
        finished = draft.feed(TALK[start:end])
        now = draft.written(final=False)
        assert finished == (len(now.sentences) > before)
        assert now.text.startswith(shown)
        shown = now.text
    assert draft.written(final=True) == whole
    assert draft.written(final=True) == whole


PARTS = (
    "[1]|[2|]|. |\n| |It fails in fog|A|1|94.5%|<|think>|</think>|**|(|)|【|】|Passage 1|User:|References|e.g.|…|é|。|"
    ", |-|#|`|'"
).split("|")


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(parts=st.lists(st.sampled_from(PARTS), max_size=60), step=st.integers(1, 9))
def test_whatever_is_written_gives_the_same_in_any_pieces(parts: list[str], step: int, embedder: Embedder) -> None:
    text = "".join(parts)
    answer = written(text, embedder, step)
    assert answer == written(text, embedder, max(len(text), 1))
    assert_spans(answer)


@pytest.mark.parametrize(
    "text",
    ["." * 20_000, "x" * 20_000, "a. " * 7_000, "[" * 20_000, "[1, " * 5_000, "<think" * 3_000, "Fig. 3. " * 2_500,
     "* _ ` [1] ( " * 1_700, "\n" * 20_000, "word " * 4_000, "( [1] " * 3_000, "[1]" * 6_000, "。" * 20_000,
     "\ud800" * 20_000, "_a" * 10_000, "passage 1, " * 2_000],
)  # fmt: skip
def test_garbage_does_no_harm(text: str, embedder: Embedder) -> None:
    started = time.perf_counter()
    answer = written(text, embedder, 4)
    assert time.perf_counter() - started < 20
    assert all(len(sentence.text) <= 2_000 for sentence in answer.sentences)
    assert_spans(answer)


def test_a_sentence_is_shown_before_the_next_one_ends(embedder: Embedder) -> None:
    draft = Draft(GIVEN, STORE.__getitem__, embedder)
    assert not draft.feed("It fails in fog [1]. ")
    assert draft.unfinished == "It fails in fog."
    assert draft.feed("After 30 days the clocks of the sensors differ by at most 1.8 seconds or so")
    assert draft.written(final=False).text == "It fails in fog. [1]"
    assert draft.unfinished.startswith("After 30 days")


# Budget


@settings(max_examples=60, deadline=None)
@given(
    texts=st.lists(st.text(min_size=1, max_size=600) | st.sampled_from([t * 3 for t in PAPERS.values()]), max_size=12),
    history=st.lists(st.tuples(st.text(max_size=300), st.text(max_size=900)), max_size=6),
    context=st.integers(512, 8192),
    answer=st.integers(16, 512),
    budget=st.none() | st.floats(0, 100),
)
def test_the_context_is_never_exceeded(
    texts: list[str], history: list[tuple[str, str]], context: int, answer: int, budget: float | None
) -> None:
    passages = [Passage(t[:30], str(i), 1, None, t, 1.0, 0, len(t)) for i, t in enumerate(texts)]
    if most_tokens(messages("Who counts otters?", passages[:1], ())) > context - answer:
        with pytest.raises(ConfigError, match=r"\[ollama\] context_tokens"):
            fit_prompt("Who counts otters?", passages, history, context, answer, 0.02, budget)
        return
    fitted = fit_prompt("Who counts otters?", passages, history, context, answer, 0.02, budget)
    assert not passages or fitted.passages
    assert passages[:1] == fitted.passages[:1]
    assert fitted.tokens + answer <= context
    assert fitted.history == history[len(history) - len(fitted.history) :]
    assert fitted.messages == messages("Who counts otters?", fitted.passages, fitted.history)
    assert fewest_tokens(fitted.messages) <= fitted.tokens


def test_the_estimate_is_above_what_the_embedder_counts(embedder: Embedder) -> None:
    for path in sorted((ROOT / "eval" / "sample").glob("*.md")):
        said = [{"role": "user", "content": path.read_text(encoding="utf-8")}]
        counted = embedder.count_tokens([said[0]["content"]])[0]
        assert fewest_tokens(said) <= counted <= most_tokens(said) <= 2 * counted


def test_the_best_passages_stand_first_and_last() -> None:
    assert [p.score for p in first_and_last([Passage("", "", None, None, "", s, 0, 0) for s in range(1, 7)])] == [
        1, 3, 5, 6, 4, 2,
    ]  # fmt: skip


def test_a_budget_in_seconds_sets_how_many_passages_there_are() -> None:
    many = GIVEN * 4
    counts = [len(fit_prompt("Why?", many, (), 8192, 512, 0.05, budget).passages) for budget in (0, 30, 60, 600)]
    assert counts[0] == 1
    assert counts == sorted(counts)
    assert counts[-1] == 12
    assert foretold_seconds(1000, 0.05) == pytest.approx(50)


def test_history_is_shortened_oldest_first() -> None:
    history = [(f"Question {n}?", "Otters swim in cold rivers. " * 20) for n in range(8)]
    kept = fit_prompt("Why?", GIVEN, history, 2048, 512).history
    assert 0 < len(kept) < 8
    assert kept == history[-len(kept) :]


def test_a_context_too_small_is_an_error_that_says_what_to_set() -> None:
    with pytest.raises(ConfigError, match=r"\[ollama\] context_tokens is 512. Set it to 1,024 or more"):
        fit_prompt("Why?", GIVEN, (), 512, 256)


def test_a_passage_is_widened_to_its_section_where_there_is_room() -> None:
    start = len(OTTERS.title) + 2
    paper = Paper(OTTERS.title, OTTERS.text, "1", sections=(Section(None, start - 1, len(OTTERS.text)),))
    first, second = passage_of(paper, start, start + 32), passage_of(paper, start + 33, start + 60)

    def widen(passage: Passage) -> Passage | None:
        return whole_section(passage, paper)

    roomy = fit_prompt("Why?", [first, second], (), 4096, 256, widen=widen).passages
    assert [(p.start, p.end) for p in roomy] == [(start, len(paper.text))]
    assert roomy[0].text == paper.text[start:]
    least = most_tokens(messages("Why?", [first, second], ()))
    assert fit_prompt("Why?", [first, second], (), least + 256, 256, widen=widen).passages == [first, second]


def test_a_prompt_cut_without_a_word_is_noticed() -> None:
    fitted = fit_prompt("Why?", GIVEN, (), 4096, 256)
    assert was_cut(fitted.fewest, fitted.fewest // 2)
    assert not was_cut(fitted.fewest, (fitted.fewest + fitted.tokens) // 2)
    assert not was_cut(fitted.fewest, None)
    assert not was_cut(fitted.fewest, 0)


# How much that is wrong is held back

ANSWERS = 40
SYNONYMS = {
    "shows": "demonstrates", "show": "demonstrate", "uses": "employs", "use": "employ", "used": "employed",
    "large": "big", "however": "yet", "several": "a number of", "many": "numerous", "proposes": "puts forward",
    "propose": "put forward", "obtains": "gets", "about": "roughly", "because": "since", "answers": "responses",
    "study": "work", "evaluate": "assess", "evaluates": "assesses", "builds": "constructs", "build": "construct",
    "finds": "discovers", "find": "discover", "called": "named", "whereas": "while", "benchmark": "test set",
    "method": "approach", "improves": "raises", "reduces": "lowers", "often": "frequently", "needs": "requires",
}  # fmt: skip
OPENINGS = ("", "", "", "The authors report that ", "According to the paper, ", "It is found that ")
INVENTED = (
    "{it} was tried on {n} patients in four hospitals and halved the cost of their care.",
    "{it} was trained for {n} hours on satellite images of harbours.",
    "{it} has been downloaded by more than {n} users of mobile phones.",
    "{it} is liked better than printed textbooks by most teachers.",
    "{it} won the first prize of a yearly competition in robot football.",
    "{it} is patented and sold by a company that makes washing machines.",
)
AUXILIARY = re.compile(r"\b(is|are|was|were|can|could|has|have|does|do)\b")
PLAIN_NUMBER = re.compile(r"(?<![\w.,-])\d+(?:\.\d+)?(?![\w,-]|\.\d)")


def paraphrased(sentence: str, rng: random.Random) -> str:
    """The sentence in slightly other words: synonyms, no brackets, an opening, a last part that comes first."""
    text = re.sub(r"\s*\([^()]*\)", "", " ".join(sentence.split()))
    text = re.sub(r"\w+", lambda m: SYNONYMS.get(m[0], m[0]), text)
    parts = text.rstrip(".").rsplit(", ", 1)
    if len(parts) == 2 and re.match(r"(?:when|while|with|without|on|in|for|after|by)\b", parts[1]):
        text = f"{parts[1][0].upper()}{parts[1][1:]}, {parts[0][0].lower()}{parts[0][1:]}."
    opening = rng.choice(OPENINGS)
    common = re.match(r"(?:The|A|An|In|On|It|This|These|They|With|For|When|While|After|By|Without)\b", text)
    return opening + (text[0].lower() + text[1:] if opening and common else text)


def with_other_number(sentence: str, rng: random.Random) -> str | None:
    found = list(PLAIN_NUMBER.finditer(sentence))
    if not found:
        return None
    number = rng.choice(found)
    other = str(int(number[0]) + rng.randint(1, 9)) if number[0].isdigit() else f"{float(number[0]) + 1.3:.1f}"
    return sentence[: number.start()] + other + sentence[number.end() :]


def negated(sentence: str) -> str | None:
    found = AUXILIARY.search(sentence)
    if not found or re.search(r"\b(?:not|no|never|without|neither)\b", sentence):
        return None
    return f"{sentence[: found.end()]} not{sentence[found.end() :]}"


def said_of(kind: str, passages: list[Passage], number: int, rng: random.Random) -> tuple[str, str]:
    """A sentence on a passage, and its kind: that of another paper where the passage has none to change that way."""
    if kind == "invented":
        name = re.split("[:?!]", readable(passages[number].title))[0]
        return rng.choice(INVENTED).format(it=name, n=rng.randint(12, 900)), kind
    source = passages[(number + 1) % 3] if kind == "other paper" else passages[number]
    sentences = [source.text[a:b] for a, b in split_sentences(source.text) if 30 < b - a < 400]
    rng.shuffle(sentences)
    for sentence in sentences:
        text = paraphrased(sentence, rng)
        changed = {"number": with_other_number(text, rng), "negated": negated(text)}.get(kind, text)
        if changed is not None:
            return changed, kind
    return said_of("other paper", passages, number, rng)


def talks(sample: Assistant) -> Iterator[tuple[list[Passage], list[tuple[str, str]]]]:
    """Passages of three papers, and six sentences on them, each with what is wrong with it; two of six are wrong."""
    rng = random.Random(11)
    papers = sorted((sample.paper(paper.id) for paper in sample.papers()), key=lambda paper: paper.title)
    kinds = itertools.cycle(["number", "negated", "other paper", "invented"])
    for _ in range(ANSWERS):
        passages = []
        for paper in rng.sample(papers, 3):
            chunk = rng.choice(chunk_paper(paper, sample.library.embedder, sample.settings.chunking))
            passages.append(passage_of(paper, chunk.start, chunk.end))
        said = []
        for place in range(6):
            number = rng.randrange(3)
            text, kind = said_of(next(kinds) if place % 3 == 2 else "right", passages, number, rng)
            said.append((f"{text.rstrip('.')} [{number + 1}].", kind))
        yield passages, said


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    with Assistant.open(library=tmp_path_factory.mktemp("sample") / "library", mode="quote") as opened:
        opened.add([ROOT / "eval" / "sample"])
        yield opened


def test_wrong_sentences_are_held_back_and_right_ones_are_not(sample: Assistant) -> None:
    passed: dict[str, list[bool]] = {}
    for passages, said in talks(sample):
        draft = Draft(passages, sample.paper, sample.library.embedder)
        for word in re.findall(r"\S+\s*", " ".join(text for text, _ in said)):
            draft.feed(word)
        answer = draft.written(final=True)
        assert_spans(answer, {p.paper_id: sample.paper(p.paper_id) for p in passages})
        assert len(answer.sentences) == len(said), (said, answer.sentences)
        for (_, kind), sentence in zip(said, answer.sentences, strict=True):
            passed.setdefault(kind, []).append(sentence.support in ("quoted", "supported"))
    shares = {kind: f"{sum(each)} of {len(each)} passed" for kind, each in sorted(passed.items())}
    right = passed.pop("right")
    let_through = [each for kind in passed.values() for each in kind]
    assert len(right) == 2 * len(let_through) == 4 * ANSWERS
    assert sum(right) >= 0.9 * len(right), shares
    assert sum(let_through) <= 0.2 * len(let_through), shares
