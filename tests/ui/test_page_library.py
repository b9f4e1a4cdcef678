"""The Library and Conversations tabs in a real browser."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from helpers.served import BIRDS, DAMS, OTTERS, TIDES, Server, add_papers, ask, open_card, opened, served, violations
from helpers.served import choose as narrow_to
from playwright.sync_api import Browser, Locator, Page, expect

QUESTION = "How many otters does the kite count?"
FLOODS = "By how much does a dam of sticks lower a summer flood?"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The page over the test papers; it must not log an unexpected error."""
    folder = tmp_path_factory.mktemp("page")
    add_papers(folder)
    with served(folder) as running:
        yield running
        assert "Traceback" not in running.stop()


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    with opened(browser, server) as ready:
        yield ready


def library(page: Page) -> Page:
    """Open the Library place and wait for the papers."""
    page.get_by_role("tab", name="Library").click()
    expect(row(page, OTTERS)).to_be_visible()
    return page


def row(page: Page, title: str) -> Locator:
    return page.locator("#library-place .fn-rows li").filter(has_text=title)


def titles(page: Page) -> Locator:
    return page.locator("#library-place .fn-title")


def sheet(page: Page) -> Locator:
    return page.get_by_role("region", name="Details of the paper")


def choose(page: Page, title: str) -> None:
    """Click the title of a paper, which opens its side sheet."""
    row(page, title).get_by_role("button", name=title).click()
    expect(page.get_by_label("Title", exact=True)).to_have_value(title)


def part(page: Page, name: str) -> Locator:
    """Open a part of the side sheet."""
    shown = sheet(page).locator("details", has=page.locator("summary", has_text=name))
    shown.locator("summary").click()
    return shown


def upload(page: Page, server: Server, files: dict[str, bytes]) -> None:
    paths = [server.folder / name for name in files]
    for path in paths:
        path.write_bytes(files[path.name])
    page.get_by_role("tabpanel").get_by_test_id("file-upload").first.set_input_files(paths)


def conversation(page: Page, name: str) -> Locator:
    """Go to the conversations; return the last one with this name."""
    page.get_by_role("tab", name="Conversations").click()
    found = page.locator("#talks-place li", has=page.get_by_role("button", name=name, exact=True)).first
    expect(found).to_be_visible()
    return found


def listed(server: Server) -> list[str]:
    with server.record() as record:
        return [each.name for each in record.conversations()]


# The library


def test_each_row_shows_what_is_known_of_a_paper(page: Page) -> None:
    library(page)
    expect(titles(page)).to_have_count(4)
    expect(row(page, DAMS).locator(".fn-quiet")).to_have_text("Ada Lovelace · Full text")
    expect(row(page, TIDES).locator(".fn-quiet")).to_have_text("2019 · Full text")
    expect(row(page, BIRDS).locator(".fn-tag")).to_have_text(["birds"])


def test_the_rows_are_sorted_and_searched(page: Page) -> None:
    library(page)
    place = page.locator("#library-place")
    place.get_by_label("Sort by").select_option("Title")
    expect(titles(page)).to_have_text([BIRDS, DAMS, OTTERS, TIDES])
    place.get_by_label("Sort by").select_option("Year")
    expect(titles(page).first).to_have_text(TIDES)
    page.get_by_label("Search the papers").fill("lovelace")
    expect(titles(page)).to_have_text([DAMS])
    page.get_by_label("Search the papers").fill("")
    expect(titles(page)).to_have_count(4)


