"""A page without papers: ways to add some, progress that a reload does not lose, a model that is started later."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from helpers.fake_embedder import fake_embedder
from helpers.injections import HOSTILE
from helpers.served import Server, served, violations
from playwright.sync_api import Browser, Page, expect

from rag import Assistant
from ui.adding import Adding
from ui.state_route import add_state_routes


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The page over a library without papers; it must not write to stderr."""
    folder = tmp_path_factory.mktemp("first")
    with served(folder) as running:
        yield running
        assert running.stop() == ""
        assert not (folder / "attempts").exists()


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    with browser.new_context() as context:
        made = context.new_page()
        made.set_default_timeout(20_000)
        made.goto(server.url)
        expect(made.locator(".fn-state")).to_contain_text("paper")  # from the first event: the page is ready
        yield made


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 380)])
def test_a_first_start_shows_the_ways_to_add_papers(browser: Browser, tmp_path: Path, scheme: str, width: int) -> None:
    with (
        served(tmp_path) as running,
        browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 700}) as context,  # type: ignore[arg-type]
    ):
        page = context.new_page()
        page.goto(running.url)
        for name in ("Add files", "Copy a folder", "Add by path", "Try the sample"):
            expect(page.get_by_role("button", name=name)).to_be_visible()
        expect(page.get_by_role("heading", name="Add your papers and ask questions about them")).to_be_in_viewport()
        assert violations(page) == []
        page.get_by_role("button", name="Add by path").press("Enter")
        expect(page.get_by_label("Path on this computer")).to_be_focused()
        assert violations(page) == []


def test_added_files_are_told_until_the_message_is_closed(page: Page, tmp_path: Path) -> None:
    (tmp_path / "eels.txt").write_text("Eels in Weirs\n\nWe counted 94 eels in nine weirs.\n")
    (tmp_path / "torn.txt").write_text("")
    (tmp_path / ".hidden").write_text("no paper")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Add files").press("Enter")
    chooser.value.set_files(list(tmp_path.iterdir()))
    news = page.locator(".fn-news")
    expect(news.get_by_role("status")).to_have_text("1 added, 1 failed.")
    expect(news.get_by_role("listitem")).to_have_text("torn.txt: the file is empty")
    expect(page.locator(".fn-state")).to_contain_text("1 paper")
    expect(page.get_by_role("button", name="Select example 1")).to_be_visible()
    expect(page.get_by_role("button", name="Try the sample")).to_be_hidden()
    expect(page.locator("#library-pane").get_by_role("checkbox", name="Eels in Weirs")).to_be_visible()
    assert violations(page) == []
    page.reload()
    expect(news.get_by_role("status")).to_have_text("1 added, 1 failed.")
    news.get_by_role("button", name="Close").press("Enter")
    expect(news).to_be_hidden()
    with page.expect_response("**/state.json"):
        page.reload()
    expect(page.get_by_role("button", name="Select example 1")).to_be_visible()
    expect(news).to_be_hidden()


def test_a_folder_of_this_machine_is_added_by_its_path(browser: Browser, tmp_path: Path) -> None:
    papers = tmp_path / "a folder"
    papers.mkdir()
    for number in range(3):
        (papers / f"{number}.txt").write_text(f"Eels in Weir {number}\n\nWe counted {number} eels in this weir.\n")
    with served(tmp_path) as running, browser.new_context() as context:
        page = context.new_page()
        page.goto(running.url)
        page.get_by_role("button", name="Add by path").press("Enter")
        for bad in (*HOSTILE, "papers", str(tmp_path / "nothing")):
            page.get_by_label("Path on this computer").fill(bad)
            page.keyboard.press("Enter")
            expect(page.get_by_role("alert")).to_contain_text(re.compile("no such file or folder|Write the whole path"))
            page.get_by_role("alert").evaluate("each => { each.textContent = '' }")
        page.get_by_label("Path on this computer").fill(f"'{papers}'")
        page.keyboard.press("Enter")
        expect(page.get_by_role("dialog")).to_be_hidden()
        expect(page.locator(".fn-news").get_by_role("status")).to_have_text("3 added.")
        expect(page.locator(".fn-state")).to_contain_text("3 papers")
        assert str(tmp_path) not in page.content()


def test_a_page_that_is_open_to_others_says_which_command_adds_a_path(page: Page) -> None:
    tell(page, papers=0, reads_paths=False)
    page.evaluate("document.dispatchEvent(new Event('footnote-add-path'))")
    expect(page.get_by_role("dialog")).to_contain_text("footnote add PATH")
    expect(page.get_by_label("Path on this computer")).to_be_hidden()
    assert violations(page) == []


