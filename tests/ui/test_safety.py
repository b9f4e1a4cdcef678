"""The page under attack: hostile texts, requests of other pages, and requests for other files."""

from __future__ import annotations

import base64
import concurrent.futures
import http.client
import io
import json
import os
import re
import signal
import tempfile
import threading
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from fastapi import HTTPException
from gradio_client import Client
from helpers.answers import all_hostile
from helpers.injections import ELSEWHERE, HOSTILE
from helpers.mcp_tools import call_tool
from helpers.ollama_server import Model, OllamaServer
from helpers.papers import PAPERS, ROOT, write_pdf
from helpers.served import Server, ask, served
from PIL import Image
from playwright.sync_api import Browser, Page, expect
from starlette.applications import Starlette
from starlette.testclient import TestClient

from rag.assistant import Assistant
from rag.store.history import NEW_CONVERSATION, SavedAnswer
from rag.text.cleaning import clean
from rag.text.readable import readable
from ui.api import MCP_PATH
from ui.downloads import free_process
from ui.guard import Guard

IMAGE = "<img src=x onerror=alert(1)>"

# Finds elements and attributes that only a text which became HTML could have added.
ALIVE = """() => {
  const found = [...document.querySelectorAll(
    'iframe, object, embed, base:not([href="./"]), math, marquee, mglyph, think, x-y, meta[http-equiv], [style*=evil]'
  )].map((each) => each.outerHTML.slice(0, 200));
  const ours = [location.origin, 'https://doi.org', 'https://arxiv.org'];
  for (const each of document.querySelectorAll('*')) {
    for (const {name, value} of each.attributes) {
      const leads = ['href', 'src', 'srcset', 'action', 'formaction', 'data', 'poster', 'srcdoc', 'xlink:href'];
      if (name.startsWith('on')) found.push(`${each.tagName} ${name}=${value}`);
      if (!leads.includes(name) || (each.tagName !== 'A' && /^(data|blob):/.test(value))) continue;
      if (!ours.includes(new URL(value, document.baseURI).origin)) found.push(`${each.tagName} ${name}=${value}`);
    }
  }
  return found;
}"""
TAGS = """(where) => [...new Set([...document.querySelectorAll(where)].flatMap((each) =>
  [...each.querySelectorAll('*')].map((inner) => inner.tagName.toLowerCase())))]"""
WATCHED = """
window.violations = [];
document.addEventListener('securitypolicyviolation', (event) => window.violations.push(
  `${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`));
"""


def seen(text: str) -> str:
    """Return a text for comparison: white space as one space, without characters that browsers or text files drop."""
    return " ".join(re.sub(r"[\x00\x1b\x7f]", "", text).split())


def file_name(number: int, bad: str) -> str:
    """Return a file name made of a hostile text, as far as a file system allows."""
    kept = re.sub(r"[/\x00]", "_", bad)[:80]
    return f"{number:02d} {kept}.txt"


def write_hostile(folder: Path) -> list[str]:
    """Make a library with each hostile text in all fields of a paper and of an answer; return the papers' titles."""
    for number, bad in enumerate(HOSTILE):
        text = f"N{seen(bad)}: newt {number:02d}\n\nNewts live in pond {number}. {bad} So they do.\n"
        (folder / file_name(number, bad)).write_text(
            re.sub(r"[\x00\x1b\x7f]", "", text)
        )  # a text file cannot contain them
        (folder / file_name(number + 100, bad)).write_text("")
    with Assistant.open(library=folder / "library", mode="quote") as assistant:
        report = assistant.add(sorted(folder.glob("*.txt")))
        assert (len(report.added), len(report.failed)) == (60, 60)
        conversation = NEW_CONVERSATION
        for bad, paper in zip(HOSTILE, sorted(assistant.papers(), key=lambda paper: paper.title), strict=True):
            for field, value in {"authors": [bad], "tags": [bad], "citekey": bad, "doi": bad, "arxiv_id": bad}.items():
                assistant.edit(paper.id, **{field: value})
            answer = of_paper(all_hostile(bad)[1].to_dict(), paper.id)
            kept = SavedAnswer(
                0, "2026-11-21T10:00:00+00:00", bad, {"history": [], "scope": {}}, {}, answer, conversation
            )
            conversation = assistant.library.history.save(kept).conversation or 0
        assistant.rename_conversation(conversation, f"Talk {IMAGE}")
        return [paper.title for paper in assistant.papers()]  # a long one was cut