def test_an_upload_shows_progress_result_and_why_a_file_failed(page: Page, server: Server) -> None:
    library(page)
    page.evaluate(
        """() => {
            window.seen = "";
            const look = () => { seen += document.querySelector(".progress-text")?.textContent ?? ""; };
            new MutationObserver(look).observe(document.body, { childList: true, subtree: true, characterData: true });
        }"""
    )
    table = (
        b"<table><caption>Table 1. Depth of burrows by meadow.</caption>"
        b"<tr><th>meadow</th><th>depth in metres</th></tr>"
        b"<tr><td>northern meadow</td><td>6.4 &lt;b&gt;</td></tr><tr><td>southern meadow</td><td>2.9</td></tr></table>"
    )
    marmots = b"<h1>Burrows of Marmots</h1><p>Marmots dig burrows that are 6.4 metres deep.</p>" + table
    upload(page, server, {"marmots.html": marmots, "broken.pdf": b"%PDF-1.4 nothing"})
    report = page.locator(".fn-news")
    expect(report.locator("li")).to_have_text(re.compile(r"^broken\.pdf: \w+"))
    expect(report.locator("p")).to_have_text("1 added, 1 failed.")
    page.get_by_role("button", name="Close message").click()
    page.locator("summary", has_text="Files that could not be read").click()
    unread = page.locator("#library-place li", has_text="broken.pdf")
    expect(unread).to_contain_text("broken.pdf: it is damaged or not a PDF")
    expect(unread).to_contain_text("not kept: add it again")
    assert re.search(r"\d/2 files", page.evaluate("seen"))
    page.reload()
    page.get_by_role("button", name="2 files could not be read").click()
    expect(unread).to_be_visible()
    unread.get_by_role("button", name="Dismiss").click()
    expect(unread).to_have_count(0)
    expect(page.get_by_role("button", name="1 file could not be read")).to_be_visible()
    choose(page, "Burrows of Marmots")
    expect(sheet(page).locator("dl")).to_contain_text("marmots.html")
    part(page, "Tables of the paper")
    shown = page.locator("#paper-tables").get_by_role("table", name="Table 1. Depth of burrows by meadow.")
    expect(shown.get_by_role("columnheader")).to_have_text(["meadow", "depth in metres"])
    expect(shown.get_by_role("rowheader")).to_have_text(["northern meadow", "southern meadow"])
    expect(shown.get_by_role("cell")).to_have_text(["6.4 <b>", "2.9"])
    assert violations(page) == []
    page.get_by_role("tab", name="Read").click()
    expect(page.get_by_text(re.compile(r"^5 papers ")).first).to_be_visible()
    assert "6.4 metres deep" in ask(page, "How deep are the burrows that marmots dig?")
    ask(page, "What is the depth of burrows in the southern meadow?")
    footnote = page.locator(".fn-sentence", has_text="southern meadow, depth in metres: 2.9").locator("a.fn-ref").last
    footnote.click()
    expect(page.locator("#viewer mark").first).to_be_visible()
    assert violations(page) == []
    quoted = open_card(page, footnote).locator("mark", has_text=re.compile("southern|2.9"))
    expect(quoted).to_have_text(["southern meadow", "2.9"])
    assert violations(page) == []


def test_files_that_could_not_be_read_are_listed_with_the_reason(page: Page) -> None:
    library(page)
    unread = page.locator("#library-place li", has_text="torn.pdf")
    expect(unread).to_be_hidden()
    page.locator("summary", has_text=re.compile(r"Files that could not be read \(\d\)")).click()
    expect(unread).to_contain_text("torn.pdf: it is damaged or not a PDF")
    page.get_by_role("button", name="Try torn.pdf again").click()
    expect(page.locator("#library-report")).to_have_text("0 added, 1 failed.")
    expect(unread).to_contain_text("torn.pdf: it is damaged or not a PDF")


def test_an_upload_of_an_unsupported_file_lists_the_supported_formats(page: Page, server: Server) -> None:
    library(page)
    upload(page, server, {"photo.png": b"\x89PNG"})
    expect(page.locator(".fn-news li")).to_contain_text("photo.png: '.png' files are not supported; supported formats:")
    expect(row(page, "photo")).to_have_count(0)


def test_a_correction_lasts_and_its_tag_is_a_filter(page: Page, server: Server) -> None:
    library(page)
    choose(page, TIDES)
    page.get_by_label("Title", exact=True).fill("Tidal Clocks, Corrected")
    page.get_by_label("Tags, separated by semicolons").fill("water; clocks")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved: Tidal Clocks, Corrected")).to_be_visible()
    expect(row(page, "Tidal Clocks, Corrected").locator(".fn-tag")).to_have_text(["water", "clocks"])
    expect(sheet(page).get_by_role("heading")).to_have_text("Tidal Clocks, Corrected")
    page.get_by_role("tab", name="Read").click()
    narrow_to(page, "Tag", "clocks")
    ask(page, "By how many seconds do the clocks differ?")
    assert set(page.locator("#evidence h3").all_text_contents()) == {"Tidal Clocks, Corrected"}
    (paper,) = [paper for paper in json.loads(server.run("list", "--json")) if "Tidal" in paper["title"]]
    assert (paper["title"], paper["tags"], paper["year"]) == ("Tidal Clocks, Corrected", ["water", "clocks"], 2019)
    server.run("edit", "Tidal Clocks, Corrected", "--title", TIDES)


