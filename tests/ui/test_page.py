"""The Ask tab in a real browser: answers, evidence, Stop, and stored conversations."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from helpers.ollama_server import Body, OllamaServer
from helpers.pictures import marked, pixels
from helpers.served import (
    BIRDS,
    DAMS,
    OTTERS,
    TIDES,
    Server,
    add_papers,
    ask,
    choose,
    open_card,
    opened,
    served,
    violations,
)
from playwright.sync_api import Browser, Locator, Page, expect

from rag.page_images import boxes_of
from rag.store.history import SavedAnswer
from rag.types import REFUSAL

QUESTION = "How many otters does the kite count?"
FLOODS = "By how much does a dam of sticks lower a summer flood?"
FLOOD_QUOTE = "A dam of sticks and mud lowers the peak of a summer flood by 31% in the valley below it."
ETHANOL = "What is the boiling point of ethanol?"
RIGHT = "The kite counts 94.5% of the otters that divers count [1]."
A4_WIDTH = 595.28  # points


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The page over the test papers, without Ollama; it must not write to stderr."""
    folder = tmp_path_factory.mktemp("page")
    add_papers(folder)
    with served(folder) as running:
        yield running
        assert running.stop() == ""
        assert not (folder / "attempts").exists()


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    with opened(browser, server) as ready:
        yield ready


def sentence(page: Page, text: str) -> Locator:
    """The last sentence of an answer that is shown at first and has this text."""
    return page.locator(".fn-answer > .fn-sentence", has_text=text).last


def tab_to(page: Page, wanted: Locator, key: str = "Tab") -> None:
    """Move the focus with the keyboard."""
    for _ in range(60):
        page.keyboard.press(key)
        if wanted.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"{key} does not lead to {wanted}")


def kept(server: Server) -> list[SavedAnswer]:
    """Return the last conversation as it is stored."""
    with server.record() as record:
        conversation = record.history(1)[0].conversation
        assert conversation
        return record.conversation(conversation)


# Evidence


def test_each_sentence_of_an_answer_leads_to_its_quote_and_back(page: Page) -> None:
    ask(page, FLOODS)
    footnote = sentence(page, "by 31%").locator("a.fn-ref")
    for each in page.locator(".fn-sentence").all():
        expect(each.locator("a.fn-ref")).to_have_count(1)
    page.evaluate("for (const card of document.querySelectorAll('.fn-card')) card.open = false")
    expect(page.locator(str(footnote.get_attribute("href")))).to_be_hidden()
    card = open_card(page, footnote)
    expect(card.locator("mark")).to_have_text(FLOOD_QUOTE)
    expect(card.locator("blockquote")).to_have_text(f"Beavers build dams across small streams. {FLOOD_QUOTE}")
    card.get_by_text("Back to the sentence").click()
    expect(footnote).to_be_focused()


def test_the_page_of_a_pdf_is_drawn_with_the_quote_marked(page: Page, server: Server) -> None:
    ask(page, FLOODS)
    image = open_card(page, sentence(page, "by 31%").locator("a.fn-ref")).locator("img")
    assert image.evaluate("async image => { await image.decode(); return image.naturalWidth }") > 1000
    drawn = pixels(page.request.get(f"{server.url}/{image.get_attribute('src')}").body())
    with server.record() as record:
        start = record.paper(DAMS).text.index(FLOOD_QUOTE)
        boxes = boxes_of(record.library.records, DAMS, start, start + len(FLOOD_QUOTE))
    yellow, scale = marked(drawn), drawn.shape[1] / A4_WIDTH
    assert boxes
    for box in boxes:
        left, top, right, bottom = (round(side * scale) for side in box[1:])
        assert (yellow | (drawn.min(2) < 200))[top:bottom, left:right].mean() > 0.99  # all paper between the letters
        assert yellow[top:bottom, left:right].mean() > 0.5
        yellow[top - 12 : bottom + 12, left - 12 : right + 12] = False
    assert not yellow.any()


def test_the_keyboard_is_enough_to_ask_and_to_reach_the_evidence(page: Page) -> None:
    expect(page.get_by_label("Question", exact=True)).to_be_focused()
    page.keyboard.type(FLOODS)
    page.keyboard.press("Enter")
    expect(page.locator(".fn-status")).to_be_visible()
    footnote = sentence(page, "by 31%").locator("a.fn-ref")
    card = page.locator(str(footnote.get_attribute("href")))
    tab_to(page, footnote, "Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name=f"Pages of {DAMS}")).to_be_focused()
    page.keyboard.press("Escape")
    expect(footnote).to_be_focused()
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_role("button", name="Back to the quotes"), "Shift+Tab")
    page.keyboard.press("Enter")
    expect(card).to_be_focused()
    tab_to(page, card.get_by_text("Back to the sentence"))
    page.keyboard.press("Enter")
    expect(footnote).to_be_focused()


