"""The paper beside the answer in a real browser: it opens at the quote, and can be searched, copied, asked about."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.injections import ELSEWHERE, HOSTILE
from helpers.pdf_files import HEIGHT, LEFT, PROSE, Draw, make_pdf, title_page, wrapped, write
from helpers.served import DAMS, Server, add_papers, ask, opened, served, violations
from playwright.sync_api import Browser, Locator, Page, expect

from rag.assistant import Assistant

FLOODS = "By how much does a dam of sticks lower a summer flood?"
FLOOD_QUOTE = "A dam of sticks and mud lowers the peak of a summer flood by 31% in the valley below it."
NEWTS = "Newts in Ponds of Markup"
LONG_PAGES, OWL_PAGE = 300, 240
OWLS = "The owl of the northern mill was heard on 4711 nights of the long winter."


def write_long(path: Path) -> None:
    """Write a PDF of 300 pages, one of which answers a question on owls."""
    words = PROSE.split()

    def drawn(number: int) -> Draw:
        at = number % len(words)
        text = (
            OWLS if number == OWL_PAGE else " ".join((words[at:] + words[:at])[:20]).replace(".", "").capitalize() + "."
        )
        return lambda canvas: write(canvas, wrapped(text, 90), LEFT, HEIGHT - 200 - number)

    path.write_bytes(make_pdf(title_page, *(drawn(number) for number in range(2, LONG_PAGES + 1))))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("viewer")
    add_papers(folder)
    write_long(folder / "tracks.pdf")
    shown = "\n\n".join(re.sub(r"[\x00\x1b\x7f]", "", bad) for bad in HOSTILE)
    (folder / "newts.txt").write_text(
        f"{NEWTS}\n\nNewts like ponds of markup. {shown}\n\nThe last newt is 77 years old.\n"
    )
    with Assistant.open(library=folder / "library", mode="quote") as assistant:
        assert len(assistant.add([folder / "tracks.pdf", folder / "newts.txt"]).added) == 2
    with served(folder) as running:
        yield running
        assert running.stop() == ""
        assert not (folder / "attempts").exists()


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    size = {"width": 1280, "height": 900}
    with opened(browser, server, viewport=size, permissions=["clipboard-read", "clipboard-write"]) as ready:
        yield ready


def viewer(page: Page) -> Locator:
    return page.get_by_role("region", name="Paper", exact=True)


def open_quote(page: Page, question: str, words: str) -> Locator:
    """Ask, click the footnote of the sentence with these words, and return the viewer with its paper."""
    ask(page, question)
    page.locator(".fn-answer > .fn-sentence", has_text=words).last.locator("a.fn-ref").click()
    expect(viewer(page).locator("h2")).not_to_be_empty()
    return viewer(page)


def open_floods(page: Page) -> Locator:
    shown = open_quote(page, FLOODS, "by 31%")
    expect(shown.locator(".fv-word", has_text="sticks")).to_be_visible()
    return shown


def more(page: Page) -> Locator:
    """Open the menu of the viewer."""
    viewer(page).locator(".fv-menu summary").click()
    return viewer(page).locator(".fv-choices")


def choose_words(page: Page, first: str, last: str) -> None:
    """Select the text from one word to another."""
    page.evaluate(
        """([first, last]) => {
          const words = [...document.querySelectorAll('.fv-word')];
          const from = words.find((word) => word.firstChild.data === first);
          const to = words.slice(words.indexOf(from)).find((word) => word.firstChild.data === last);
          getSelection().setBaseAndExtent(from.firstChild, 0, to.firstChild, last.length);
        }""",
        [first, last],
    )


def test_a_footnote_opens_the_paper_at_the_quote_with_all_quotes_marked(page: Page) -> None:
    shown = open_floods(page)
    expect(shown.get_by_role("heading", name=DAMS)).to_be_visible()
    expect(shown.locator(".fv-mark").first).to_be_in_viewport()
    expect(shown.get_by_role("group", name="Page 1").locator(".fv-mark")).not_to_have_count(0)
    picture = shown.locator(".fv-picture").first
    assert picture.evaluate("async image => { await image.decode(); return image.naturalWidth }") >= 600
    mark, word = (
        shown.locator(".fv-mark").first.bounding_box(),
        shown.locator(".fv-word", has_text="sticks").bounding_box(),
    )
    assert mark
    assert word
    assert mark["x"] < word["x"] < mark["x"] + mark["width"]
    assert abs(mark["y"] - word["y"]) < mark["height"]


def test_what_is_copied_has_its_spaces_and_the_words_that_a_line_break_divides(page: Page) -> None:
    open_floods(page)
    choose_words(page, "A", "it.")
    page.keyboard.press("Control+C")
    assert page.evaluate("navigator.clipboard.readText()") == FLOOD_QUOTE


def test_a_search_in_the_paper_goes_from_place_to_place(page: Page) -> None:
    shown = open_floods(page)
    shown.get_by_role("button", name="Find in this paper").click()
    box = shown.get_by_role("searchbox", name="Find in this paper")
    box.fill("STREAMS")
    expect(shown.get_by_role("status")).to_have_text("1 of 3")
    box.press("Enter")
    expect(shown.get_by_role("status")).to_have_text("2 of 3")
    expect(shown.locator(".fv-chosen")).to_be_in_viewport()
    expect(shown.get_by_label("Page", exact=True)).to_have_value("2")
    shown.get_by_role("button", name="Previous place").click()
    expect(shown.get_by_role("status")).to_have_text("1 of 3")
    box.fill("walrus")
    expect(shown.get_by_role("status")).to_have_text("Not found")


def test_zoom_keeps_the_place_and_fits_the_text_or_the_page(page: Page) -> None:
    shown = open_floods(page)
    sheet = shown.get_by_role("group", name="Page 1")
    before = sheet.evaluate("each => each.clientWidth")
    shown.get_by_role("button", name="Zoom in").click()
    assert abs(sheet.evaluate("each => each.clientWidth") / before - 1.25) < 0.02
    expect(shown.locator(".fv-mark").first).to_be_in_viewport()
    more(page).get_by_role("button", name="Fit the text").click()
    assert abs(sheet.evaluate("each => each.clientWidth") - before) <= 20  # a scroll bar
    shown.get_by_role("button", name="Fit the page").click()
    width = shown.locator(".fv-area").evaluate("area => area.clientWidth")
    assert 0 <= width - sheet.evaluate("each => each.clientWidth") <= 20


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (1024, 768), (380, 760)])
def test_the_paper_has_most_of_its_pane_and_the_quote_is_legible_at_once(
    browser: Browser, server: Server, width: int, height: int
) -> None:
    with opened(browser, server, viewport={"width": width, "height": height}) as page:
        shown = open_floods(page)
        area, mark = shown.locator(".fv-area").bounding_box(), shown.locator(".fv-mark").first.bounding_box()
        assert area
        assert mark
        assert area["height"] > 0.75 * height
        assert area["x"] <= mark["x"]
        assert mark["x"] + mark["width"] <= area["x"] + area["width"] + 1
        letters = shown.locator(".fv-word", has_text="sticks").evaluate(
            "word => parseFloat(getComputedStyle(word).fontSize)"
        )
        assert letters >= 8.5


def test_the_menu_goes_from_quote_to_quote_of_the_answer(page: Page) -> None:
    shown = open_floods(page)
    count = shown.locator(".fv-area").evaluate(
        "() => document.querySelectorAll('.fn-answer > .fn-sentence a.fn-ref').length"
    )
    quotes = more(page).get_by_role("group", name="Quotes in this paper").get_by_role("button")
    expect(quotes).to_have_count(count)
    quotes.last.click()
    expect(quotes.last).to_be_hidden()
    expect(shown.locator(f'.fv-mark[title="Quote {count}"]').first).to_be_in_viewport()


def test_a_question_on_the_selected_text_begins_with_it(page: Page) -> None:
    shown = open_floods(page)
    expect(shown.locator(".fv-selection")).to_be_hidden()
    choose_words(page, "dam", "mud")
    shown.get_by_role("button", name="Ask about this: the selected text, or the quote").click()
    box = page.get_by_label("Question", exact=True)
    expect(box).to_have_value("“dam of sticks and mud” ")
    expect(box).to_be_focused()


def test_passages_like_the_quote_come_from_all_papers_and_open(page: Page) -> None:
    shown = open_floods(page)
    more(page).get_by_role("button", name="More like this passage").press("Enter")
    expect(shown.get_by_text(re.compile(r"^\d+ passages like this:$"))).to_be_visible()
    shown.locator(".fv-similar").get_by_role("link", name=DAMS).first.click()
    expect(shown.locator(".fv-similar")).to_be_hidden()
    expect(shown.locator(".fv-mark").first).to_be_in_viewport()


def test_of_a_long_paper_only_the_pages_near_the_quote_are_drawn(page: Page) -> None:
    shown = open_quote(page, "On how many nights was the owl of the northern mill heard?", "4711")
    expect(shown.get_by_label("Page", exact=True)).to_have_value(str(OWL_PAGE))
    expect(shown.locator(".fv-mark").first).to_be_in_viewport()
    expect(shown.get_by_role("group", name=f"Page {OWL_PAGE}").locator(".fv-picture")).to_be_visible()
    expect(shown.locator(".fv-page")).to_have_count(LONG_PAGES)
    assert shown.locator(".fv-picture").count() < 8
    shown.get_by_label("Page", exact=True).fill("3")
    shown.get_by_label("Page", exact=True).press("Enter")
    expect(shown.get_by_role("group", name="Page 3", exact=True).locator(".fv-word").first).to_be_visible()


def test_a_paper_without_a_pdf_is_shown_as_text_in_which_no_word_is_markup(page: Page) -> None:
    page.evaluate(
        """document.addEventListener('securitypolicyviolation', (event) => { window.ran = event.blockedURI })"""
    )
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    shown = open_quote(page, "How many years old is the last newt?", "77")
    expect(shown.get_by_role("heading", name=NEWTS)).to_be_visible()
    expect(shown.locator("mark", has_text="The last newt is 77 years old.")).to_be_in_viewport()
    text = shown.locator(".fv-text")
    expect(text).to_contain_text("<script>alert(1)</script>")
    tags = text.evaluate("area => [...area.querySelectorAll('*')].map((each) => each.tagName)")
    assert set(tags) <= {"P", "H3", "MARK"}
    assert page.evaluate("window.ran") is None
    assert not [url for url in requested if ELSEWHERE in url]
    shown.get_by_role("button", name="Find in this paper").click()
    shown.get_by_role("searchbox").fill("newts like ponds")
    expect(shown.locator("mark.fv-chosen")).to_have_text("Newts like ponds")
    expect(shown.locator("mark.fv-chosen")).to_be_in_viewport()


def test_the_keyboard_is_enough_to_open_search_zoom_and_close(page: Page) -> None:
    ask(page, FLOODS)
    page.locator(".fn-answer a.fn-ref").first.press("Enter")
    shown = viewer(page)
    area = shown.get_by_role("region", name=f"Pages of {DAMS}")
    expect(area).to_be_focused()
    expect(shown.locator(".fv-picture").first).to_be_visible()
    before = shown.locator(".fv-zoomed").text_content()
    page.keyboard.press("+")
    expect(shown.locator(".fv-zoomed")).not_to_have_text(before or "")
    page.keyboard.press("/")
    expect(shown.get_by_role("searchbox")).to_be_focused()
    page.keyboard.press("Escape")
    expect(shown.get_by_role("searchbox")).to_be_hidden()
    expect(area).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(".fn-answer a.fn-ref").first).to_be_focused()
    shown.get_by_role("button", name="Back to the quotes").press("Enter")
    expect(shown).to_have_count(0)
    expect(page.locator(".fn-target").first).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 380])
def test_axe_finds_no_violation_in_the_viewer(browser: Browser, server: Server, scheme: str, width: int) -> None:
    size = {"width": width, "height": 900}
    with opened(browser, server, viewport=size, color_scheme=scheme) as page:
        shown = open_floods(page)
        shown.get_by_role("button", name="Find in this paper").click()
        shown.get_by_role("searchbox").fill("streams")
        expect(shown.locator(".fv-chosen")).to_be_in_viewport()
        assert violations(page) == []
        more(page)
        assert violations(page) == []
        shown.locator(".fv-area").focus()
        choose_words(page, "dam", "mud")
        expect(shown.locator(".fv-selection")).to_be_visible()
        assert violations(page) == []
