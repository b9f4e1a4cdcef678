"""The Library and Conversations tabs in a real browser."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

import pytest
from helpers.served import BIRDS, DAMS, OTTERS, TIDES, Server, add_papers, ask, opened, served, violations
from helpers.served import choose as narrow_to
from playwright.sync_api import Browser, Locator, Page, expect

QUESTION = "How many otters does the kite count?"


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
    """Open the Library tab and wait for the papers."""
    page.get_by_role("tab", name="Library").click()
    expect(row(page, OTTERS)).to_be_visible()
    return page


def row(page: Page, title: str) -> Locator:
    return page.locator("#papers").get_by_role("row").filter(has_text=title)


def titles(page: Page) -> Locator:
    """Return the cells of the first column in order."""
    return page.locator('#papers [role="gridcell"][aria-colindex="1"]')


def choose(page: Page, title: str) -> None:
    """Click the row of a paper, which fills in the form."""
    row(page, title).get_by_role("gridcell").first.click()
    expect(page.get_by_label("Title", exact=True)).to_have_value(title)


def upload(page: Page, server: Server, files: dict[str, bytes]) -> None:
    paths = [server.folder / name for name in files]
    for path in paths:
        path.write_bytes(files[path.name])
    page.get_by_role("tabpanel").get_by_test_id("file-upload").first.set_input_files(paths)


def choose_conversation(page: Page, name: str) -> None:
    page.get_by_role("tab", name="Conversations").click()
    page.locator("#talks").get_by_role("row").filter(has_text=name).first.get_by_role("gridcell").first.click()
    expect(page.get_by_label("Name of the chosen")).to_have_value(name)


def listed(server: Server) -> list[str]:
    with server.record() as record:
        return [each.name for each in record.conversations()]


# The library


def test_the_table_lists_each_paper_with_its_metadata(page: Page) -> None:
    library(page)
    expect(titles(page)).to_have_count(4)
    cells = row(page, DAMS).get_by_role("gridcell")
    assert cells.all_inner_texts()[:5] == [DAMS, "Ada Lovelace", "", "dams.pdf", "2"]
    assert row(page, TIDES).get_by_role("gridcell").nth(2).inner_text() == "2019"
    assert row(page, BIRDS).get_by_role("gridcell").nth(6).inner_text() == "birds"


@pytest.mark.parametrize(
    ("order", "expected"), [("ascending", [BIRDS, DAMS, OTTERS, TIDES]), ("descending", [TIDES, OTTERS, DAMS, BIRDS])]
)
def test_the_table_is_sorted_by_a_column(page: Page, order: str, expected: Sequence[str]) -> None:
    library(page)
    header = page.get_by_role("columnheader", name="Title")
    header.hover()
    header.get_by_label("Open cell menu").click()
    page.get_by_role("menuitem", name=f"Sort {order}").click()
    expect(titles(page)).to_have_text(expected)


def test_the_table_is_searched(page: Page) -> None:
    library(page)
    page.get_by_label("Search the table").fill("lovelace")
    expect(titles(page)).to_have_text([DAMS])
    page.get_by_label("Search the table").fill("")
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
    report = page.locator("#upload-report")
    expect(report.locator("li")).to_have_text(re.compile(r"^broken\.pdf: \w+"))
    expect(report.locator("p")).to_have_text("1 added, 1 failed.")
    assert re.search(r"\d/2 files", page.evaluate("seen"))
    expect(row(page, "Burrows of Marmots")).to_contain_text("marmots.html")
    choose(page, "Burrows of Marmots")
    page.get_by_role("button", name="Tables of the paper").click()
    shown = page.locator("#paper-tables").get_by_role("table", name="Table 1. Depth of burrows by meadow.")
    expect(shown.get_by_role("columnheader")).to_have_text(["meadow", "depth in metres"])
    expect(shown.get_by_role("rowheader")).to_have_text(["northern meadow", "southern meadow"])
    expect(shown.get_by_role("cell")).to_have_text(["6.4 <b>", "2.9"])
    assert violations(page) == []
    page.get_by_role("tab", name="Read").click()
    expect(page.get_by_text(re.compile(r"^5 papers ")).first).to_be_visible()
    assert "6.4 metres deep" in ask(page, "How deep are the burrows that marmots dig?")
    ask(page, "What is the depth of burrows in the southern meadow?")
    page.locator(".fn-sentence", has_text="southern meadow, depth in metres: 2.9").locator("a.fn-ref").last.click()
    quoted = page.locator(".fn-target:visible mark", has_text=re.compile("southern|2.9"))
    expect(quoted).to_have_text(["southern meadow", "2.9"])
    expect(page.locator("#viewer mark").first).to_be_visible()
    assert violations(page) == []


def test_files_that_could_not_be_read_are_listed_with_the_reason(page: Page) -> None:
    library(page)
    unread = page.locator("li", has_text="torn.pdf")
    expect(unread).to_have_count(0)
    page.get_by_role("button", name="Files that could not be read").click()
    expect(unread).to_have_text("torn.pdf: it is damaged or not a PDF")


def test_an_upload_of_an_unsupported_file_lists_the_supported_formats(page: Page, server: Server) -> None:
    library(page)
    upload(page, server, {"photo.png": b"\x89PNG"})
    expect(page.locator("#upload-report li")).to_contain_text(
        "photo.png: files of the kind '.png' are not read; known are"
    )
    expect(row(page, "photo")).to_have_count(0)


def test_a_correction_lasts_and_its_tag_is_a_filter(page: Page, server: Server) -> None:
    library(page)
    choose(page, TIDES)
    page.get_by_label("Title", exact=True).fill("Tidal Clocks, Corrected")
    page.get_by_label("Tags, separated by semicolons").fill("water; clocks")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved: Tidal Clocks, Corrected")).to_be_visible()
    expect(row(page, "Tidal Clocks, Corrected")).to_contain_text("water, clocks")
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
    expect(page.locator("#edit-report")).to_contain_text("Stored answers lose the words that they quote from it")
    surely.click()
    expect(page.locator("#edit-report")).to_have_text("Removed: Tunnels of Moles")
    expect(row(page, "Tunnels of Moles")).to_have_count(0)
    expect(surely).to_be_hidden()
    expect(page.get_by_label("Title", exact=True)).to_have_value("")
    assert "Tunnels of Moles" not in server.run("list")


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
    page.get_by_label("Sort by").select_option("Title")
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
    choose_conversation(page, "Where do kites find otters?")
    page.get_by_label("Name of the chosen").fill("Otters <i>and</i> kites")
    page.get_by_role("button", name="Rename").click()
    choose_conversation(page, "Otters <i>and</i> kites")
    page.get_by_role("button", name="Open", exact=True).click()
    expect(page.get_by_test_id("user")).to_have_text("Where do kites find otters?")
    page.locator("a.fn-ref").last.click()
    expect(page.locator("#evidence mark:visible").first).to_be_visible()
    ask(page, "And in fog?")
    choose_conversation(page, "Otters <i>and</i> kites")
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("button", name="Really delete it").click()
    expect(page.get_by_label("Name of the chosen")).to_have_value("")
    page.get_by_role("tab", name="Read").click()
    expect(page.locator(".fn-answer")).to_have_count(0)  # it was open
    assert not {"Where do kites find otters?", "Otters <i>and</i> kites", "And in fog?"} & set(listed(server))


def test_a_conversation_is_exported_as_markdown_and_bibtex(page: Page) -> None:
    ask(page, "Which summer floods do dams of beavers lower?")
    ask(page, "How much silt do streams with a dam carry?")
    choose_conversation(page, "Which summer floods do dams of beavers lower?")
    files = {}
    for link in ("Download as Markdown", "References as BibTeX"):
        with page.expect_download() as download:
            page.get_by_role("link", name=link).click()
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
        choose(page, OTTERS)
        page.get_by_role("button", name="Remove the paper").click()
        page.get_by_role("button", name="Files that could not be read").click()
        expect(page.get_by_role("button", name="Really remove it")).to_be_visible()
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        choose_conversation(page, QUESTION)
        expect(page.get_by_role("link", name="Download as Markdown")).to_be_visible()
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
