"""The client of OpenAI's chat API against a fake server that is LM Studio, llama.cpp's server, Jan or vLLM."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from helpers.chats import ASKED, QUICK, SCHEMA, chat, one_error_in_time, text_and_end
from helpers.openai_server import FAULTS, PROGRAMS, OpenAIServer

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
from rag.models.openai.chat import OpenAIModel
from rag.models.openai.connection import openai_server
from rag.models.openai.discovery import find_model, local_servers
from rag.models.server.exchange import after

NAME = "/models/qwen3-4b-instruct-Q4_K_M.gguf"


@pytest.fixture(autouse=True)
def _proxies_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ALL_PROXY", "all_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "socks5://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "")


def settings(server: OpenAIServer, url: str = "", key: str = "", model: str = "auto", **changes: Any) -> Settings:
    llm = {"server": "openai", "base_url": url or server.url, "api_key": key, "model": model}
    return Settings.model_validate({"llm": llm, "ollama": QUICK | changes})


def local(server: OpenAIServer, key: str = "", **changes: Any) -> OpenAIModel:
    found = openai_server(server.url, allow_remote=False)
    return OpenAIModel(identifier=NAME, name="qwen3", server=found, window=2048, api_key=key, **(QUICK | changes))


# A healthy server


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_reply_arrives_in_pieces_and_reports_how_it_ended(program: str) -> None:
    with OpenAIServer("The well is 12 m deep [1].\nIt is dry [2].", program=program, cached=2) as server:
        text, end = text_and_end(chat(local(server)))
        short = text_and_end(chat(local(server), answer_tokens=3))
    assert text == "The well is 12 m deep [1].\nIt is dry [2]."
    assert end is not None
    assert (end.reason, end.prompt_tokens, end.cached_tokens) == ("stop", 8, 2)
    assert end.prompt_seconds is not None
    if program in ("llama.cpp", "Jan"):  # they report it; of the others it is the time to the first piece
        assert end.prompt_seconds == pytest.approx(0.03)
    assert (short[0], short[1].reason if short[1] else "") == ("The well is", "length")


def test_the_request_is_complete_and_its_key_goes_to_the_server_alone() -> None:
    with OpenAIServer(api_key="s3cret") as server:
        model = find_model(settings(server, key="s3cret"))
        list(chat(model, schema=None))
    (body,) = server.bodies()
    assert (body["model"], body["messages"], body["stream"], body["max_tokens"]) == (NAME, ASKED, True, 100)
    assert (body["temperature"], body["seed"], body["repeat_penalty"]) == (0, 1, 1.1)
    assert body["chat_template_kwargs"] == {"enable_thinking": False}
    assert "response_format" not in body
    assert all(request.headers["authorization"] == "Bearer s3cret" for request in server.requests)
    assert "s3cret" not in repr(model)


def test_a_schema_is_sent_and_has_to_be_followed() -> None:
    with OpenAIServer(['{"supported": true}', "yes"]) as server:
        assert text_and_end(chat(local(server), schema=SCHEMA))[0] == '{"supported": true}'
        with pytest.raises(ModelProtocolError, match="JSON schema"):
            list(chat(local(server), schema=SCHEMA))
    assert server.bodies()[0]["response_format"]["json_schema"]["schema"] == SCHEMA


def test_reasoning_gives_empty_pieces() -> None:
    with OpenAIServer("Twelve.", thinking="hm let me") as server:
        assert [piece.text for piece in chat(local(server))] == ["", "", "", "Twelve.", ""]


def test_a_reply_without_counts_is_complete() -> None:
    with OpenAIServer(counts=False, program="vLLM") as server:
        text, end = text_and_end(chat(local(server)))
    assert end is not None
    assert (text, end.reason, end.prompt_tokens, end.cached_tokens) == ("It is so.", "stop", None, None)


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_prompt_that_is_too_long_is_known_by_each_server_s_words(program: str) -> None:
    long = [{"role": "user", "content": "how deep is this well " * 100}]
    with OpenAIServer(program=program, window=400) as server, pytest.raises(PromptCut) as cut:
        list(local(server).chat(long, answer_tokens=10))
    assert cut.value.window == 400
    assert "{" not in str(cut.value)
    assert "[ollama] context_tokens to 400" in str(cut.value)


# Faults


WELL = (
    "no finish_reason", "no [DONE]", "open after the end", "pings first", "no choices", "no stream_options",
    "no template",
)  # fmt: skip
WITH_SCHEMA = {"no schema"}
KNOWN: dict[str, tuple[type[AnswerModelError], str, str]] = {
    "down": (ServerNotFound, "", "does not answer at .*base_url"),
    "refused": (ServerNotFound, "", "base_url"),
    "slow first byte": (ModelTimeout, "", "did not begin to answer within 1.5 s"),
    "endless trickle": (ModelTimeout, "and 0 and 1 ", "was not done after 1.5 s"),
    "pings": (ModelTimeout, "It is", "wrote nothing for 0.6 s"),
    "stall": (ModelTimeout, "It is", "wrote nothing for 0.6 s"),
    "reset": (ServerNotFound, "", "without an answer"),
    "reset mid-stream": (IncompleteAnswer, "It is", "closed the connection"),
    "hangs up": (IncompleteAnswer, "It is", "closed the connection"),
    "ends early": (IncompleteAnswer, "It is", "before it was complete"),
    "cut last event": (IncompleteAnswer, "It is", "before it was complete"),
    "repeats for ever": (IncompleteAnswer, "It is so so", "repeated one word without end"),
    "endless line": (ModelProtocolError, "It is", "1,000,000 bytes"),
    "broken JSON": (ModelProtocolError, "It is", "Unexpected response from"),
    "wrong types": (ModelProtocolError, "It is", "Unexpected response from"),
    "invalid UTF-8": (ModelProtocolError, "It is", "Unexpected response from"),
    "HTML 502": (ModelProtocolError, "", "HTTP 502"),
    "HTML 200": (ModelProtocolError, "", "<html>"),
    "list body": (ModelProtocolError, "", r"'\[\]'"),
    "list 500": (ModelProtocolError, "", "HTTP 500"),
    "redirect": (ModelProtocolError, "", "not followed"),
    "error event": (IncompleteAnswer, "It is", "the slot is gone"),
    "old error event": (IncompleteAnswer, "It is", "the slot is gone"),
    "finish error": (IncompleteAnswer, "It is so.", "stopped with an error"),
    "too long in the stream": (PromptCut, "", "4,096 tokens of context"),
    "loading": (ModelBusy, "", "Loading model.*ask again"),
    "404 model": (ModelNotFound, "", r"no model 'qwen3'.*\[llm\] model"),
    "no model loaded": (ModelNotFound, "", "Load it there"),
    "401 key": (ModelProtocolError, "", "FOOTNOTE_LLM__API_KEY"),
    "500 memory": (ModelOutOfMemory, "", "failed to allocate.*less context"),
    "error with 200": (IncompleteAnswer, "", "Unexpected endpoint"),
    "old error": (ModelProtocolError, "", "temperature is wrong"),
}


def test_every_fault_is_tried() -> None:
    assert set(FAULTS) == (set(KNOWN) | set(WELL) | WITH_SCHEMA) - {"down", "refused"}


@pytest.mark.parametrize("fault", KNOWN)
def test_a_fault_is_one_error_with_its_remedy_within_the_deadline(fault: str) -> None:
    kind, text, message = KNOWN[fault]
    with OpenAIServer(fault=fault) as server:
        with one_error_in_time(kind, text, message):
            list(chat(local(server, key="s3cret")))
        assert server.elsewhere == []


@pytest.mark.parametrize("fault", WELL)
def test_harmless_faults_leave_the_answer_whole(fault: str) -> None:
    with OpenAIServer(fault=fault) as server:
        text, end = text_and_end(chat(local(server, deadline_seconds=5)))
    assert (text.removeprefix("It is" * (fault == "no choices")), end is not None) == ("It is so.", True)
    assert len(server.bodies()) == (2 if fault in ("no stream_options", "no template") else 1)


def test_a_server_without_schemas_is_asked_without_one() -> None:
    with OpenAIServer('{"supported": true}', fault="no schema") as server:
        assert text_and_end(chat(local(server), schema=SCHEMA))[0] == '{"supported": true}'
    assert ["response_format" in body for body in server.bodies()] == [True, False]


@pytest.mark.parametrize("fault", ["slow first byte", "stall", "endless trickle"])
def test_stop_closes_the_connection_within_a_second(fault: str) -> None:
    stop = threading.Event()
    with OpenAIServer(fault=fault) as server:
        timer = threading.Timer(0.3, stop.set)
        timer.start()
        with pytest.raises(IncompleteAnswer, match="stopped"):
            list(chat(local(server, timeout_seconds=30, deadline_seconds=30), stop=stop))
        timer.join()
        assert server.left.wait(1)


# Which model


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_only_model_is_taken_with_the_window_that_it_runs_with(program: str) -> None:
    with OpenAIServer(program=program, loaded=[NAME]) as server:
        for url in (server.url, server.host, f"{server.url}/"):
            model = find_model(settings(server, url))
            assert (model.identifier, model.name) == (NAME, "qwen3-4b-instruct-Q4_K_M")
        assert model.window == (8192 if program == "Jan" else 4096)  # Jan does not tell
        assert text_and_end(chat(model))[0] == "It is so."


def test_lm_studio_s_loaded_model_is_taken_and_never_one_for_embeddings() -> None:
    names = ["text-embedding-nomic-embed-text-v1.5", "qwen/qwen3-4b", "mistral-7b-instruct"]
    with OpenAIServer(program="LM Studio", models=names, loaded=["mistral-7b-instruct"]) as server:
        assert find_model(settings(server)).name == "mistral-7b-instruct"
        assert find_model(settings(server, model="qwen3-4b")).identifier == "qwen/qwen3-4b"
        server.loaded = []
        with pytest.raises(ModelNotFound, match=r"none is loaded. It has: qwen3-4b, mistral-7b-instruct. Name one in"):
            find_model(settings(server))


@pytest.mark.parametrize(
    ("models", "named", "message"),
    [
        ([], "auto", "no model that generates text"),
        (["SmolLM2-135M-Instruct"], "auto", "SmolLM2-135M-Instruct has too few parameters"),
        (["a", "b"], "c", r"no model 'c'. It has: a, b. Name one in \[llm\] model"),
    ],
)
def test_the_error_for_a_missing_model_lists_those_that_are_there(models: list[str], named: str, message: str) -> None:
    with OpenAIServer(program="Jan", models=models) as server, pytest.raises(ModelNotFound, match=message):
        find_model(settings(server, model=named))


def test_a_small_model_is_taken_if_it_is_named() -> None:
    with OpenAIServer(program="Jan", models=["SmolLM2-135M-Instruct"]) as server:
        assert find_model(settings(server, model="smollm2-135m-instruct")).name == "SmolLM2-135M-Instruct"


@pytest.mark.parametrize("fault", ["down", "refused", "slow first byte", "HTML 200", "list body", "HTML 502", "stall"])
def test_a_search_meets_any_server_within_three_seconds(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.models.server.objects.SEARCH_SECONDS", 1.0)
    with OpenAIServer(fault=fault, everywhere=True) as server:
        began = time.monotonic()
        with pytest.raises(ServerNotFound, match="base_url"):
            find_model(settings(server))
        assert time.monotonic() - began < 3


def test_a_missing_key_is_an_error_that_names_its_variable() -> None:
    with OpenAIServer(api_key="s3cret") as server, pytest.raises(ModelProtocolError, match="FOOTNOTE_LLM__API_KEY"):
        find_model(settings(server))


def test_a_server_that_loads_its_model_is_busy() -> None:
    with OpenAIServer(fault="loading", everywhere=True) as server, pytest.raises(ModelBusy, match="Loading model"):
        find_model(settings(server))


@pytest.mark.parametrize("url", ["http://[", "http://127.0.0.1:99999", "ftp://127.0.0.1", "http://\ud800", ""])
def test_an_invalid_address_is_an_error(url: str) -> None:
    llm = {"server": "openai", "base_url": url}
    with pytest.raises(ServerNotFound, match=r"\[llm\] base_url"):
        find_model(Settings.model_validate({"llm": llm}))


def test_servers_that_listen_on_the_usual_ports_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        OpenAIServer(program="Jan", api_key="s3cret") as jan,
        OpenAIServer() as llama,
        OpenAIServer(fault="down") as no,
    ):
        ports = (("Jan", jan.port), ("llama.cpp's server", llama.port), ("vLLM", no.port))
        monkeypatch.setattr("rag.models.openai.discovery.LOCAL_SERVERS", ports)
        found = local_servers(after(2))
    assert [(program, server.url, offered and len(offered)) for program, server, offered in found] == [
        ("Jan", jan.url, None),
        ("llama.cpp's server", llama.url, 1),
    ]