def of_paper(answer: dict[str, Any], paper_id: str) -> dict[str, Any]:
    """Return an answer whose citations are all of one paper."""
    for text in (answer, answer["quotes"], answer["written"]):
        text["citations"] = [{**each, "paper_id": paper_id} for each in text["citations"]]
    return answer


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, list[str]]]:
    """The page over hostile papers, with a hostile model."""
    folder = tmp_path_factory.mktemp("hostile")
    titles = write_hostile(folder)
    reply = " ".join(f"{bad} is what newts live in [1]." for bad in HOSTILE)
    with (
        OllamaServer(reply, models=[Model(f"m{IMAGE}")]) as ollama,
        served(folder, OLLAMA__HOST=ollama.host, OLLAMA__MODEL=f"m{IMAGE}") as running,
    ):
        yield running, titles
        running.process.send_signal(signal.SIGINT)
        assert running.process.wait(20) == 0
        assert running.process.stderr is not None
        assert running.process.stderr.read() == ""


@pytest.fixture
def page(browser: Browser, hostile: tuple[Server, list[str]]) -> Iterator[Page]:
    """The page; at the end no script ran, nothing was loaded from elsewhere, and no text became HTML."""
    with browser.new_context() as context:
        page = context.new_page()
        page.add_init_script(WATCHED)
        dialogs: list[str] = []
        asked: list[str] = []
        page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(hostile[0].url)
        yield page
        page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        assert page.evaluate(ALIVE) == []
        assert dialogs == []
        assert page.evaluate("window.ran") is None
        assert page.evaluate("window.violations") == []
        hosts = {urlsplit(url).netloc for url in asked if not url.startswith(("data:", "blob:"))}
        assert hosts == {urlsplit(hostile[0].url).netloc}
        assert [url for url in asked if ELSEWHERE in url or url.endswith(("/x", "/1"))] == []


def test_a_hostile_conversation_is_shown_literally(page: Page) -> None:
    page.get_by_role("tab", name="Conversations").click()
    talk = page.locator("#talks-place li").first
    talk.get_by_role("button", name="Rename").click()
    expect(talk.get_by_role("textbox")).to_have_value(f"Talk {IMAGE}")
    assert seen(HOSTILE[-1]) in seen(talk.locator(".fn-quiet").first.text_content() or "")
    assert "img" not in page.evaluate(TAGS, "#talks-place")
    talk.get_by_role("button", name=f"Talk {IMAGE}", exact=True).click()
    expect(page.get_by_test_id("user")).to_have_count(60)
    assert [seen(text) for text in page.get_by_test_id("user").all_text_contents()] == [seen(bad) for bad in HOSTILE]
    sentences = page.evaluate(
        "[...document.querySelectorAll('.fn-answer > .fn-sentence')].map((each) => each.firstChild.textContent)"
    )
    assert [seen(text) for text in sentences] == [seen(bad) for bad in HOSTILE]
    folded = page.evaluate(
        "[...document.querySelectorAll('details > .fn-sentence')].map((each) => each.firstChild.textContent)"
    )  # one without citation is removed, since the passages are of papers that are gone
    assert {seen(text) for text in folded} == {"(removed)", *map(seen, HOSTILE)}
    status = page.locator(".fn-status").all_text_contents()
    assert [seen(text) for text in status] == [seen(text) for text in status if text.startswith("Written by ")]
    expect(page.locator("#evidence .fn-target")).to_have_count(120)  # of the prose, and of the quotes below it
    quotes = page.locator("#evidence mark").all_text_contents()
    assert {seen(text) for text in quotes} == {seen(readable(bad)) for bad in HOSTILE}
    tags = {"p", "sup", "a", "span", "button", "div", "details", "summary", "strong", "dl", "dt", "dd"}
    assert set(page.evaluate(TAGS, "[data-testid=user], .fn-answer")) <= tags
    cards = {"details", "summary", "span", "strong", "div", "blockquote", "mark", "p", "button", "a", "h3"}
    assert set(page.evaluate(TAGS, ".fn-evidence")) <= cards