def test_unused_passages_are_one_click_away(page: Page) -> None:
    ask(page, QUESTION)
    unused = page.locator(".fn-unused", has_text=TIDES)
    expect(unused).to_be_hidden()
    page.get_by_text(re.compile(r"^Found and not used: \d passages$")).click()
    expect(unused).to_be_visible()


def test_what_is_copied_is_the_quotation_with_its_reference(browser: Browser, server: Server) -> None:
    with opened(browser, server, permissions=["clipboard-read", "clipboard-write"]) as page:
        ask(page, FLOODS)
        card = open_card(page, sentence(page, "by 31%").locator("a.fn-ref"))
        card.get_by_role("button", name="Copy quotation").click()
        expect(card.get_by_role("button", name="Copied")).to_be_visible()
        assert page.evaluate("navigator.clipboard.readText()") == f"“{FLOOD_QUOTE}” (Lovelace, p. 1)"


# Feedback


def test_the_page_says_what_is_searched_and_that_it_quotes(page: Page) -> None:
    expect(page.locator(".fn-state span")).to_have_text(["4 papers (1 file could not be read)", "Quotes only"])
    answer = ask(page, QUESTION)
    assert re.search(
        r"^\d+ quotes?.*\.\n+Quotes only · 4 papers \(1 file could not be read\) searched$", answer, re.MULTILINE
    )
    page.get_by_text("How it was found").click()
    assert re.search(r"Time\s+\d+\.\d s: ", page.locator(".fn-how").inner_text())


def test_the_notice_of_a_missing_model_stays_dismissed(browser: Browser, server: Server) -> None:
    with opened(browser, server) as page:
        notice = page.locator(".fn-notice")
        expect(notice).to_contain_text("Answers are quotes from your papers")
        expect(notice).to_contain_text("Ollama does not answer at")
        ask(page, QUESTION)
        expect(notice).to_have_count(1)
        notice.get_by_role("button", name="Do not show again").press("Enter")
        expect(notice).to_be_hidden()
        expect(page.get_by_label("Question", exact=True)).to_be_focused()
        ask(page, FLOODS)
        page.reload()
        expect(page.locator(".fn-state")).to_be_visible()
        expect(notice).to_be_hidden()


def test_a_refusal_names_the_nearest_papers(page: Page) -> None:
    answer = ask(page, ETHANOL)
    assert answer.count(REFUSAL) == 1
    assert "Nearest papers:" in answer
    assert DAMS in page.locator(".fn-answer li").all_inner_texts()
    expect(page.locator("a.fn-ref")).to_have_count(0)
    expect(page.get_by_text(re.compile("^Found and not used"))).to_be_visible()


def test_an_empty_question_gets_a_message_and_the_next_one_an_answer(page: Page) -> None:
    box = page.get_by_label("Question", exact=True)
    box.fill("?!")
    box.press("Enter")
    expect(page.get_by_test_id("bot")).to_have_text("The question is empty. Ask in a sentence or a few keywords.")
    assert "94.5%" in ask(page, QUESTION)
    expect(page.get_by_test_id("user")).to_have_count(1)


def test_a_rating_and_a_comment_are_stored(page: Page, server: Server) -> None:
    ask(page, "What do otters and divers and kites have in common?")
    page.get_by_role("button", name="Dislike").click()
    expect(page.get_by_text("Kept with the answer.")).to_be_visible()
    page.get_by_text("Comment on the last answer").click()
    comment = page.get_by_role("textbox", name="Comment")
    comment.fill("No <b>word</b> of rivers.")
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_text("Kept with the answer.")).to_have_count(2)
    (said,) = json.loads(server.run("feedback", "--json"))
    assert said["question"] == "What do otters and divers and kites have in common?"
    assert (said["feedback"]["good"], said["feedback"]["comment"]) == (False, "No <b>word</b> of rivers.")
    page.get_by_role("button", name="Like", exact=True).click()
    expect(page.get_by_role("button", name="Liked", exact=True)).to_be_visible()
    (said,) = json.loads(server.run("feedback", "--json"))
    assert (said["feedback"]["good"], said["feedback"]["comment"]) == (True, "No <b>word</b> of rivers.")
    page.reload()
    expect(page.get_by_role("button", name="Liked", exact=True)).to_be_visible()
    page.get_by_text("Comment on the last answer").click()
    expect(comment).to_have_value("No <b>word</b> of rivers.")


