"""report.html: its content, and how it behaves in a browser."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from helpers.papers import PAPERS

from eval.collections.robustness import summarise_robustness
from eval.measures import score_question
from eval.questions import Question
from eval.report import (
    duration,
    figure_tables,
    latency_histogram,
    mark_span,
    ranks_by_type,
    show_question,
    worst_first,
    write_html,
)
from eval.score import evaluate
from eval.summary import summarise
from rag.assistant import Assistant
from rag.types import REFUSAL

HOSTILE = "<img src=x onerror='window.hit=1'></script><script>window.hit=1</script> $${x} {{ 7*7 }} \""

OTTERS, KITES = "Counting Otters", "Counting Otters from Kites"
TEXT = 'River otters are hard to count. The kite counts na\\"ive otters at 94.5\\% of cost. It fails in fog.'
START, END = TEXT.index("The kite"), TEXT.index(" It fails")

FACT = Question("q-fact", "fact", "How well does a kite count?", (OTTERS,), "It counts 94.5%.", (("94.5%", "94.5"),))
METHOD = Question("q-method", "method", "How are clocks set?", ("Tidal Clocks",), "By the tide.", (("tide",),))
NEAR = Question("q-near", "unanswerable", "What does the kite cost?", (), "", (), near=(OTTERS,))
QUESTIONS = [FACT, METHOD, NEAR]


def answered(question: Question, ranking: list[str], **changed: Any) -> dict[str, Any]:
    """Return a row of answers.jsonl whose answer is the sentence about the kite."""
    passage = {"title": OTTERS, "paper_id": "p1", "start": 100, "end": 100 + len(TEXT), "text": TEXT, "score": 1.0}
    citation = {
        "number": 1,
        "title": OTTERS,
        "paper_id": "p1",
        "start": 100 + START,
        "end": 100 + END,
        "quote": TEXT[START:END],
        "page": 3,
        "page_label": "iii",
        "section": "Kites",
        "source": "otters.txt",
    }
    return {
        "id": question.id,
        "ranking": ranking,
        "question": question.question,
        "text": "The kite counts naïve otters at 94.5% of cost. [1]",
        "refused": False,
        "complete": True,
        "confidence": 0.9,
        "mode": "quote",
        "model": None,
        "sentences": [
            {"text": "The kite counts naïve otters at 94.5% of cost.", "citations": [1], "support": "quoted"}
        ],
        "citations": [citation],
        "passages": [passage],
        "seconds": {"retrieve": 0.01, "answer": 0.02},
        "notes": [],
    } | changed


REFUSED = {"refused": True, "text": REFUSAL, "sentences": [], "citations": [], "confidence": 0.01}
ROWS = [
    answered(FACT, [OTTERS, "Tidal Clocks"]),
    answered(METHOD, [OTTERS, "Bird Calls"]),
    answered(NEAR, [OTTERS], **REFUSED),
]


def report_on(questions: list[Question], rows: list[dict[str, Any]]) -> dict[str, Any]:
    made = {
        "date": "2026-11-20",
        "version": "0.1.0",
        "mode": "quote",
        "model": None,
        "questions": {"name": "qa.jsonl", "sha256": "ab" * 32, "count": len(questions)},
        "papers": 3,
    }
    return summarise(questions, rows) | {"made": made}


def written(folder: Path, questions: list[Question] = QUESTIONS, rows: list[dict[str, Any]] = ROWS) -> Path:
    path = folder / "report.html"
    write_html(report_on(questions, rows), questions, rows, path)
    return path


def parsed(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_bytes(), "lxml")


# Content


def test_questions_with_something_wrong_come_first_then_the_lowest_mean() -> None:
    def shown(wrong: list[str], **scores: float) -> Any:
        return show_question(FACT, {}, {"scores": scores, "wrong": wrong})

    questions = [shown([], RR=0.1), shown(["bad"], RR=0.9), shown([], RR=0.0), shown(["bad"], RR=0.2)]
    assert [(bool(q.wrong), q.mean) for q in worst_first(questions)] == [
        (True, 0.2),
        (True, 0.9),
        (False, 0),
        (False, 0.1),
    ]


def test_a_measure_where_lower_is_better_is_inverted() -> None:
    assert show_question(FACT, {}, {"scores": {"RR": 1.0, "falsely refused": 0.0}}).mean == 1.0


def test_a_quote_is_marked_inside_its_passage_in_readable_form(tmp_path: Path) -> None:
    citation = show_question(FACT, ROWS[0], {}).citations[0]
    assert citation.before == "River otters are hard to count. "
    assert citation.quote == "The kite counts naïve otters at 94.5% of cost."
    assert citation.after == " It fails in fog."
    assert citation.place == "p. iii, Kites, otters.txt"
    quote = parsed(written(tmp_path)).find("li", id="q1-1").blockquote
    assert (quote.mark.text, quote.text) == (citation.quote, citation.before + citation.quote + citation.after)


@pytest.mark.parametrize("changed", [{"paper_id": "p2"}, {"start": 150}, {"text": "X" * len(TEXT)}])
def test_a_quote_outside_all_passages_is_shown_alone(changed: dict[str, Any]) -> None:
    row = answered(FACT, [], passages=[ROWS[0]["passages"][0] | changed])
    citation = show_question(FACT, row, {}).citations[0]
    assert (citation.before, citation.quote, citation.after) == (
        "",
        "The kite counts naïve otters at 94.5% of cost.",
        "",
    )


def test_a_quote_outside_all_passages_is_shown_in_the_text_around_it(assistant: Assistant, tmp_path: Path) -> None:
    """A title is quoted as a whole, and is in no passage."""
    question = replace(FACT, question="Which paper counts animals from the air?", gold_titles=(KITES,))
    report, (row,) = evaluate(assistant, [question], tmp_path)
    title = show_question(question, row, report["questions"][FACT.id]).citations[0]
    assert (title.before, title.quote) == ("", KITES)
    assert title.after.split() == PAPERS[KITES].split()


def test_latex_that_begins_before_a_quote_may_end_in_it() -> None:
    text = r"\textbf{One. Two.} Three."
    assert mark_span(text, text.index("Two"), text.index(" Three")) == ("One. ", "Two.", " Three.")


def test_a_text_that_contains_the_marker_characters_is_still_marked() -> None:
    assert mark_span("\ue000 a\\% b", 2, 5) == ("\ue000 ", "a%", " b")


def test_ranks_are_counted_by_type_and_answerable_questions_alone() -> None:
    ranked = {
        "a": {"ranking": [OTTERS]},
        "b": {"ranking": ["Other", "counting otters!"]},
        "c": {"ranking": [*"12345", OTTERS]},
        "d": {"ranking": ["Other"]},
    }
    questions = [replace(FACT, id=key) for key in "abcde"]
    assert ranks_by_type([METHOD, NEAR, *questions], ranked) == {"fact": [1, 1, 1, 2], "method": [0, 0, 0, 1]}


def test_latency_has_every_answer_and_its_median_in_place() -> None:
    rows = [{"seconds": {"retrieve": 0.01, "answer": s}} for s in (0.0, 0.01, 0.09, 0.15)] + [{}]
    histogram = latency_histogram(rows, {"median": 0.02, "p95": 0.1})
    assert histogram is not None
    assert sum(histogram.counts) == 4
    assert [duration(seconds) for _, seconds in histogram.ticks] == ["10 ms", "20 ms", "50 ms", "100 ms", "200 ms"]
    assert [(name, round(place, 3)) for place, name, _ in histogram.marks] == [("median", 0.231), ("p95", 0.769)]
    assert latency_histogram([{}], {}) is None


def test_tables_contain_only_figures() -> None:
    figure = {"mean": 0.5, "low": 0.25, "high": 0.75, "n": 4}
    tables = figure_tables(
        {
            "measures": {"RR": figure, "nothing": {"mean": None, "low": None, "high": None, "n": 0}},
            "by_type": {"fact": {"RR": figure}, "multi": {}},
            "by_part": {"fit": {}, "report": {"RR": figure}},
            "refusals": {"AUROC": figure | {"mean": float("nan")}, "risk_coverage": []},
            "robustness": {"as asked": {"RR": figure}, "removed": {"refused": figure}},
            "robustness_differences": {"typos": {"RR": figure | {"mean": -0.1}}},
        }
    )
    assert tables["all"].rows == [("RR", [figure])]
    assert tables["refusals"].rows == []
    assert tables["groups"].columns == ["kept apart", "fact"]
    assert tables["robustness"].rows == [("RR", [figure, None]), ("refused", [None, figure])]
    assert tables["robustness_differences"].rows == [("RR", [figure | {"mean": -0.1}])]


def test_robustness_is_shown_next_to_the_same_questions_as_asked(tmp_path: Path) -> None:
    asked = {q.id: score_question(q, row) for q, row in zip(QUESTIONS[:2], ROWS, strict=False)}
    worse = {key: scores | {"RR": 0.0} for key, scores in asked.items()}
    removed = {key: {"refused": 1.0} for key in asked}
    report = report_on(QUESTIONS, ROWS) | summarise_robustness(asked, {"typos": worse, "removed": removed})
    write_html(report, QUESTIONS, ROWS, tmp_path / "report.html")
    page = parsed(tmp_path / "report.html")
    shown, changed = (
        page.find("div", attrs={"aria-label": re.compile(f"^Robustness: the {what}")}) for what in ("s", "d")
    )
    assert [th.text for th in shown.thead.find_all("th")] == ["measure", "as asked", "typos", "removed"]
    assert [td.text for td in changed.tbody.tr.find_all("td")] == ["-0.500", "-1.000 to +0.000"]


def test_measures_where_lower_is_better_are_marked(tmp_path: Path) -> None:
    page = parsed(written(tmp_path))
    marked = {th.contents[0].strip() for th in page.find_all("th", scope="row") if "lower is better" in th.text}
    assert marked == {"falsely refused", "AURC"}


def test_the_page_explains_the_passage_measures(tmp_path: Path) -> None:
    assert "passage R@10 is a recall among these" in parsed(written(tmp_path)).text


def test_a_question_shows_what_was_expected_and_what_was_found(tmp_path: Path) -> None:
    page = parsed(written(tmp_path))
    assert [d.find(class_="asked").text for d in page.find_all("details")] == [
        METHOD.question,
        FACT.question,
        NEAR.question,
    ]
    method, fact, near = (" ".join(d.text.split()) for d in page.find_all("details"))
    assert "not found: Tidal Clocks not found" in method
    assert "“Tidal Clocks” is not among the 2 papers found." in method
    assert "found: Counting Otters rank 1" in fact
    assert "found: 94.5% / 94.5" in fact
    assert REFUSAL in near
    assert "found: a refusal" in near


def test_a_question_without_a_result_is_shown_and_counted(tmp_path: Path) -> None:
    page = parsed(written(tmp_path, rows=[]))
    assert page.text.count("There is no result for this question.") == 3
    assert "0 of 3 questions went right" in page.text


def test_a_lone_surrogate_becomes_the_replacement_character(tmp_path: Path) -> None:
    page = parsed(written(tmp_path, [replace(FACT, question="Kites \ud800?")]))
    assert page.find(class_="asked").text == "Kites \ufffd?"


def test_the_page_is_self_contained(tmp_path: Path) -> None:
    page = parsed(written(tmp_path))
    links = [tag[name] for name in ("src", "href", "action", "data") for tag in page.find_all(attrs={name: True})]
    assert links
    assert all(link.startswith("#") for link in links)
    assert page.find("meta", attrs={"http-equiv": "Content-Security-Policy"})["content"].startswith(
        "default-src 'none';"
    )


# In a browser

Open = Callable[..., Any]


@pytest.fixture
def opened(browser: Any) -> Iterator[Open]:
    """Open a file in the browser; afterwards, check that it loaded nothing else and logged nothing."""
    asked: list[str] = []
    said: list[str] = []
    paths: list[str] = []
    pages = []

    def open_file(path: Path, **options: Any) -> Any:
        page = browser.new_page(**options)
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(path.as_uri())
        paths.append(path.as_uri())
        pages.append(page)
        return page

    yield open_file
    for page in pages:
        page.close()
    assert asked == paths
    assert said == []


def visible(page: Any) -> list[str]:
    return [asked.inner_text() for asked in page.locator("details:visible .asked").all()]


def test_questions_are_filtered_by_type_outcome_and_text(tmp_path: Path, opened: Open) -> None:
    page = opened(written(tmp_path))
    assert page.get_by_role("status").inner_text() == "3 of 3 shown"
    page.get_by_label("Type", exact=True).select_option("fact")
    assert visible(page) == [FACT.question]
    page.get_by_label("Outcome", exact=True).select_option("wrong")
    assert visible(page) == []
    assert page.get_by_role("status").inner_text() == "0 of 3 shown"
    page.get_by_label("Type", exact=True).select_option("")
    assert visible(page) == [METHOD.question]
    page.get_by_label("Outcome", exact=True).select_option("")
    page.get_by_label("Text", exact=True).fill(" KITE what ")
    assert visible(page) == [NEAR.question]


def test_filters_and_questions_work_by_keyboard(tmp_path: Path, opened: Open) -> None:
    page = opened(written(tmp_path))
    page.get_by_label("Type", exact=True).focus()
    page.keyboard.press("m")  # the first type with this letter: method
    assert visible(page) == [METHOD.question]
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.type("clocks")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.locator("details:visible[open] .asked").inner_text() == METHOD.question


def test_hostile_text_in_every_field_is_shown_and_does_nothing(tmp_path: Path, opened: Open) -> None:
    def poisoned(value: Any) -> Any:
        if isinstance(value, str):
            return HOSTILE
        if isinstance(value, dict):
            return {key: poisoned(item) for key, item in value.items()}
        return [poisoned(item) for item in value] if isinstance(value, list) else value

    question = Question(
        HOSTILE, HOSTILE, HOSTILE, (HOSTILE,), HOSTILE, ((HOSTILE,),), (HOSTILE,), ((HOSTILE, HOSTILE),)
    )
    row = poisoned(answered(question, [OTTERS], notes=["a note"])) | {"id": question.id}
    report = report_on([question], [row])
    report["made"] = poisoned(report["made"])
    report["measures"][HOSTILE] = report["measures"]["RR"]
    report["questions"][HOSTILE] |= {"wrong": [HOSTILE], "scores": {HOSTILE: 0.5}}
    path = tmp_path / "report.html"
    write_html(report, [question], [row], path)
    page = opened(path)
    page.locator("summary").click()
    assert page.evaluate("window.hit") is None
    assert page.locator("img").count() == 0
    assert page.locator("script").count() == 1
    assert page.locator(".asked").text_content() == HOSTILE
    page.get_by_label("Type", exact=True).select_option(index=1)
    page.get_by_label("Text", exact=True).fill("<img src=x onerror='window.hit=1'></script> $${x}")
    assert page.locator("details:visible").count() == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_a_narrow_screen_and_follows_the_colour_scheme(tmp_path: Path, opened: Open, scheme: str) -> None:
    page = opened(written(tmp_path), viewport={"width": 380, "height": 800}, color_scheme=scheme)
    for summary in page.locator("summary").all():
        summary.click()
    assert page.evaluate("document.documentElement.scrollWidth") == 380
    red = int(page.evaluate("getComputedStyle(document.body).backgroundColor").split("(")[1].split(",")[0])
    assert (red > 200) == (scheme == "light")
