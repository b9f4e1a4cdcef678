"""What a person reads beside an answer in a real browser: the quote of a footnote, and how the answer was found."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from helpers.served import DAMS, OTTERS, Server, add_papers, ask, opened, served, violations
from playwright.sync_api import Browser, Locator, Page, expect

QUESTION = "Compare the kite with the dam of sticks"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The page over the test papers, without Ollama; it must not write to stderr."""
    folder = tmp_path_factory.mktemp("reading")
    add_papers(folder)
    with served(folder) as running:
        yield running
        assert running.stop() == ""


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    with opened(browser, server) as ready:
        ask(ready, QUESTION)
        yield ready


def footnotes(page: Page) -> Locator:
    return page.locator(".fn-answer > .fn-sentence a.fn-ref")


def preview(page: Page) -> Locator:
    return page.get_by_role("tooltip")


def test_an_answer_from_several_papers_names_each_above_its_quotes(page: Page) -> None:
    shown = page.locator(".fn-answer > .fn-source strong")
    expect(shown).to_have_count(2)
    assert sorted(shown.all_inner_texts()) == [OTTERS, "Lovelace, p. 1"]
    assert set(page.locator("#evidence .fn-evidence > h3").all_inner_texts()) == {OTTERS, DAMS}


def test_a_footnote_under_the_pointer_shows_its_quote_and_moves_nothing(page: Page) -> None:
    footnote = footnotes(page).first
    before = footnote.bounding_box()
    footnote.hover()
    expect(preview(page)).to_be_visible()
    card = page.locator(str(footnote.get_attribute("href")))
    assert preview(page).locator("p").first.inner_text() == card.locator("mark").first.text_content()
    expect(footnote).to_have_attribute("aria-describedby", "fn-preview")
    assert footnote.bounding_box() == before
    preview(page).hover()  # it stays, so that its text can be selected
    expect(preview(page)).to_be_visible()
    page.keyboard.press("Escape")
    expect(preview(page)).to_be_hidden()
    footnotes(page).last.hover()
    expect(preview(page)).to_be_visible()
    page.get_by_label("Question", exact=True).hover()
    expect(preview(page)).to_be_hidden()


def test_the_keyboard_shows_the_quote_of_a_footnote_and_opens_its_paper(page: Page) -> None:
    footnote = footnotes(page).last
    for _ in range(60):
        page.keyboard.press("Shift+Tab")
        if footnote.evaluate("element => element === document.activeElement"):
            break
    expect(preview(page)).to_be_visible()
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(preview(page)).to_be_hidden()
    expect(footnote).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="Paper", exact=True)).to_be_visible()
    expect(preview(page)).to_be_hidden()


def test_a_touch_opens_the_paper_and_no_preview(browser: Browser, server: Server) -> None:
    phone = {"viewport": {"width": 380, "height": 800}, "has_touch": True, "is_mobile": True}
    with opened(browser, server, **phone) as page:
        ask(page, QUESTION)
        footnote = footnotes(page).first
        footnote.tap()
        expect(page.get_by_role("region", name="Paper", exact=True)).to_be_visible()
        expect(preview(page)).to_have_count(0)


def test_how_an_answer_was_found_is_told_on_request(page: Page) -> None:
    how = page.locator(".fn-how dl")
    expect(how).to_be_hidden()
    page.get_by_text("How it was found").click()
    expect(how).to_contain_text(QUESTION)
    expect(how).to_contain_text("read with the question")
    assert violations(page) == []
