"""The functions for other programs, called as named endpoints of Gradio and as tools of the MCP server."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from helpers.mcp_tools import awaited, call_tool
from helpers.ollama_server import OllamaServer
from helpers.papers import PAPERS
from helpers.served import Server, served
from mcp.client import Client as McpClient

from rag import MAX_QUESTION, Assistant
from rag.errors import FootnoteError, QuestionError, UnknownPaper
from rag.types import REFUSAL
from ui.api import MCP_PATH, endpoints
from ui.question_queue import QuestionQueue

QUESTION = "How many otters does the kite count?"
OTTERS, TIDES, BIRDS = PAPERS
LONG_PAPER = "A Long Walk"
NAMES = ["ask", "list_papers", "read_passage", "search"]
Call = Callable[..., Any]


def write_papers(folder: Path) -> Path:
    for title, text in PAPERS.items():
        (folder / f"{title.split()[-1].lower()}.txt").write_text(f"{title}\n\n{text}\n")
    steps = " ".join(f"Step {number} was a short one." for number in range(1, 1001))
    (folder / "walk.txt").write_text(f"{LONG_PAPER}\n\n{steps}\n")
    with Assistant.open(library=folder / "library", mode="quote") as assistant:
        assert len(assistant.add(sorted(folder.glob("*.txt"))).added) == 4
        assistant.edit(TIDES, year=2019, tags=["sea"])
    return folder


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with served(write_papers(tmp_path_factory.mktemp("programs")), "--mcp", ANSWER__MODE="quote") as running:
        yield running


@pytest.fixture(scope="module")
def client(server: Server) -> Client:
    return Client(server.url, verbose=False, analytics_enabled=False)


def with_figure(answer: dict[str, Any]) -> Any:
    """Return the citation with the figure that was asked for."""
    return next(cited for cited in answer["citations"] if "94.5% of the otters" in cited["quote"])


@pytest.fixture(params=["gradio_client", "mcp"])
def call(request: pytest.FixtureRequest, server: Server, client: Client) -> Call:
    """Call a function by name through Gradio or MCP; errors are raised as `AppError`."""

    def by_mcp(name: str, **values: Any) -> Any:
        failed, reply = call_tool(server.url, name, **values)
        if failed:
            raise AppError(reply)
        return reply

    return by_mcp if request.param == "mcp" else lambda name, **values: client.predict(**values, api_name=f"/{name}")


def test_an_answer_has_the_exact_words_that_support_it(call: Call) -> None:
    answer = call("ask", question=QUESTION)
    cited = with_figure(answer)
    assert (cited["title"], answer["refused"]) == (OTTERS, False)
    assert any(s["citations"] == [cited["number"]] and s["text"] == cited["quote"] for s in answer["sentences"])
    assert call("ask", question="What is the boiling point of ethanol?")["text"] == REFUSAL


def test_the_text_around_a_quote_can_be_read(call: Call) -> None:
    cited = with_figure(call("ask", question=QUESTION))
    start, end = cited["start"], cited["end"]
    assert call("read_passage", paper_id=cited["paper_id"], start=start, end=end)["text"] == cited["quote"]
    piece = call("read_passage", paper_id=OTTERS, start=start)
    assert piece["text"].startswith(cited["quote"])
    assert piece["text"].endswith("It fails in fog.")
    assert (piece["start"], piece["length"], piece["title"]) == (start, len(f"{OTTERS}\n\n{PAPERS[OTTERS]}"), OTTERS)


def test_a_long_paper_is_read_in_pieces(call: Call) -> None:
    first = call("read_passage", paper_id=LONG_PAPER)
    assert len(first["text"]) == first["end"] == 20_000 < first["length"]
    rest = call("read_passage", paper_id=LONG_PAPER, start=first["end"])
    assert (first["text"] + rest["text"]).endswith("Step 1000 was a short one.")


def test_passages_are_found_within_papers_years_and_tags(call: Call) -> None:
    def titles(**limits: Any) -> set[str]:
        return {passage["title"] for passage in call("search", question="How is it counted?", **limits)}

    assert titles() >= {OTTERS, TIDES, BIRDS}
    assert titles(papers=[BIRDS]) == {BIRDS}
    assert titles(years=[2019]) == titles(tags=["sea"]) == {TIDES}
    assert len(call("search", question="How is it counted?", top_k=2)) == 2
    assert {each["title"] for each in call("list_papers")} == {*PAPERS, LONG_PAPER}


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("ask", {"question": "?!"}, "The question is empty. Ask in a sentence or a few keywords."),
        ("ask", {"question": "x" * (MAX_QUESTION + 1)}, "The question has 2,001 characters; at most 2,000 are read"),
        (
            "ask",
            {"question": QUESTION, "papers": ["Nowhere"]},
            "No paper in this library has the id, title, citekey or file name 'Nowhere'",
        ),
        ("search", {"question": QUESTION, "top_k": 0}, "top_k is 0; expected a whole number from 1 to 100."),
        ("search", {"question": QUESTION, "top_k": 101}, "top_k is 101; expected a whole number from 1 to 100."),
        (
            "read_passage",
            {"paper_id": "Nowhere"},
            "No paper in this library has the id, title, citekey or file name 'Nowhere'",
        ),
        ("read_passage", {"paper_id": OTTERS, "start": -1}, "start is -1; expected a whole number of at least 0."),
        (
            "read_passage",
            {"paper_id": OTTERS, "start": 10**20},
            "Characters 100000000000000000000 to 234 cannot be read",
        ),
        ("read_passage", {"paper_id": LONG_PAPER, "end": 20_001}, "at most 20,000 are read at once."),
    ],
)
def test_an_error_says_what_was_wrong(call: Call, name: str, values: dict[str, Any], message: str) -> None:
    with pytest.raises(AppError, match=re.escape(message)):
        call(name, **values)


FULL = {
    "ask": {"question": QUESTION, "papers": [OTTERS], "years": [2019], "tags": ["sea"]},
    "search": {"question": QUESTION, "top_k": 2, "papers": [OTTERS], "years": [2019], "tags": ["sea"]},
    "list_papers": {"words": "otters", "limit": 1, "offset": 0},
    "read_passage": {"paper_id": OTTERS, "start": 0, "end": 5},
}
NOT_A_TEXT: list[Any] = [None, 5, 0.5, True, [], {}, ["text"]]
NOT_A_COUNT: list[Any] = ["ten", "5", None, True, 2.5, -1, [], {}, [1]]
NOT_A_LIST: list[Any] = ["text", 5, 0.5, True, {}, [], [None], [0.5], [[]], [True], [{}]]
WRONG = {
    "question": NOT_A_TEXT,
    "words": NOT_A_TEXT,
    "paper_id": NOT_A_TEXT,
    "papers": [*NOT_A_LIST, [2019]],
    "tags": [*NOT_A_LIST, [2019]],
    "years": [*NOT_A_LIST, ["2019"], [10**30], [-1]],
    "top_k": [*NOT_A_COUNT, 0, 101, 10**30],
    "limit": [*NOT_A_COUNT, 0, 1001],
    "offset": NOT_A_COUNT,
    "start": NOT_A_COUNT,
    "end": [value for value in NOT_A_COUNT if value is not None],
}
NOT_FINITE = [float("nan"), float("inf"), float("-inf"), 1e300]


@pytest.fixture(scope="module")
def functions(server: Server) -> Iterator[dict[str, Call]]:
    """Return the functions themselves, by name."""
    with Assistant.open(library=server.folder / "library", mode="quote") as opened:
        yield {function.__name__: function for function in endpoints(opened, QuestionQueue())}


@pytest.mark.parametrize(
    ("name", "argument"), [(name, argument) for name, values in FULL.items() for argument in values]
)
def test_an_error_names_the_wrong_argument(functions: dict[str, Call], name: str, argument: str) -> None:
    wrong = WRONG[argument] + (NOT_FINITE if 5 not in WRONG[argument] else [NOT_FINITE[0]])
    for value in [*wrong, *([[each] for each in NOT_FINITE] if argument == "years" else [])]:
        with pytest.raises(FootnoteError, match=rf"^{argument}(\[0\])? is .*; expected a ") as told:
            functions[name](**{**FULL[name], argument: value})
        assert len(str(told.value)) < 200


def test_a_whole_number_may_be_written_with_a_point(functions: dict[str, Call]) -> None:
    assert len(functions["search"](question="How is it counted?", top_k=2.0)) == 2


def test_half_a_surrogate_pair_is_accepted_as_text(functions: dict[str, Call]) -> None:
    half = "\ud83d"
    assert functions["list_papers"](words=half) == []
    assert functions["ask"](question=f"{QUESTION} {half}")["citations"]
    for name, argument in (("ask", "papers"), ("ask", "tags"), ("search", "papers")):
        with pytest.raises(QuestionError, match=argument):
            functions[name](question=QUESTION, **{argument: [half]})
    with pytest.raises(UnknownPaper):
        functions["read_passage"](paper_id=half)


@pytest.mark.parametrize(
    ("name", "argument", "value"),
    [
        ("ask", "question", 5), ("ask", "years", [0.5]), ("search", "top_k", 2.5), ("search", "papers", {"a": 1}),
        ("list_papers", "offset", True), ("list_papers", "limit", 2.5), ("read_passage", "start", None),
    ],
)  # fmt: skip
def test_the_endpoints_name_the_wrong_argument(client: Client, name: str, argument: str, value: Any) -> None:
    with pytest.raises(AppError, match=rf"^{argument}.* is .*; expected"):
        client.predict(**{**FULL[name], argument: value}, api_name=f"/{name}")


@pytest.mark.parametrize(("name", "argument", "value"), [("ask", "question", 5), ("search", "top_k", 2.5)])
def test_the_mcp_tools_name_the_wrong_argument(server: Server, name: str, argument: str, value: Any) -> None:
    failed, reply = call_tool(server.url, name, **{**FULL[name], argument: value})
    assert failed
    assert argument in reply
    assert "Unexpected" not in reply


def test_every_function_calls_a_paper_s_id_paper_id(functions: dict[str, Call]) -> None:
    (listed,) = functions["list_papers"](words="otters kites")
    found = functions["search"](question=QUESTION, papers=[listed["paper_id"]])
    assert {passage["paper_id"] for passage in found} == {listed["paper_id"]}
    assert functions["read_passage"](paper_id=listed["paper_id"], end=5)["paper_id"] == listed["paper_id"]
    assert "id" not in listed


def test_nothing_else_can_be_called_by_name(server: Server, client: Client) -> None:
    assert sorted(client.view_api(return_format="dict")["named_endpoints"]) == [f"/{name}" for name in NAMES]
    config = json.loads(server.get("/config")[1])
    private = {each["api_name"] for each in config["dependencies"]} - set(NAMES)
    assert {"submit", "upload"} <= private
    for name in private:
        with pytest.raises(ValueError, match="Cannot find a function"):
            client.predict(api_name=f"/{name}")
        for path in (f"call/{name}", f"call/v2/{name}", f"run/{name}", f"api/{name}"):
            assert server.post(f"/gradio_api/{path}", b'{"data": []}')[0] == 404, path
    assert server.post("/gradio_api/call/list_papers", b'{"data": []}')[0] == 200


def test_the_mcp_server_has_four_tools_that_say_what_they_take(server: Server) -> None:

    async def listed() -> Any:
        async with McpClient(f"{server.url}{MCP_PATH}/") as session:
            return (await session.list_tools()).tools

    tools = {tool.name: tool for tool in awaited(listed())}
    assert sorted(tools) == NAMES
    assert set(tools["ask"].input_schema["properties"]) == {"question", "papers", "years", "tags"}
    assert tools["ask"].input_schema["required"] == ["question"]
    assert "each sentence with its citations" in (tools["ask"].description or "")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "http://footnote.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "footnote.example"}, 400),
    ],
)
def test_the_mcp_server_refuses_other_web_pages(server: Server, headers: dict[str, str], status: int) -> None:
    body = b'{"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}'
    kinds = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    got, text = server.post(f"{MCP_PATH}/", body, **kinds, **headers)
    assert got == status
    assert ("read_passage" in text) == (status == 200)


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, OllamaServer]]:
    """A server whose model does not answer before the end of the test."""
    with (
        OllamaServer("The kite counts 94.5% of the otters [1].", first=60.0) as ollama,
        served(write_papers(tmp_path_factory.mktemp("slow")), "--mcp", OLLAMA__HOST=ollama.host) as running,
    ):
        yield running, ollama
        ollama.close()  # so that the server does not wait for its answer when it stops


@pytest.mark.parametrize("kind", ["gradio_client", "mcp"])
def test_a_slow_answer_does_not_delay_other_requests(slow: tuple[Server, OllamaServer], kind: str) -> None:
    server, ollama = slow
    before = len(ollama.bodies())
    client = Client(server.url, verbose=False, analytics_enabled=False)
    if kind == "mcp":
        waiting = threading.Thread(target=_until_it_ends, args=(server.url,), daemon=True)
        waiting.start()
    else:
        client.submit(QUESTION, api_name="/ask")
    deadline = time.monotonic() + 20
    while len(ollama.bodies()) == before:
        assert time.monotonic() < deadline, "the model was not asked"
        time.sleep(0.02)

    begun = time.monotonic()
    assert client.predict("What is the boiling point of ethanol?", api_name="/ask")["text"] == REFUSAL
    assert call_tool(server.url, "ask", question="What is the boiling point of ethanol?")[1]["text"] == REFUSAL
    assert len(call_tool(server.url, "list_papers")[1]) == 4
    assert time.monotonic() - begun < 10
    assert len(ollama.bodies()) == before + 1  # the slow answer is still awaited


def _until_it_ends(url: str) -> None:
    try:
        call_tool(url, "ask", question=QUESTION)
    except BaseException:  # noqa: BLE001  # the server ends first
        return