def test_a_hostile_library_is_shown_literally(page: Page, hostile: tuple[Server, list[str]]) -> None:
    titles = [readable(title) for title in hostile[1]]
    page.get_by_role("tab", name="Library").click()
    place = page.locator("#library-place")
    shown = place.locator(".fn-title")
    expect(shown).to_have_count(60)
    assert sorted(map(seen, shown.all_text_contents())) == sorted(map(seen, titles))
    page.locator("summary", has_text="Files that could not be read (60)").click()
    lines = place.locator(".fn-failed li span")
    expect(lines).to_have_count(60)
    names = {text.partition(".txt: ")[0] + ".txt" for text in lines.all_text_contents()}
    failed = {file_name(number + 100, bad) for number, bad in enumerate(HOSTILE)}
    assert {name for name in failed if name.isprintable()} <= names
    page.get_by_label("Search the papers").fill("newt 03")
    expect(shown).to_have_text([re.compile(re.escape(IMAGE))])
    shown.click()
    expect(page.get_by_label("Title", exact=True)).to_have_value(re.compile(re.escape(IMAGE)))
    for summary in place.locator(".fn-sheet summary").all():
        summary.click()
    tags = {"div", "p", "ul", "li", "span", "button", "input", "label", "select", "option", "details", "summary", "h2"}
    tags |= {"section", "form", "textarea", "a", "blockquote", "dl", "dt", "dd"}
    assert set(page.evaluate(TAGS, "#library-place")) <= tags


def test_hostile_examples_and_filters_are_shown_literally(page: Page, hostile: tuple[Server, list[str]]) -> None:
    examples = page.get_by_role("button", name=re.compile("Select example"))
    expect(examples).to_have_count(4)
    texts = [seen(text) for text in examples.all_text_contents()]
    assert texts == [text for text in texts if re.fullmatch(r"What is N.*\?|Which papers are about .*\?", text)]
    assert any("<" in text for text in texts)
    page.locator("#library-pane summary", has_text="Tag").click()
    for place, wanted in ((".fn-row-title", map(readable, hostile[1])), (".fn-values label > :nth-child(2)", TAGGED)):
        shown = page.locator(f"#library-pane {place}")
        expect(shown).to_have_count(60)
        assert {seen(text) for text in shown.all_text_contents()} == {seen(text) for text in wanted}
    row = page.locator("#library-pane li", has_text=IMAGE).first
    row.get_by_role("checkbox").check()
    assert set(page.evaluate(TAGS, "#library-list")) <= PANE_TAGS
    expect(page.locator("#scoped .fn-chip")).to_contain_text(row.locator(".fn-row-title").inner_text())
    assert set(page.evaluate(TAGS, "#scoped")) <= {"div", "p", "span"}


def test_the_text_of_a_hostile_model_is_shown_literally(page: Page) -> None:
    question = f"In what do newts live, {IMAGE} or **ponds** &amp; lakes?"
    text = ask(page, question)
    assert page.get_by_test_id("user").last.inner_text() == question
    assert IMAGE in text
    assert f"m{IMAGE}:latest wrote" in text
    page.get_by_text("Show all that").last.click()
    assert f"{IMAGE} is what newts live in" in page.locator(".fn-written").last.inner_text()
    page.get_by_role("button", name=re.compile("retry", re.IGNORECASE)).last.click()
    expect(page.locator(".fn-status")).to_have_count(0)
    expect(page.locator(".fn-status")).to_have_count(1)
    assert page.get_by_test_id("user").last.inner_text() == question
    page.get_by_role("button", name="Comment on the last answer").click()
    page.get_by_role("textbox", name="Comment").fill(f"{IMAGE} [x](https://evil.example)")
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_text("Kept with the answer.")).to_be_visible()