def test_what_is_done_is_told_where_the_answer_will_stand(page: Page) -> None:
    page.evaluate(
        """() => { window.told = []; new MutationObserver(() => {
          const last = [...document.querySelectorAll('[data-testid="bot"]')].at(-1)?.textContent.trim();
          if (last && last !== window.told.at(-1)) window.told.push(last);
        }).observe(document.querySelector('#conversation'), {childList: true, subtree: true, characterData: true}) }"""
    )
    ask(page, QUESTION)
    told = page.evaluate("window.told")
    assert told[0] == "Searching 4 papers, and reading the best passages"
    assert "94.5%" in told[-1]
    expect(page.locator(".fn-working")).to_have_count(0)
    expect(page.locator('[role="log"][aria-live="polite"] .fn-answer')).to_be_visible()


# Conversations


def test_a_follow_up_uses_the_previous_question(page: Page, server: Server) -> None:
    ask(page, QUESTION)
    answer = ask(page, "And does it fail in fog?")
    assert f"Searched for: {QUESTION} And does it fail in fog?" in answer
    assert "It fails in fog." in answer
    assert [each.question for each in kept(server)] == [QUESTION, "And does it fail in fog?"]
    earlier = page.locator(".fn-earlier")
    expect(earlier.locator(".fn-card").first).to_be_hidden()
    open_card(page, page.locator(".fn-answer").first.locator("a.fn-ref").first)
    expect(earlier.locator(".fn-card").first).to_be_visible()


def test_retry_replaces_the_answer_on_the_page_and_in_the_record(page: Page, server: Server) -> None:
    ask(page, QUESTION)
    (first,) = kept(server)
    page.get_by_role("button", name="Retry").click()
    expect(page.locator(f'a[href="export/answer/{first.key}.md"]')).to_have_count(0)
    expect(page.locator(".fn-status")).to_have_count(1)
    (second,) = kept(server)
    assert (second.question, second.conversation) == (QUESTION, first.conversation)
    assert second.key != first.key


def test_an_edited_question_replaces_the_last_one(page: Page, server: Server) -> None:
    ask(page, QUESTION)
    ask(page, "Where does the kite fly?")
    page.get_by_role("button", name="Edit").last.click()
    page.locator("#conversation textarea").fill(FLOODS)
    page.get_by_role("button", name="Submit").first.click()
    expect(sentence(page, "by 31%")).to_be_visible()
    expect(page.locator(".fn-status")).to_have_count(2)
    expect(page.get_by_test_id("user")).to_have_text([QUESTION, FLOODS])
    assert [each.question for each in kept(server)] == [QUESTION, FLOODS]


def test_only_the_last_question_can_be_edited(page: Page, server: Server) -> None:
    ask(page, QUESTION)
    ask(page, "Where does the kite fly?")
    page.get_by_role("button", name="Edit").first.click()
    page.locator("#conversation textarea").fill(FLOODS)
    page.get_by_role("button", name="Submit").first.click()
    expect(page.get_by_text("Only the last question can be asked again")).to_be_visible()
    assert [each.question for each in kept(server)] == [QUESTION, "Where does the kite fly?"]


def test_a_question_is_edited_as_it_was_asked(page: Page) -> None:
    question = "Does AT&T's kite count a<b & c &lt; d otters?"
    ask(page, question)
    page.get_by_role("button", name="Edit").click()
    expect(page.locator("#conversation textarea")).to_have_value(question)
    page.locator("#conversation textarea").press("End")
    page.keyboard.type(" Or more?")
    page.get_by_role("button", name="Submit").first.click()
    expect(page.get_by_test_id("user")).to_have_text(f"{question} Or more?")


def test_an_example_question_is_asked_by_a_click(page: Page) -> None:
    example = page.get_by_role("button", name=re.compile("Select example")).filter(has_text=OTTERS)
    question = example.inner_text()
    example.click()
    expect(page.locator(".fn-status")).to_be_visible()
    expect(page.get_by_test_id("user")).to_have_text(question)
    expect(page.locator("#evidence .fn-card").first).to_contain_text(OTTERS)


