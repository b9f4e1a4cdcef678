"""The passages that a model is given: the quotes with a sentence before and after each."""

from __future__ import annotations

from helpers.drafts import BIRDS, OTTERS, STORE, passage_of

from rag.answering.given import passages_of_quotes
from rag.answering.quotes import citation_of
from rag.errors import UnknownPaper
from rag.types import Answer, Citation, Paper, Passage, Section, Span


def cited(paper: Paper, words: str, number: int = 1) -> Citation:
    start = paper.text.index(words)
    return citation_of(paper, number, Span(start, start + len(words)), words)


def given(*citations: Citation, found: tuple[Passage, ...] = (), store: dict[str, Paper] = STORE) -> list[Passage]:
    answer = Answer("Why?", "", False, True, 1.0, "quote", None, (), citations, ())
    passages = passages_of_quotes(answer, found, store.__getitem__)
    assert all(each.text == store[each.paper_id].text[each.start : each.end] for each in passages)
    return passages


def test_a_quote_comes_with_a_sentence_before_and_after() -> None:
    (passage,) = given(cited(OTTERS, "The kite counts 94.5% of the otters that divers count, at a tenth of the cost."))
    assert passage.text.startswith("We fly a camera kite")
    assert passage.text.endswith("It fails in fog.")


def test_the_title_is_no_context() -> None:
    (passage,) = given(cited(OTTERS, "River otters are hard to count."))
    assert passage.text.startswith("River otters")


def test_quotes_that_touch_are_one_passage_and_the_order_is_that_of_the_answer() -> None:
    rules = cited(BIRDS, "A grammar of seven rules predicts which call follows another.")
    calls, fog = cited(OTTERS, "It fails in fog."), cited(OTTERS, "River otters are hard to count.", 3)
    passages = given(calls, rules, fog)
    assert [each.paper_id for each in passages] == ["1", "3"]
    assert passages[0].text.startswith("River otters")
    assert passages[0].text.endswith("It fails in fog.")


def test_the_next_section_is_no_context() -> None:
    end = OTTERS.text.index("It fails in fog.")
    first, second = Section("1 Counts", 0, end), Section("2 Fog", end, len(OTTERS.text))
    paper = Paper(OTTERS.title, OTTERS.text, "1", sections=(first, second))
    (passage,) = given(
        cited(paper, "The kite counts 94.5% of the otters that divers count, at a tenth of the cost."),
        store={"1": paper},
    )
    assert passage.text.endswith("cost.")


def test_a_row_of_a_table_comes_with_the_passage_that_it_was_found_in() -> None:
    table = "Table 1: Counts\nriver | otters\nInn | 12\nEns | 7"
    text = f"On Rivers\n\n{table}"
    paper = Paper("On Rivers", text, "1", sections=(Section("Table 1: Counts", 11, len(text), "table"),))
    found = passage_of(paper, 11)
    assert given(cited(paper, "Ens | 7"), found=(found,), store={"1": paper}) == [found]


def test_where_only_titles_are_quoted_the_best_passages_of_these_papers_are_given() -> None:
    title = citation_of(OTTERS, 1, Span(0, len(OTTERS.title)), OTTERS.title)
    best, next_best, other = passage_of(OTTERS, 40, 80), passage_of(OTTERS, 80), passage_of(BIRDS)
    assert given(title, found=(other, best, next_best)) == [best]


def test_a_paper_removed_meanwhile_is_left_out() -> None:
    def paper_named(key: str) -> Paper:
        if key == "1":
            raise UnknownPaper("It was removed.")
        return STORE[key]

    quotes = (cited(OTTERS, "It fails in fog."), cited(BIRDS, "Young birds break the rules twice as often as adults."))
    answer = Answer("Why?", "", False, True, 1.0, "quote", None, (), quotes, ())
    assert [each.paper_id for each in passages_of_quotes(answer, (), paper_named)] == ["3"]