TAGGED = tuple(map(clean, HOSTILE))
PANE_TAGS = {"div", "label", "input", "details", "summary", "span", "p", "button", "select", "option", "ul", "li"}


# Requests of others

FOG = "Fog over Small Rivers"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The page over harmless papers with an upload limit of 1 MB, in an environment that asks Gradio to share it."""
    folder = tmp_path_factory.mktemp("guarded")
    for title, text in PAPERS.items():
        (folder / f"{title.split()[-1].lower()}.txt").write_text(f"{title}\n\n{text}\n")
    abstract = (
        "Fog hides small rivers from cameras in the air. It lasts for 5 hours a day in autumn, and longer in spring."
    )
    body = (
        "We measured fog on eleven rivers for two years, with a lamp on each bank. The lamps were lit at night alone."
    )
    write_pdf(folder / "fog.pdf", FOG, abstract, body, author="Ada Brook")
    (folder / "empty.txt").write_text("")  # cannot be read
    with Assistant.open(library=folder / "library", mode="quote") as assistant:
        report = assistant.add([*folder.glob("*.txt"), folder / "fog.pdf"])
        assert len(report.added) == 4, report.failed
    with pytest.MonkeyPatch.context() as environment:
        for name in ("GRADIO_SHARE", "GRADIO_ANALYTICS_ENABLED", "GRADIO_MCP_SERVER", "GRADIO_RUN_HISTORY"):
            environment.setenv(name, "True")
        environment.setenv("GRADIO_ALLOWED_PATHS", "/")
        environment.setenv("GRADIO_FLAGGING_MODE", "auto")
        settings = {"ANSWER__MODE": "quote", "UI__MAX_UPLOAD_MB": "1"}
        with served(folder, "--library", str(folder / "library"), **settings) as running:
            yield running


def header(server: Server, path: str, name: str) -> str:
    return server.request("GET", path, None, {}).getheader(name, "")


def nonces(policy: str) -> list[str]:
    return re.findall("'nonce-([^']+)'", policy)


def test_a_page_runs_its_own_scripts_only(server: Server) -> None:
    replies = [server.request("GET", "/", None, {}) for _ in range(2)]
    policies = [reply.getheader("content-security-policy", "") for reply in replies]
    pages = [reply.read().decode() for reply in replies]
    scripts = next(part for part in policies[0].split("; ") if part.startswith("script-src"))
    assert "unsafe" not in scripts
    assert "default-src 'none'" in policies[0]
    assert not re.search(r"https?:|\*", policies[0])
    for page, policy in zip(pages, policies, strict=True):
        (nonce,) = nonces(policy)
        assert len(nonce) > 20
        assert len(re.findall("<script", page)) == page.count(f'<script nonce="{nonce}"') > 0
    assert nonces(policies[0]) != nonces(policies[1])


@pytest.mark.parametrize("path", ["/", "/config", "/static/footnote/page.js", "/export/answer/1.md", "/no/such/path"])
def test_every_response_has_the_security_headers(server: Server, path: str) -> None:
    assert header(server, path, "x-content-type-options") == "nosniff"
    assert header(server, path, "x-frame-options") == "DENY"
    assert header(server, path, "referrer-policy") == "no-referrer"
    assert header(server, path, "cross-origin-resource-policy") == "same-origin"
    assert "frame-ancestors 'none'" in header(server, path, "content-security-policy")
    assert header(server, path, "access-control-allow-origin") == ""


@pytest.mark.parametrize("path", ["/", "/config", "/gradio_api/info", "/export/answer/1.md", "/gradio_api/upload"])
def test_a_foreign_host_header_gets_400(server: Server, path: str) -> None:
    assert server.get(path, Host="localhost")[0] != 400
    for host in ("footnote.example", "localhost.footnote.example", "127.0.0.1.footnote.example", ""):
        assert server.get(path, Host=host)[0] == 400


@pytest.mark.parametrize(
    "origin", ["http://footnote.example", "null", "http://[", "http://127.0.0.1:1", "//", "file://", "\xe9"]
)
def test_a_foreign_origin_gets_403(server: Server, origin: str) -> None:
    body = b'{"data": []}'
    for path in ("/gradio_api/upload", "/gradio_api/queue/join", "/gradio_api/call/list_papers"):
        assert server.post(path, body, Origin=origin)[0] == 403
    assert server.get("/config", Origin=origin)[0] == 403
    assert server.get("/config", Origin=server.url)[0] == 200


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/proxy=https://evil.example/", "/gradio_api/process_recording", "/gradio_api/run-history/connect",
        "/gradio_api/runs", "/gradio_api/vibe-code", "/gradio_api/undo-vibe-edit", "/gradio_api/deep_link",
        "/gradio_api/dev/reload", "/gradio_api/component_server", "/gradio_api/custom_component/1/client/x/y.js",
        "/gradio_api/stream/1", "/monitoring", "/monitoring/summary", "/openapi.json", "/docs", "/redoc",
        "/gradio_api/file=https://evil.example/a.txt", "/gradio_api/file=HTTP://evil.example/a.txt",
        "/gradio_api/run/submit", "/gradio_api/api/submit", "/gradio_api/call/submit", MCP_PATH,
    ],
)  # fmt: skip
def test_routes_that_the_page_does_not_use_are_closed(server: Server, path: str) -> None:
    assert server.get(path)[0] in (404, 405)
    assert server.post(path, b"{}")[0] in (404, 405)
    assert not (server.folder / "attempts").exists()


def test_a_request_without_length_or_too_large_is_refused(server: Server) -> None:
    assert server.post("/gradio_api/upload", b"", **{"Content-Length": str(2_000_000)}) == (
        413,
        "An upload can have at most 1 MB ([ui] max_upload_mb).",
    )
    assert server.post("/gradio_api/queue/join", b"", **{"Content-Length": str(2_000_000)})[0] == 413
    for path in ("/gradio_api/upload", "/gradio_api/upload/", "/gradio_api/queue/join"):
        connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=10)
        connection.request("POST", path, iter([b"x"]), encode_chunked=True, headers={"Transfer-Encoding": "chunked"})
        assert connection.getresponse().status == 411


# Uploads and files of the machine


def uploaded(server: Server, *files: tuple[str, bytes]) -> tuple[int, Any]:
    """Upload files; return the status and the paths that Gradio gave them."""
    parts = [
        f'--limit\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'.encode() + data
        for name, data in files
    ]
    body = b"\r\n".join([*parts, b"--limit--\r\n"])
    status, text = server.post("/gradio_api/upload", body, **{"Content-Type": "multipart/form-data; boundary=limit"})
    return status, json.loads(text) if status == 200 else text


def event(server: Server, name: str, *data: Any) -> Any:
    """Trigger an event as the page does; return its data, or the error's text."""
    config = json.loads(server.get("/config")[1])
    number = next(each["id"] for each in config["dependencies"] if each["api_name"] == name)
    body = {"data": data, "fn_index": number, "session_hash": name}
    status, _ = server.post("/gradio_api/queue/join", json.dumps(body).encode())
    assert status == 200
    lines = server.get(f"/gradio_api/queue/data?session_hash={name}")[1].split("\n")
    messages = [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: ")]
    output = next(each["output"] for each in messages if each["msg"] == "process_completed")
    return output["data"] if "data" in output else output["error"]


def file(path: str) -> dict[str, Any]:
    return {"path": path, "meta": {"_type": "gradio.FileData"}}


def upload(server: Server, *paths: str) -> str:
    """Add uploaded files as the page does; return what it tells of them, as JSON."""
    event(server, "upload", [file(path) for path in paths])
    return json.dumps(json.loads(server.get("/state.json")[1])["adding"])


def titles(server: Server) -> set[str]:
    with Assistant.open(library=server.folder / "library", mode="quote") as assistant:
        return {paper.title for paper in assistant.papers()}


def test_only_uploaded_files_are_read(server: Server) -> None:
    before = titles(server)
    secret = server.folder / "secret.txt"
    secret.write_text("Secret Thoughts\n\nNobody is to read this secret thought.\n")
    status, (path,) = uploaded(server, ("otters.txt", b"New Otters\n\nOtters were seen again on Monday.\n"))
    assert status == 200
    refused = "Only files that were uploaded to this page are read."
    paths = [str(secret), f"{Path(path).parent}/../../../{secret}", "/etc/passwd", "secret.txt", str(server.folder)]
    for other in [*paths, "http://evil.example/a.txt", "http://127.0.0.1/a.txt", "file:///etc/passwd"]:
        assert event(server, "upload", [file(other)]) == refused
        assert event(server, "upload", [file(path), file(other)]) == refused
        assert server.post("/adding/files", json.dumps({"paths": [path, other]}).encode()) == (403, refused)
        assert event(server, "ask", file(other), None, None, None) == refused
        assert event(server, "submit", file(other), None, [], [], []) == refused
    assert titles(server) == before
    assert "1 added." in upload(server, path)
    assert titles(server) == {*before, "New Otters"}
    assert not (server.folder / "attempts").exists()


def test_names_of_uploads_cannot_leave_the_folder(server: Server) -> None:
    hostile_names = ["../../../otters.md", "/etc/otters.md", "..\\..\\otters.md", "~/otters.md", "a/../otters.md"]
    for number, name in enumerate(hostile_names):
        data = f"Otters of Day {number}\n\nOtters number {number} were seen.\n".encode()
        status, (path,) = uploaded(server, (name, data))
        assert status == 200
        folder = Path(path).parents[1]
        assert re.fullmatch(r"footnote-\w+", folder.name)
        assert Path(os.path.normpath(path)).parents[1] == folder
        assert "1 added." in upload(server, path)
    kept = [path.name for path in (server.folder / "library" / "uploads").glob("*/*")]
    assert kept.count("otters.md") == len(hostile_names)


def test_unsupported_and_too_many_files_are_refused(server: Server) -> None:
    before = titles(server)
    _, (program,) = uploaded(server, ("run.exe", b"Run Me\n\nThis is a program of otters.\n"))
    assert "'.exe' files are not supported" in upload(server, program)
    _, paths = uploaded(server, *((f"{number}.txt", b"Many\n\nMany otters.\n") for number in range(201)))
    assert "201 files are too many: an upload can have at most 200." in upload(server, *paths)
    assert titles(server) == before


def test_no_file_outside_the_cache_is_served(server: Server) -> None:
    (server.folder / "secret.txt").write_text("secret")
    _, (path,) = uploaded(server, ("page.html", b"<script>alert(1)</script>"))
    reply = server.request("GET", f"/gradio_api/file={path}", None, {})
    assert (reply.status, reply.read()) == (200, b"<script>alert(1)</script>")  # unchanged: without a nonce
    assert reply.getheader("content-disposition", "").startswith("attachment")
    assert reply.getheader("content-type") == "application/octet-stream"
    library = server.folder / "library" / "footnote.sqlite"
    others = ["/etc/passwd", "/etc/no-such-file", str(library), f"{Path(path).parent}/../../..{library}", "secret.txt"]
    for other in [*others, str(server.folder / "secret.txt"), f"{path}/../../../secret.txt", str(ROOT / "README.md")]:
        status, text = server.get(f"/gradio_api/file={other}")
        assert (status, json.loads(text)["detail"]) == (403, f"File not allowed: {other}.")
    for other in ("static/footnote/../server.py", "static/footnote/..%2f..%2fserver.py", "assets/..%2f..%2froutes.py"):
        assert server.get(f"/{other}")[0] in (403, 404)


def test_no_response_contains_a_path_of_the_machine(server: Server) -> None:
    _, (path,) = uploaded(server, ("empty.txt", b""))
    replies = {
        each: server.get(each)[1]
        for each in ("/", "/config", "/gradio_api/info", "/gradio_api/openapi.json", "/theme.css", "/manifest.json",
                     "/export/answer/9999.md", "/drawn/none/1.png", "/drawn/Counting%20Otters%20from%20Kites/1.png",
                     f"/drawn/{FOG.replace(' ', '%20')}/9.png", "/gradio_api/queue/status", "/no/such/path")
    }  # fmt: skip
    replies["ask"] = json.dumps(event(server, "submit", "How many otters does the kite count?", None, ""))
    replies["program"] = json.dumps(event(server, "ask", "What does fog hide?", None, None, None))
    replies["papers"] = json.dumps(event(server, "list_papers"))
    replies["error"] = json.dumps(event(server, "ask", {"x": 1}, None, None, None))
    replies["failed"] = upload(server, path)
    replies["unread"] = server.get("/failures.json")[1]
    replies["rows"] = server.get("/papers.json")[1]
    assert "94.5%" in replies["ask"]
    assert "empty.txt: " in replies["failed"]
    assert "empty.txt" in replies["unread"]
    own = {str(server.folder), str(ROOT), str(Path.home()), os.path.dirname(os.__file__), tempfile.gettempdir()}
    for name, text in replies.items():
        assert [each for each in own if each in text] == [], name


def test_the_page_starts_with_any_proxy_in_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ALL_PROXY", "all_proxy", "HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "socks5://127.0.0.1:9")
    with served(tmp_path) as running:
        assert running.get("/")[0] == 200