def test_an_invalid_value_is_refused_and_not_stored(page: Page, server: Server) -> None:
    library(page)
    choose(page, DAMS)
    page.get_by_role("textbox", name="Year").fill("last year")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#edit-report")).to_contain_text(
        "The year 'last year' is not a whole number from 1000 to 2100."
    )
    with server.record() as record:
        assert record.paper(DAMS).year is None


def test_a_removal_needs_confirmation(page: Page, server: Server) -> None:
    server.add("moles.txt", "Tunnels of Moles\n\nMoles dig tunnels that are 70 metres long in a single night.\n")
    library(page)
    choose(page, "Tunnels of Moles")
    surely = page.get_by_role("button", name="Really remove it")
    expect(surely).to_be_hidden()
    page.get_by_role("button", name="Remove the paper").click()
    expect(surely).to_be_visible()
    choose(page, DAMS)
    expect(surely).to_be_hidden()  # it was of another paper
    choose(page, "Tunnels of Moles")
    page.get_by_role("button", name="Remove the paper").click()
    expect(sheet(page)).to_contain_text("Stored answers lose the words that they quote from it")
    surely.click()
    expect(page.locator("#library-report")).to_have_text("Removed: Tunnels of Moles")
    expect(row(page, "Tunnels of Moles")).to_have_count(0)
    expect(sheet(page)).to_be_hidden()
    assert "Tunnels of Moles" not in server.run("list")


def test_a_guessed_field_is_confirmed_and_bibtex_fills_in_the_others(page: Page, server: Server) -> None:
    with server.record() as record:
        records = record.library.records
        guessed = replace(record.paper(DAMS), certainty=(("title", 0.97), ("authors", 0.6)))
        with records.transaction() as db:
            records.put_details(db, records.paper_key(DAMS), guessed, {})
    library(page)
    choose(page, DAMS)
    expect(sheet(page).locator(".fn-doubt")).to_have_text(["guessed: please check"])
    page.get_by_role("button", name="Authors, separated by semicolons is right").click()
    expect(page.locator("#edit-report")).to_have_text(f"Saved: {DAMS}")
    expect(page.get_by_role("button", name="Authors, separated by semicolons is right")).to_have_count(0)
    part(page, "Fill in from BibTeX")
    fields = f"title={{{DAMS}}}, author={{Lovelace, Ada and Hill, Tom}}, journal={{River Notes}}, year=2020"
    page.get_by_label("BibTeX of the paper").fill(f"@article{{dams20, {fields}}}")
    page.get_by_role("button", name="Fill in the fields").click()
    expect(page.get_by_label("Venue")).to_have_value("River Notes")
    expect(sheet(page)).to_contain_text("was: Ada Lovelace")
    page.get_by_role("button", name="Save").click()
    expect(row(page, DAMS).locator(".fn-quiet")).to_have_text("Ada Lovelace, Tom Hill · 2020 · River Notes · Full text")
    with server.record() as record:
        assert record.paper(DAMS).citekey == "dams20"
        record.edit(DAMS, authors=["Ada Lovelace"], year=None, venue=None, citekey=None)
    page.get_by_label("BibTeX of the paper").fill("no entry")
    page.get_by_role("button", name="Fill in the fields").click()
    expect(page.locator("#edit-report")).to_contain_text("There is no BibTeX entry with a title")


def test_the_sheet_leads_to_what_was_quoted_and_asked(page: Page) -> None:
    ask(page, FLOODS)
    library(page)
    choose(page, DAMS)
    expect(part(page, "Questions so far").get_by_role("link", name=FLOODS).first).to_be_visible()
    quote = part(page, "Quotes so far").locator("li", has_text="lowers the peak of a summer flood by 31%")
    quote.get_by_role("link", name="Open the paper here").click()
    expect(page.get_by_role("tab", name="Read")).to_have_attribute("aria-selected", "true")
    expect(page.locator("#viewer .fv-mark").first).to_be_visible()