def test_a_reload_restores_the_conversation_with_its_evidence(page: Page, server: Server) -> None:
    ask(page, FLOODS)
    page.reload()
    card = open_card(page, sentence(page, "by 31%").locator("a.fn-ref"))
    expect(card.locator("mark")).to_have_text(FLOOD_QUOTE)
    assert "18 grams of silt" in ask(page, "And how much silt do streams with it carry?")
    assert [each.question for each in kept(server)] == [FLOODS, "And how much silt do streams with it carry?"]


def test_a_new_conversation_is_empty_and_stays_empty_after_a_reload(page: Page, server: Server) -> None:
    ask(page, QUESTION)
    (before,) = kept(server)
    page.get_by_role("button", name="New conversation").click()
    expect(page.get_by_role("button", name="Select example 1")).to_be_visible()
    expect(page.locator("#evidence .fn-card")).to_have_count(0)
    page.reload()
    expect(page.get_by_role("button", name="Select example 1")).to_be_visible()
    ask(page, "And in fog?")
    (after,) = kept(server)
    assert after.conversation != before.conversation


@pytest.mark.parametrize(
    ("facet", "value", "only"), [("", DAMS, DAMS), ("Tag", "birds", BIRDS), ("Year", "2019", TIDES)]
)
def test_only_the_chosen_papers_are_asked(page: Page, facet: str, value: str, only: str) -> None:
    choose(page, facet, value)
    ask(page, f"{QUESTION} And what else is found?")
    titles = page.locator("#evidence h3").all_text_contents()
    assert titles
    assert set(titles) == {only}


# Three panes


def test_the_question_stays_in_view_while_its_answer_grows(page: Page) -> None:
    for question in (QUESTION, FLOODS, ETHANOL):
        ask(page, question)
        expect(page.get_by_test_id("user").last).to_be_in_viewport()
        expect(page.get_by_label("Question", exact=True)).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollHeight <= window.innerHeight")


def test_on_a_narrow_page_a_footnote_leads_to_the_paper_and_the_card_to_its_sentence(
    browser: Browser, server: Server
) -> None:
    with opened(browser, server, viewport={"width": 380, "height": 800}) as page:
        ask(page, FLOODS)
        footnote = sentence(page, "by 31%").locator("a.fn-ref")
        card = open_card(page, footnote)
        expect(footnote).to_be_hidden()
        expect(page.get_by_role("button", name="Evidence", exact=True)).to_have_attribute("aria-pressed", "true")
        card.get_by_text("Back to the sentence").click()
        expect(footnote).to_be_focused()


# A local model


@pytest.fixture(scope="module")
def ollama() -> Iterator[OllamaServer]:
    with OllamaServer() as running:
        yield running


@pytest.fixture(scope="module")
def writing_server(tmp_path_factory: pytest.TempPathFactory, ollama: OllamaServer) -> Iterator[Server]:
    """The page with a model; it must not write to stderr."""
    folder = tmp_path_factory.mktemp("writing")
    add_papers(folder)
    with served(folder, OLLAMA__HOST=ollama.host) as running:
        yield running
        assert running.stop() == ""
        assert not (folder / "attempts").exists()


@pytest.fixture
def writing(browser: Browser, writing_server: Server, ollama: OllamaServer) -> Iterator[Page]:
    with opened(browser, writing_server) as ready:
        ollama.reply, ollama.pause = RIGHT, 0.0
        ollama.left.clear()
        yield ready


def begin(page: Page, question: str) -> None:
    box = page.get_by_label("Question", exact=True)
    box.fill(question)
    box.press("Enter")


def for_ever(body: Body) -> list[str]:
    """Return a very long answer to questions that contain `for ever`."""
    if "for ever" not in body["messages"][-1]["content"]:
        return [RIGHT]
    return [f"{RIGHT} ", *(f"And so it goes on, part {number}. " for number in range(400))]