def test_gradio_s_sharing_and_analytics_are_off(server: Server) -> None:
    config = json.loads(server.get("/config")[1])
    assert config.get("analytics_enabled") is False
    assert not config.get("is_space")
    assert "share" not in json.dumps(config["components"]).replace("shared", "")
    assert "flag" not in json.dumps([each["api_name"] for each in config["dependencies"]])
    assert not (server.folder / "attempts").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_cache_is_deleted_when_the_server_stops(tmp_path: Path, number: int) -> None:
    with served(tmp_path) as running:
        _, (path,) = uploaded(running, ("otters.txt", b"Otters\n\nOtters swim.\n"))
        assert Path(path).is_file()
        running.process.send_signal(number)
        assert running.process.wait(20) == 0
        assert not Path(path).parents[1].exists()


# Drawn pages


def drawn(server: Server, paper: str = FOG, page: int = 1, **query: int) -> tuple[int, bytes]:
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    reply = server.request("GET", f"/drawn/{paper.replace(' ', '%20')}/{page}.png?{asked}", None, {})
    return reply.status, reply.read()


def test_a_page_that_cannot_be_drawn_says_why(server: Server) -> None:
    assert drawn(server, "no-such-paper")[0] == 404
    status, text = drawn(server, page=3)
    assert (status, text) == (
        409,
        b"Page 3 of 'fog.pdf' cannot be shown: it has no page 3; its last page is 2. Open the file itself.",
    )
    for page in (0, -1, 10**30):
        assert drawn(server, page=page)[0] == 409
    assert drawn(server, next(iter(PAPERS)))[0] == 409  # read from a text file