def test_several_papers_are_tagged_asked_and_removed_at_once(page: Page, server: Server) -> None:
    for name in ("Voles", "Shrews"):
        server.add(f"{name.lower()}.txt", f"Nests of {name}\n\n{name} build nests of grass that are 9 cm wide.\n")
    library(page)
    page.get_by_label("Search the papers").fill("nests of")
    expect(titles(page)).to_have_count(2)
    page.get_by_role("button", name="Select all shown").click()
    several = page.get_by_role("group", name="Selected papers")
    expect(several).to_contain_text("2 papers selected")
    several.get_by_label("Tag for the selected papers").fill("nests")
    with page.expect_request("**/papers/tag.json"):
        several.get_by_role("button", name="Add tag").click()
    expect(page.locator("#library-report")).to_have_text("2 papers done.")
    expect(page.locator("#library-place .fn-tag")).to_have_text(["nests", "nests"])
    several.get_by_role("button", name="Ask only these").click()
    expect(page.locator("#scoped")).to_contain_text("Nests of Voles")
    page.get_by_role("tab", name="Library").click()
    several.get_by_role("button", name="Remove tag").click()
    expect(page.locator("#library-place .fn-tag")).to_have_count(0)
    several.get_by_role("button", name="Remove", exact=True).click()
    several.get_by_role("button", name="Really remove 2 papers").click()
    expect(page.locator("#library-report")).to_have_text("2 papers done.")
    expect(titles(page)).to_have_count(0)
    assert "Nests" not in server.run("list")


def test_a_paper_without_a_citation_key_shows_the_one_that_exports_make(page: Page) -> None:
    library(page)
    choose(page, DAMS)
    expect(sheet(page).get_by_label("Citation key")).to_have_attribute(
        "placeholder", re.compile(r"^lovelace\w* in exports$")
    )


def test_the_keyboard_is_enough_to_open_and_close_a_sheet(page: Page) -> None:
    library(page)
    row(page, OTTERS).get_by_role("checkbox").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(sheet(page).get_by_role("heading")).to_be_focused()
    page.keyboard.press("Escape")
    expect(sheet(page)).to_be_hidden()
    expect(row(page, OTTERS).get_by_role("button", name=OTTERS)).to_be_focused()


def test_a_question_to_a_removed_paper_gets_a_message(page: Page, server: Server) -> None:
    server.add("bats.txt", "Echoes of Bats\n\nBats hear echoes of moths that are 3 metres away.\n")
    page.reload()
    narrow_to(page, "", "Echoes of Bats")
    server.run("remove", "Echoes of Bats")
    box = page.get_by_label("Question", exact=True)
    box.fill(QUESTION)
    box.press("Enter")
    expect(page.get_by_test_id("bot")).to_contain_text(
        "No paper in this library has the id, title, citekey or file name"
    )


# What a question is put to


def test_the_scope_is_shown_before_and_with_the_answer(page: Page, server: Server) -> None:
    scope, clear = page.locator("#scoped"), page.get_by_role("button", name="Search all papers")
    expect(scope).to_have_text("Scope: all papers")
    expect(clear).to_be_hidden()
    count = len(json.loads(server.run("list", "--json")))
    narrow_to(page, "Tag", "birds")
    expect(scope).to_have_text(f"Scope: 1 of {count} papers, tag: birds")
    answer = ask(page, "What is the boiling point of ethanol?")
    assert f"Searched: 1 of {count} papers, tag: birds." in answer
    assert f"1 of {count} papers searched" in answer
    assert violations(page) == []
    page.reload()
    expect(page.locator(".fn-scope")).to_have_text(f"Searched: 1 of {count} papers, tag: birds.")
    expect(scope).to_have_text("Scope: all papers")
    expect(page.locator("#library-pane input:checked")).to_have_count(0)
    assert f"[refused; 1 of {count} papers, tag: birds]" in server.run("history")


@pytest.mark.parametrize("way_out", ["Search all papers", "New conversation"])
def test_a_scope_is_cleared_by_its_button_and_by_a_new_conversation(page: Page, way_out: str) -> None:
    narrow_to(page, "Tag", "birds")
    expect(page.locator("#scoped")).to_contain_text("tag: birds")
    page.get_by_role("button", name=way_out).click()
    expect(page.locator("#scoped")).to_have_text("Scope: all papers")
    ask(page, "How deep are the rivers in which a kite sees otters?")
    expect(page.locator(".fn-scope")).to_have_count(0)
    expect(page.locator("#library-pane input:checked")).to_have_count(0)


def test_the_library_pane_is_searched_sorted_and_narrowed_with_counts(page: Page) -> None:
    shown = page.locator("#library-pane .fn-row-title")
    expect(page.locator("#library-pane [role=status]")).to_contain_text("papers")
    page.locator("#library-pane").get_by_label("Sort by").select_option("Title")
    expect(shown.first).to_have_text(BIRDS)
    page.get_by_label("Search the library").fill("lovelace")
    expect(shown).to_have_text([DAMS])
    page.get_by_role("button", name="Ask only these").click()
    expect(page.locator("#scoped")).to_contain_text(f"paper: {DAMS}")
    page.get_by_label("Search the library").fill("")
    expect(shown.first).to_have_text(DAMS)  # what is chosen stays in sight
    page.get_by_role("button", name="Search all papers").click()
    page.locator("#library-pane summary", has_text="Year").click()
    expect(page.get_by_role("group", name="Year").locator("label")).to_have_text(["20191"])