def tell(page: Page, **more: Any) -> None:
    """Have the page see this state of the server."""
    told = {
        "adding": None,
        "papers": 3,
        "version": "1",
        "model": "",
        "looks_for_model": True,
        "reads_paths": True,
    } | more
    page.unroute_all()
    page.route("**/state.json", lambda route: route.fulfill(json=told))
    with page.expect_response("**/state.json"):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def test_progress_is_shown_again_after_a_reload(page: Page) -> None:
    line = "Adding papers: 3 of 9 files read, 2 papers so far"
    tell(page, adding={"is_running": True, "text": line, "done": 3, "total": 9, "failed": []})
    for _ in range(2):
        expect(page.locator(".fn-news").get_by_role("status")).to_have_text(line)
        expect(page.get_by_role("progressbar", name="Files read")).to_have_js_property("value", 3)
        page.reload()
    expect(page.locator(".fn-state")).to_contain_text("paper")
    assert violations(page) == []


def test_a_model_that_is_started_later_is_noticed(page: Page) -> None:
    tell(page)
    expect(page.locator(".fn-news")).to_be_hidden()
    tell(page, model="qwen3:4b", looks_for_model=False)
    expect(page.locator(".fn-news").get_by_role("status")).to_contain_text("qwen3:4b was found.")


def test_hostile_names_are_shown_literally_in_the_news(page: Page) -> None:
    failed = [f"{bad}: torn" for bad in HOSTILE]
    tell(page, adding={"is_running": False, "text": HOSTILE[0], "done": 0, "total": 0, "failed": failed})
    news = page.locator(".fn-news")
    expect(news.get_by_role("listitem")).to_have_count(len(HOSTILE))
    assert news.locator("li").evaluate_all("items => items.map(each => each.textContent)") == failed
    assert news.get_by_role("status").evaluate("each => each.textContent") == HOSTILE[0]
    assert news.locator("*:not(p, progress, button, ul, li)").count() == 0


# The server's side


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Assistant]:
    with Assistant.open(library=tmp_path / "library", mode="quote", embedder=fake_embedder()) as opened:
        yield opened


def ended(adding: Adding) -> dict[str, Any]:
    """Return what an adding did, once it has ended."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        state = adding.state()
        if state and not state["is_running"]:
            return state
        time.sleep(0.02)
    raise AssertionError("adding does not end")


def test_the_sample_is_added_in_the_background_under_a_tag(empty: Assistant) -> None:
    adding = Adding(empty)
    assert adding.state() is None
    adding.start_sample()
    begun = adding.state()
    assert begun is not None
    assert begun["is_running"]
    assert ended(adding)["text"] == "84 added."
    assert {paper.tags for paper in empty.papers()} == {("sample",)}
    adding.dismiss()
    assert adding.state() is None


def test_an_error_ends_an_adding_and_is_told(empty: Assistant) -> None:
    adding = Adding(empty)
    adding.add_uploads(["x.txt"] * 201, lambda _: None)
    assert ended(adding)["failed"] == ("201 files are too many: an upload can have at most 200.",)


def test_only_files_that_were_uploaded_are_added(empty: Assistant, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("Secret\n\nNobody reads this.\n")
    app = FastAPI()
    add_state_routes(app, empty, Adding(empty))
    with TestClient(app) as client:
        assert client.post("/adding/files", json={"paths": [str(secret)]}).status_code == 403
        assert client.post("/adding/files", json={"paths": []}).status_code == 422
        assert client.get("/state.json").json() == {
            "adding": None, "papers": 0, "version": "", "model": "", "looks_for_model": False, "reads_paths": False,
        }  # fmt: skip


@pytest.mark.parametrize(
    ("host", "client", "status"),
    [
        ("127.0.0.1", "127.0.0.1", 202),
        ("::1", "::1", 202),
        ("0.0.0.0", "127.0.0.1", 403),
        ("127.0.0.1", "10.0.0.7", 403),
    ],
)
def test_paths_are_read_for_this_machine_only(tmp_path: Path, host: str, client: str, status: int) -> None:
    file = tmp_path / "eels.txt"
    file.write_text("Eels in Weirs\n\nWe counted 94 eels in nine weirs.\n")
    options = {"mode": "quote", "embedder": fake_embedder(), "overrides": {"ui": {"host": host}}}
    with Assistant.open(tmp_path / "library", **options) as assistant:
        app, adding = FastAPI(), Adding(assistant)
        add_state_routes(app, assistant, adding)
        with TestClient(app, client=(client, 50_000)) as browser:
            assert browser.get("/state.json").json()["reads_paths"] == (status == 202)
            assert browser.post("/adding/path", json={"path": str(file)}).status_code == status
        assert status == 403 or ended(adding)["text"] == "1 added."
        assert len(assistant.papers()) == (status == 202)


def test_files_that_the_browser_could_not_send_are_told_and_remembered_until_they_are_dismissed(
    empty: Assistant,
) -> None:
    adding = Adding(empty)
    app = FastAPI()
    add_state_routes(app, empty, adding)
    with TestClient(app) as client:
        assert client.post("/adding/files", json={"paths": [], "failed": {"big.pdf": "too large"}}).status_code == 202
    assert ended(adding)["failed"] == ("big.pdf: too large",)
    adding.dismiss()
    assert adding.unread() == {"big.pdf": "too large"}
    adding.forget("big.pdf")
    assert adding.unread() == {}