def test_a_stale_link_marks_nothing(server: Server) -> None:
    with Assistant.open(library=server.folder / "library", mode="quote") as assistant:
        text = assistant.paper(FOG).text
    start = text.index("Fog hides small rivers")
    place = {"start": start, "end": start + 22}
    plain, unmarked = drawn(server)
    marked, picture = drawn(server, **place, check=zlib.crc32(b"Fog hides small rivers"))
    assert plain == marked == 200
    assert picture != unmarked
    for stale in ({"check": 1}, {"check": 0}, {}):
        assert drawn(server, **place, **stale) == (200, unmarked)
    for odd in ({"start": -5, "end": -1}, {"start": 9, "end": 3}, {"start": 10**25, "end": 10**26}):
        assert drawn(server, **odd) == (200, unmarked)
    assert Image.open(io.BytesIO(picture)).width > 1000


def test_at_most_two_processes_draw_pages(server: Server) -> None:
    with Assistant.open(library=server.folder / "library", mode="quote") as assistant:
        text = assistant.paper(FOG).text
    places = [{"start": 0, "end": end, "check": zlib.crc32(text[:end].encode())} for end in range(5, 13)]
    most = 0
    with concurrent.futures.ThreadPoolExecutor(len(places)) as pool:
        begun = [pool.submit(drawn, server, **place) for place in places]
        while not all(each.done() for each in begun):
            most = max(most, len(children(server.process.pid)))
            time.sleep(0.005)
    assert [each.result()[0] for each in begun] == [200] * len(places)
    assert 1 <= most <= 2