def test_a_model_s_answer_grows_over_the_quotes_and_names_it(writing: Page, ollama: OllamaServer) -> None:
    expect(writing.get_by_text(re.compile(r"^Written by qwen3:4b, on this machine"))).to_be_visible()
    read = threading.Event()
    text = (
        f"{RIGHT} It fails in fog [1]. We fly a camera kite over eleven rivers [1]. River otters are hard to count [1]."
    )
    ollama.reply, ollama.pause = lambda _: text if read.wait(60) else "", 0.25
    begin(writing, QUESTION)
    expect(writing.get_by_text("qwen3:4b reads")).to_be_visible()
    expect(sentence(writing, "94.5%").locator("a.fn-ref")).to_be_visible()  # the quote, at once
    expect(writing.locator("#evidence mark:visible").first).to_be_visible()
    read.set()
    expect(sentence(writing, "94.5%").locator(".fn-support")).to_be_visible()  # the model's sentence
    expect(writing.locator(".fn-status")).to_have_count(0)
    expect(writing.locator(".fn-status")).to_contain_text("Written by qwen3:4b")
    assert "eleven rivers" in writing.locator(".fn-answer").inner_text()


def test_support_is_shown_in_words(writing: Page, ollama: OllamaServer) -> None:
    ollama.reply = f"{RIGHT} It fails in fog [1]. The moon is made of cheese [1]."
    ask(writing, QUESTION)
    expect(sentence(writing, "94.5%").locator(".fn-support")).to_have_text("“ ” quoted")
    expect(sentence(writing, "cheese")).to_have_count(0)
    left_out = writing.locator(".fn-written .fn-sentence", has_text="cheese")
    expect(left_out).to_be_hidden()
    writing.get_by_text("Show all that qwen3:4b wrote").click()
    expect(left_out.locator(".fn-support")).to_have_text("✗ not supported")
    assert violations(writing) == []


def test_prose_that_does_not_hold_up_is_one_click_away(writing: Page, ollama: OllamaServer) -> None:
    ollama.reply = "The moon is made of cheese [1]. Bananas are yellow [1]."
    ask(writing, QUESTION)
    expect(sentence(writing, "94.5%")).to_be_visible()
    expect(writing.locator("#evidence mark:visible").first).to_be_visible()
    reason = "qwen3:4b wrote an answer that the passages do not support."
    expect(writing.get_by_text(reason, exact=True)).to_be_visible()
    expect(writing.locator(".fn-written .fn-sentence").first).to_be_hidden()
    writing.get_by_text("Show all that qwen3:4b wrote").click()
    expect(writing.locator(".fn-written .fn-sentence", has_text="cheese")).to_be_visible()


def test_stop_keeps_what_there_is_and_the_next_question_is_answered(writing: Page, ollama: OllamaServer) -> None:
    ollama.reply, ollama.pause = for_ever, 0.1
    begin(writing, f"{QUESTION} Go on for ever.")
    expect(writing.get_by_text(re.compile("qwen3:4b writes: [1-9]"))).to_be_visible()
    asked_to = time.monotonic()
    writing.get_by_role("button", name="Stop").click()
    expect(writing.locator(".fn-status")).to_contain_text("incomplete")
    assert time.monotonic() - asked_to < 3.0
    assert ollama.left.wait(3.0)
    expect(sentence(writing, "94.5%")).to_be_visible()
    expect(writing.get_by_text("The answer was stopped.", exact=True)).to_be_visible()
    expect(writing.get_by_role("button", name="Stop")).to_have_count(0)
    ollama.reply = RIGHT
    ask(writing, QUESTION)
    expect(writing.locator(".fn-status").last).not_to_contain_text("incomplete")


def test_a_question_sent_during_an_answer_is_asked_after_it(writing: Page, ollama: OllamaServer) -> None:
    read = threading.Event()
    ollama.reply = lambda _: RIGHT if read.wait(120) else ""
    begin(writing, QUESTION)
    expect(writing.get_by_text("qwen3:4b reads")).to_be_visible()
    box = writing.locator("#question textarea")  # its label holds the Stop button now
    box.fill(FLOODS)
    box.press("Enter")
    read.set()
    expect(writing.locator(".fn-status")).to_have_count(2)
    expect(sentence(writing, "31%")).to_be_visible()


def test_a_long_answer_does_not_delay_another_tab(
    writing: Page, browser: Browser, writing_server: Server, ollama: OllamaServer
) -> None:
    ollama.reply, ollama.pause = for_ever, 0.1
    begin(writing, f"{QUESTION} Go on for ever.")
    expect(writing.get_by_text(re.compile("qwen3:4b writes: [1-9]"))).to_be_visible()
    with opened(browser, writing_server) as other:
        asked = time.monotonic()
        assert "94.5%" in ask(other, QUESTION)
        assert time.monotonic() - asked < 5.0
        expect(other.get_by_text("And so it goes on")).to_have_count(0)
    expect(writing.locator(".fn-status")).to_have_count(0)  # it is still being written
    writing.get_by_role("button", name="Stop").click()
    expect(writing.locator(".fn-status")).to_be_visible()


