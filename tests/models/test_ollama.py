"""The client of Ollama against a fake server with every fault that a server may have."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import httpx
import pytest
from helpers.chats import ASKED, SCHEMA, chat, one_error_in_time, text_and_end
from helpers.ollama_client import at, local, settings
from helpers.ollama_server import CHAT_FAULTS, Model, OllamaServer, Request
from helpers.papers import ROOT
from ollama import Client, ResponseError

from rag.answering.token_budget import fewest_tokens, was_cut
from rag.config import Settings
from rag.errors import (
    AnswerModelError,
    IncompleteAnswer,
    ModelBusy,
    ModelNotFound,
    ModelOutOfMemory,
    ModelProtocolError,
    ModelTimeout,
    PromptCut,
    ServerNotFound,
)
from rag.models.ollama.connection import ollama_server
from rag.models.ollama.discovery import find_model
from rag.models.protocols import Completion
from rag.models.reasoning import text_without_reasoning
from rag.models.server.errors import translate_errors


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    until = time.monotonic() + 3
    while (left := set(threading.enumerate()) - before) and time.monotonic() < until:
        time.sleep(0.02)
    assert left == set()


@pytest.fixture(autouse=True)
def tempting(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Request]]:
    """An environment with a proxy and an API key that the client must not use."""
    with OllamaServer() as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.host)
        monkeypatch.setenv("NO_PROXY", "")
        monkeypatch.setenv("OLLAMA_API_KEY", "a-key-that-stays-here")
        monkeypatch.setenv("OLLAMA_HOST", proxy.host)
        yield proxy.requests
    assert proxy.requests == []


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:9", "not a proxy"])
def test_ollama_is_found_whatever_proxy_is_configured(proxy: str) -> None:
    code = "from rag.config import Settings; from rag.models.ollama.discovery import find_model; import sys; "
    code += "print(find_model(Settings.model_validate({'ollama': {'host': sys.argv[1]}})).name)"
    names = ("ALL_PROXY", "all_proxy", "HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy")
    env = {name: value for name, value in os.environ.items() if name.upper() != "NO_PROXY"}
    env |= dict.fromkeys(names, proxy) | {"PYTHONPATH": str(ROOT), "OLLAMA_HOST": "no host at all:x"}
    with OllamaServer() as server:
        done = subprocess.run([sys.executable, "-c", code, server.host], env=env, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("qwen3:4b\n", "")


# A healthy server


def test_the_fake_server_satisfies_ollamas_own_client() -> None:
    with OllamaServer(lambda body: f"{len(body['messages'])} messages") as server:
        client = Client(host=server.host, trust_env=False, headers={"authorization": "none"})
        assert [step.status for step in client.pull("own", stream=True)][-1] == "success"
        assert [model.model for model in client.list().models] == ["qwen3:4b", "own:latest"]
        assert client.show("own").capabilities == ["completion"]
        assert "".join(part.message.content or "" for part in client.chat("own", ASKED, stream=True)) == "2 messages"
        assert [model.context_length for model in client.ps().models] == [8192]
        with pytest.raises(ResponseError, match="'none' not found"):
            list(client.chat("none", ASKED, stream=True))


def test_a_reply_arrives_in_pieces_and_reports_how_it_ended() -> None:
    with OllamaServer("The well is 12 m deep [1].\nIt is dry [2].") as server:
        text, end = text_and_end(chat(local(server)))
    assert text == "The well is 12 m deep [1].\nIt is dry [2]."
    assert end == Completion("stop", 8, 0.04, 0)


def test_the_request_is_complete_and_carries_no_credentials() -> None:
    with OllamaServer() as server:
        list(chat(local(server, 4096), answer_tokens=77))
        list(chat(local(server), schema=None))
    body = server.bodies()[0]
    assert body["options"] == {
        "num_ctx": 4096, "num_predict": 77, "temperature": 0, "seed": 1, "repeat_penalty": 1.1,
    }  # fmt: skip
    assert (body["think"], body["stream"], body["keep_alive"], body["truncate"]) == (False, True, "10m", False)
    assert "shift" not in body  # another client's value would make Ollama load the model again
    assert (body["model"], body["messages"]) == ("qwen3:4b", ASKED)
    assert "format" not in body
    for request in server.requests:
        assert set(request.headers) & {"authorization", "proxy-authorization", "cookie"} == set()
        assert "a-key-that-stays-here" not in str(request)
        assert request.headers["host"] == server.host.removeprefix("http://")


def test_credentials_in_the_address_are_neither_sent_nor_shown() -> None:
    with OllamaServer() as server:
        host = server.host.replace("//", "//someone:secret@")
        model = find_model(at(host))
        list(chat(model))
    assert model.server.url == server.host
    assert not any("authorization" in request.headers for request in server.requests)
    with pytest.raises(ServerNotFound) as failed:
        find_model(at(host))
    assert "secret" not in str(failed.value)


def test_a_schema_is_sent_and_a_reply_that_follows_it_is_accepted() -> None:
    with OllamaServer('{"supported": true}') as server:
        text, _ = text_and_end(chat(local(server), schema=SCHEMA))
    assert (text, server.bodies()[0]["format"]) == ('{"supported": true}', SCHEMA)


@pytest.mark.parametrize("written", ['{"other": 1}', "[true]", "yes"])
def test_a_schema_that_is_not_followed_is_an_error(written: str) -> None:
    with (
        OllamaServer(written) as server,
        pytest.raises(ModelProtocolError, match="JSON schema") as failed,
    ):
        list(chat(local(server), schema=SCHEMA))
    assert failed.value.text == written


def test_a_reply_cut_at_its_token_limit_is_reported() -> None:
    with OllamaServer("one two three four five") as server:
        text, end = text_and_end(chat(local(server), answer_tokens=3))
        assert (text, end.reason if end else "") == ("one two three", "length")
        with pytest.raises(IncompleteAnswer, match="cut at its token limit"):
            list(chat(local(server), answer_tokens=3, schema=SCHEMA))


def test_an_object_that_follows_its_schema_is_accepted_although_blanks_filled_the_rest() -> None:
    with OllamaServer(['{"supported": true}', " ", " ", " ", " "]) as server:
        server.reply = lambda _: ['{"supported": true}', "\n", "\n", "\n"]
        text, end = text_and_end(chat(local(server), answer_tokens=3, schema=SCHEMA))
    assert (text, end.reason if end else "") == ('{"supported": true}\n\n', "length")


def test_thinking_gives_empty_pieces() -> None:
    pieces = []
    with OllamaServer(models=[Model("qwen3:4b", thinking="hm let me see")]) as server:
        server.reply = lambda body: "Twelve." if body.pop("think") is False else ""
        pieces = list(chat(local(server)))
    assert [piece.text for piece in pieces] == ["Twelve.", ""]


MARKED = {
    "gpt-oss": "<|channel|>analysis<|message|>I look.<|end|><|start|>assistant<|channel|>final<|message|>{}",
    "Kimi": "◁think▷I look.◁/think▷{}",
    "never opened": "I look.</think>{}",
}


@pytest.mark.parametrize("model", MARKED)
def test_reasoning_between_marks_is_left_out_of_a_whole_reply(model: str) -> None:
    with OllamaServer(MARKED[model].format("Twelve metres.")) as server:
        assert text_without_reasoning(chat(local(server))) == "Twelve metres."


def test_a_model_is_loaded_with_the_window_of_its_requests() -> None:
    with OllamaServer() as server:
        model = find_model(settings(server))
        model.load()
        list(chat(model))
    (load,) = server.loads()
    assert load["options"] == {"num_ctx": server.bodies()[0]["options"]["num_ctx"]} == {"num_ctx": 8192}
    assert server.loaded == {"qwen3:4b"}


def test_tokens_that_the_server_knew_are_reported_where_it_counts_them() -> None:
    for cached in (6, None):
        with OllamaServer(cached=cached) as server:
            end = text_and_end(chat(local(server)))[1]
        assert end is not None
        assert (end.prompt_tokens, end.cached_tokens) == (8, cached)


def test_a_reply_has_less_time_if_its_caller_says_so() -> None:
    with OllamaServer(fault="slow first byte") as server:
        began = time.monotonic()
        with pytest.raises(ModelTimeout, match=r"within 0\.3 s"):
            list(chat(local(server, deadline_seconds=30), limit_seconds=0.3))
        assert time.monotonic() - began < 2


def test_pieces_are_passed_on_immediately() -> None:
    with OllamaServer("one two three four", pause=0.1) as server:
        came = [time.monotonic() for piece in chat(local(server)) if piece.text]
    delays = [there - sent for there, sent in zip(came, server.sent, strict=True)]
    assert min(delays) < 0.05
    assert came[0] < server.sent[-1]  # it did not wait for the others


def test_the_first_piece_may_take_longer_than_the_others() -> None:
    with OllamaServer(first=0.6) as server:
        assert text_and_end(chat(local(server, timeout_seconds=0.3, deadline_seconds=5)))[0] == "It is so."


# Faults


WELL = ("blank line", "no newline at the end", "wrong counts", "cut prompt", "control characters", "full window")
FAULTS: dict[str, tuple[type[AnswerModelError], str, str]] = {
    "down": (ServerNotFound, "", "ollama serve"),
    "refused": (ServerNotFound, "", "ollama serve"),
    "deaf": (ServerNotFound, "", "ollama serve"),
    "slow first byte": (ModelTimeout, "", "did not begin to answer within 1.5 s"),
    "endless trickle": (ModelTimeout, "and 0 and 1 ", "was not done after 1.5 s"),
    "trickle without line": (ModelTimeout, "It is", "wrote nothing for 0.6 s"),
    "stall": (ModelTimeout, "It is", "wrote nothing for 0.6 s"),
    "reset": (ServerNotFound, "", "without an answer.*`ollama serve`"),
    "reset mid-stream": (IncompleteAnswer, "It is", "closed the connection"),
    "hangs up": (IncompleteAnswer, "It is", "closed the connection"),
    "ends early": (IncompleteAnswer, "It is", "ended the answer of qwen3:4b before it was complete"),
    "equal tokens": (IncompleteAnswer, "It is so so", "repeated one word without end"),
    "repeats for ever": (IncompleteAnswer, "It is so so", "repeated one word without end"),
    "repeat error line": (IncompleteAnswer, "It is", "repeated one word without end"),
    "blank trickle": (ModelTimeout, "It is", "wrote nothing for 0.6 s"),
    "too long line": (PromptCut, "It is", r"4,096 tokens of context.*context_tokens to 4096"),
    "400 too long, older": (PromptCut, "", "context_tokens lower"),
    "500 stopped": (ModelOutOfMemory, "", "cudaMalloc failed.*less context"),
    "500 allocation": (ModelOutOfMemory, "", "decode failed alloc: allocation failed"),
    "cut last line": (IncompleteAnswer, "It is", "before it was complete"),
    "broken JSON": (ModelProtocolError, "It is", "Unexpected response from"),
    "HTML 502": (ModelProtocolError, "", "HTTP 502"),
    "HTML 200": (ModelProtocolError, "", "<html>"),
    "list body": (ModelProtocolError, "", r"'\[\]'"),
    "list 500": (ModelProtocolError, "", "HTTP 500"),
    "404 model": (ModelNotFound, "", "`ollama pull qwen3:4b`"),
    "400 too long": (PromptCut, "", r"4,096 tokens of context.*: request \(9000 tokens\).*context_tokens to 4096"),
    "403 host": (ModelProtocolError, "", "OLLAMA_HOST"),
    "503 busy": (ModelBusy, "", "ask again"),
    "500 memory": (ModelOutOfMemory, "", "5.6 GiB.*less context"),
    "500 other": (ModelProtocolError, "", "unable to find the template"),
    "error line": (IncompleteAnswer, "It is", "an error was encountered"),
    "memory error line": (ModelOutOfMemory, "It is", "less context"),
    "empty answer": (IncompleteAnswer, " \n", "wrote nothing"),
    "1 MB line": (ModelProtocolError, "It is", "1,000,000 bytes"),
    "endless line": (ModelProtocolError, "It is", "1,000,000 bytes"),
    "wrong types": (ModelProtocolError, "It is", "Unexpected response from"),
    "redirect": (ModelProtocolError, "", "not followed"),
    "invalid UTF-8": (ModelProtocolError, "It is", "Unexpected response from"),
    "schema ignored": (ModelProtocolError, "Certainly! Here", "JSON schema"),
}


def test_every_fault_is_tried() -> None:
    assert set(CHAT_FAULTS) == (set(FAULTS) | set(WELL)) - {"down", "refused", "deaf"}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_one_error_with_its_remedy_within_the_deadline(fault: str) -> None:
    kind, text, message = FAULTS[fault]
    with OllamaServer(fault=fault) as server:
        with one_error_in_time(kind, text, message):
            list(chat(local(server), schema=SCHEMA if fault == "schema ignored" else None))
        assert server.elsewhere == []
        assert not any("authorization" in request.headers for request in server.requests)


@pytest.mark.parametrize("fault", WELL)
def test_harmless_faults_leave_the_answer_whole(fault: str) -> None:
    with OllamaServer(fault=fault) as server:
        text, end = text_and_end(chat(local(server)))
    assert text == ("It is  so , \nna\nive." if fault == "control characters" else "It is so.")
    assert end is not None
    if fault == "wrong counts":
        assert end == Completion("stop")
    if fault == "full window":  # the beginning of the prompt is gone
        assert end.reason == "length"


def test_every_exception_of_httpx_is_translated() -> None:
    kinds = [kind for kind in vars(httpx).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    assert httpx.ReadTimeout in kinds
    for kind in [*kinds, OSError, UnicodeError, RuntimeError]:
        for responded, otherwise in [(True, IncompleteAnswer), (False, ServerNotFound)]:
            error = translate_errors(kind.__new__(kind), ollama_server(Settings()), responded=responded)
            at_once = issubclass(kind, (httpx.ConnectError, httpx.ConnectTimeout, httpx.InvalidURL, ValueError))
            if at_once or kind is httpx.UnsupportedProtocol:
                assert isinstance(error, ServerNotFound)
            else:
                assert isinstance(error, otherwise)


def test_a_cut_prompt_is_noticed_by_its_token_count() -> None:
    long = [{"role": "user", "content": "how deep is this well " * 100}]
    with OllamaServer(fault="cut prompt") as server:
        *_, last = local(server, 4096).chat(long, answer_tokens=10)
    assert last.end is not None
    assert was_cut(fewest_tokens(long), last.end.prompt_tokens)
    with OllamaServer() as server:
        *_, last = local(server, 4096).chat(long, answer_tokens=10)
        assert last.end is not None
        assert not was_cut(fewest_tokens(long), last.end.prompt_tokens)
        with pytest.raises(PromptCut) as cut:
            list(local(server, 512).chat(long, answer_tokens=10))
        assert cut.value.window == 512
    assert not was_cut(fewest_tokens(long), None)


# Stop


@pytest.mark.parametrize("fault", ["slow first byte", "stall", "endless trickle"])
def test_stop_closes_the_connection_within_a_second(fault: str) -> None:
    stop = threading.Event()
    with OllamaServer(fault=fault) as server:
        timer = threading.Timer(0.3, stop.set)
        timer.start()
        with pytest.raises(IncompleteAnswer, match="stopped"):
            list(chat(local(server, timeout_seconds=30, deadline_seconds=30), stop=stop))
        timer.join()
        assert server.left.wait(1)


def test_a_stop_before_the_request_sends_nothing() -> None:
    stop = threading.Event()
    stop.set()
    with OllamaServer() as server, pytest.raises(IncompleteAnswer, match="stopped"):
        list(chat(local(server), stop=stop))
    assert server.bodies() == []


def test_closing_the_reply_closes_the_connection_within_a_second() -> None:
    with OllamaServer(fault="stall") as server:
        pieces = chat(local(server, timeout_seconds=30, deadline_seconds=30))
        assert next(pieces).text == "It is"
        pieces.close()  # type: ignore[attr-defined]
        assert server.left.wait(1)