def test_waiting_too_long_for_a_drawn_page_is_an_error_503() -> None:
    processes = threading.BoundedSemaphore(1)
    with free_process(processes), pytest.raises(HTTPException) as refused, free_process(processes, seconds=0):
        pass
    assert (refused.value.status_code, refused.value.detail) == (
        503,
        "Many pages are being drawn. Load this one again in a moment.",
    )
    with free_process(processes, seconds=0):  # the first one is free again
        pass


def children(pid: int) -> list[str]:
    """Return the child processes of a process, as Linux lists them."""
    tasks = Path(f"/proc/{pid}/task")
    return [child for task in tasks.iterdir() for child in read_or_empty(task / "children").split()]


def read_or_empty(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # the thread has ended
        return ""


# The password

PASSWORD = "Öl und Wasser: 7"


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("locked")
    (folder / "otters.txt").write_text("Otters\n\nOtters swim.\n")
    with Assistant.open(library=folder / "library", mode="quote") as assistant:
        assistant.add([folder / "otters.txt"])
    with served(folder, "--mcp", UI__PASSWORD=PASSWORD, ANSWER__MODE="quote") as running:
        yield running


def basic(password: str) -> str:
    return f"Basic {base64.b64encode(f'anyone:{password}'.encode()).decode()}"


@pytest.mark.parametrize(
    "given",
    ["", basic(""), basic("Öl"), basic(PASSWORD + " "), basic(PASSWORD.casefold()), basic(PASSWORD)[:-2],
     "Basic \xe9", "Basic", "Bearer " + basic(PASSWORD)[6:], basic(PASSWORD).replace("c ", "c =")],
)  # fmt: skip
def test_nothing_is_served_without_the_password(locked: Server, given: str) -> None:
    for path in ("/", "/config", "/static/footnote/page.js", "/drawn/x/1.png", "/export/answer/1.md", MCP_PATH + "/"):
        reply = locked.request("GET", path, None, {"Authorization": given} if given else {})
        assert reply.status == 401
        assert "Basic" in reply.getheader("www-authenticate", "")
        assert b"Otters" not in reply.read()
    status, _ = locked.post(
        "/gradio_api/call/list_papers", b'{"data": []}', **({"Authorization": given} if given else {})
    )
    assert status == 401


def test_with_the_password_everything_works(locked: Server, browser: Browser) -> None:
    authorization = {"Authorization": basic(PASSWORD)}
    client = Client(locked.url, verbose=False, analytics_enabled=False, headers=authorization)
    assert [paper["title"] for paper in client.predict(api_name="/list_papers")] == ["Otters"]
    failed, papers = call_tool(locked.url, "list_papers", headers=authorization)
    assert (failed, [paper["title"] for paper in papers]) == (False, ["Otters"])
    with browser.new_context(http_credentials={"username": "anyone", "password": PASSWORD}) as context:
        page = context.new_page()
        page.goto(locked.url)
        assert "Otters swim." in ask(page, "What do otters do?")
    with browser.new_context(http_credentials={"username": "anyone", "password": "guess"}) as context:
        page = context.new_page()
        reply = page.goto(locked.url)
        assert reply is not None
        assert reply.status == 401


def test_the_password_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[bytes, bytes]] = []
    monkeypatch.setattr("secrets.compare_digest", lambda a, b: bool(compared.append((a, b))))
    guarded = TestClient(Guard(Starlette(), PASSWORD, max_upload_bytes=1))
    assert guarded.get("/", headers={"authorization": basic("guess")}).status_code == 401
    assert compared == [(b"guess", PASSWORD.encode())]