def test_a_full_queue_is_reported_and_the_question_can_be_asked_again(
    writing: Page, writing_server: Server, ollama: OllamaServer
) -> None:
    config = json.loads(writing_server.get("/config")[1])
    box = next(each["id"] for each in config["components"] if each["props"].get("elem_id") == "question")
    asking = next(each["id"] for each in config["dependencies"] if [box, "submit"] in each["targets"])
    read = threading.Event()
    ollama.reply = lambda _: RIGHT if read.wait(120) else ""
    for reader in range(16):
        data = {"data": [QUESTION, None, ""], "fn_index": asking, "session_hash": f"reader {reader}"}
        assert writing.request.post(f"{writing_server.url}/gradio_api/queue/join", data=data).status == 200
    begin(writing, QUESTION)
    answer = writing.get_by_test_id("bot")
    # The sixteen questions are searched for first, on whatever cores there are.
    expect(answer).to_have_text("Footnote is busy with 16 questions. Ask again in a moment.", timeout=60_000)
    read.set()
    expect(answer).to_have_text(re.compile("is busy"))
    while "is busy" in answer.inner_text():
        writing.get_by_role("button", name="Retry").click()
        writing.wait_for_timeout(500)
    expect(writing.locator(".fn-status")).to_be_visible()


def test_an_answer_is_stored_as_far_as_it_goes_when_the_tab_is_closed(
    writing: Page, writing_server: Server, ollama: OllamaServer
) -> None:
    ollama.reply, ollama.pause = for_ever, 0.1
    question = f"{QUESTION} Do go on for ever."
    begin(writing, question)
    expect(writing.get_by_text("qwen3:4b writes:").first).to_be_visible()
    writing.reload()
    assert ollama.left.wait(10.0)
    deadline = time.monotonic() + 10.0
    while time.monotonic() < deadline and kept(writing_server)[-1].question != question:
        time.sleep(0.1)
    last = kept(writing_server)[-1]
    assert (last.question, last.answer["complete"]) == (question, False)


# Form and safety


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 380)])
def test_the_page_is_accessible_in_light_and_dark_wide_and_narrow(
    browser: Browser, server: Server, scheme: str, width: int
) -> None:
    with opened(browser, server, color_scheme=scheme, viewport={"width": width, "height": 800}) as page:
        assert page.evaluate("document.body.classList.contains('dark')") == (scheme == "dark")
        assert violations(page) == []
        ask(page, FLOODS)
        sentence(page, "by 31%").locator("a.fn-ref").click()
        expect(page.locator("#viewer .fv-mark").first).to_be_in_viewport()
        assert violations(page) == []
        page.get_by_role("button", name="Back to the quotes").click()
        page.get_by_text("Found and not used").click()
        assert violations(page) == []
        if width < 1280:
            page.get_by_role("button", name="Papers", exact=True).click()
            expect(page.get_by_role("checkbox", name=DAMS)).to_be_visible()
            assert violations(page) == []
            page.get_by_role("button", name="Answer", exact=True).click()
        expect(page.get_by_label("Question", exact=True)).to_be_in_viewport()
        ask(page, ETHANOL)
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_browser_contacts_no_other_host(browser: Browser, server: Server) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("websocket", lambda socket: asked.append(socket.url))
        page.goto(server.url)
        expect(page.locator(".fn-state")).to_contain_text("4 papers")  # from the first event: the page is ready
        ask(page, FLOODS)
        sentence(page, "by 31%").locator("a.fn-ref").click()
        for tab in ("Library", "Conversations", "Read"):
            page.get_by_role("tab", name=tab).click()
        hosts = {urlsplit(url).netloc for url in asked if not url.startswith(("data:", "blob:"))}
    assert hosts == {urlsplit(server.url).netloc}


def test_ctrl_c_stops_the_server_without_output_while_a_page_is_open(browser: Browser, tmp_path: Path) -> None:
    with served(tmp_path) as running, browser.new_context() as context:
        page = context.new_page()
        page.goto(running.url)
        expect(page.locator(".fn-state")).to_contain_text("0 papers")  # from the first event: the page is ready
        begin(page, QUESTION)
        expect(page.get_by_test_id("bot")).to_contain_text("There are no papers yet. Drop files under Library")
        assert running.stop() == ""