# Conversations


def test_a_conversation_continues_after_a_quoted_paper_was_removed(page: Page, server: Server) -> None:
    server.add("newts.txt", "Ponds of Newts\n\nNewts live in ponds that are 40 centimetres deep.\n")
    ask(page, "How deep are the ponds that newts live in?")
    server.run("remove", "Ponds of Newts")
    assert "94.5%" in ask(page, QUESTION)
    assert "How deep are the ponds that newts live in?" in listed(server)  # the conversation keeps its name


def test_a_conversation_is_renamed_reopened_and_deleted(page: Page, server: Server) -> None:
    ask(page, "Where do kites find otters?")
    page.get_by_role("button", name="New conversation").click()
    expect(page.locator(".fn-answer")).to_have_count(0)
    name = "Otters <i>and</i> kites"
    conversation(page, "Where do kites find otters?").get_by_role("button", name="Rename").press("Enter")
    page.get_by_label("Name of Where do kites find otters?").fill(name)
    page.keyboard.press("Enter")
    conversation(page, name).get_by_role("button", name=name, exact=True).click()
    expect(page.get_by_role("tab", name="Read")).to_have_attribute("aria-selected", "true")
    expect(page.get_by_test_id("user")).to_have_text("Where do kites find otters?")
    open_card(page, page.locator("a.fn-ref").last)
    ask(page, "And in fog?")
    again = conversation(page, name)
    expect(again.locator(".fn-quiet")).to_contain_text("2 questions")
    expect(again.locator(".fn-quiet")).to_contain_text("last: “And in fog?”")
    again.get_by_role("button", name="Delete").press("Enter")
    page.get_by_role("button", name="Really delete it").press("Enter")
    expect(again).to_have_count(0)
    page.get_by_role("tab", name="Read").click()
    expect(page.locator(".fn-answer")).to_have_count(0)  # it was open
    assert not {"Where do kites find otters?", "Otters <i>and</i> kites", "And in fog?"} & set(listed(server))


def test_a_conversation_is_exported_as_markdown_and_bibtex(page: Page) -> None:
    ask(page, "Which summer floods do dams of beavers lower?")
    ask(page, "How much silt do streams with a dam carry?")
    talk = conversation(page, "Which summer floods do dams of beavers lower?")
    files = {}
    for link in ("Markdown", "BibTeX"):
        with page.expect_download() as download:
            talk.get_by_role("link", name=link).click()
        files[download.value.suggested_filename.rpartition(".")[2]] = download.value.path().read_text()
    assert sorted(files) == ["bib", "md"]
    assert "How much silt do streams with a dam carry?" in files["md"]
    assert "18 grams of silt" in files["md"]
    assert f"title = {{{DAMS}}}" in files["bib"]


def test_an_answer_is_exported_as_markdown_and_bibtex(page: Page) -> None:
    ask(page, QUESTION)
    for name, expected in [("Markdown", "94.5%"), ("BibTeX", OTTERS)]:
        with page.expect_download() as download:
            page.locator(".fn-tools").get_by_role("link", name=name).click()
        assert expected in download.value.path().read_text()


# Form


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 380)])
def test_library_and_conversations_are_accessible_in_light_and_dark_wide_and_narrow(
    browser: Browser, server: Server, scheme: str, width: int
) -> None:
    with opened(browser, server, color_scheme=scheme, viewport={"width": width, "height": 800}) as page:
        ask(page, QUESTION)
        library(page)
        row(page, BIRDS).get_by_role("checkbox").check()
        page.locator("summary", has_text="Files that could not be read").click()
        assert violations(page) == []
        choose(page, OTTERS)
        for name in ("Fill in from BibTeX", "Outline", "Quotes so far", "Questions so far"):
            part(page, name)
        page.get_by_role("button", name="Remove the paper").click()
        expect(page.get_by_role("button", name="Really remove it")).to_be_visible()
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.get_by_role("button", name="Close", exact=True).click()
        talk = conversation(page, QUESTION)
        talk.get_by_role("button", name="Delete").click()
        assert violations(page) == []
        talk.get_by_role("button", name="Rename").click()
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
