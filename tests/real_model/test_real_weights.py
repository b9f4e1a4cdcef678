"""Real weights behind both clients: the form of what comes from them, never its wording.

llama.cpp's server is asked by OpenAI's chat API, and by Ollama's with the fake server's protocol in front of it.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from helpers.llama_server import NAME, SLOTS, WINDOW, LlamaServer, missing_packages
from helpers.ollama_with_weights import MODEL, OllamaWithWeights

from rag.assistant import Assistant
from rag.config import Settings
from rag.errors import AnswerModelError, IncompleteAnswer, ModelNotFound, PromptCut
from rag.models.finder import find_model
from rag.models.protocols import ChatModel, Completion, Piece
from rag.types import Answer

pytestmark = [pytest.mark.real_model, pytest.mark.slow]

Tables = dict[str, dict[str, Any]]

PROTOCOLS = ("openai", "ollama")
ASKED = [{"role": "user", "content": "Write one sentence about wells."}]
SCHEMA = {
    "type": "object",
    "properties": {"support": {"type": "string", "enum": ["supported", "partly", "unsupported"]}},
    "required": ["support"],
    "additionalProperties": False,
}


@pytest.fixture(scope="session")
def llama() -> Iterator[LlamaServer]:
    """Start the server once for all tests that leave it running."""
    if missing := missing_packages():
        pytest.skip(f"needs {' and '.join(missing)}; `make test` installs them")
    with LlamaServer() as server:
        yield server


@contextlib.contextmanager
def answering(llama: LlamaServer, protocol: str, named: bool = True) -> Iterator[Tables]:
    """Put a protocol in front of the server, and yield the settings that lead there."""
    if protocol == "openai":
        yield {"llm": {"server": "openai", "base_url": llama.url, "model": NAME if named else "auto"}}
    else:
        with OllamaWithWeights(llama=llama) as server:
            yield {"ollama": {"host": server.host, "model": MODEL if named else "auto"}}


@pytest.fixture(params=PROTOCOLS)
def tables(llama: LlamaServer, request: pytest.FixtureRequest) -> Iterator[Tables]:
    with answering(llama, request.param) as found:
        yield found


@pytest.fixture
def model(tables: Tables) -> ChatModel:
    return model_of(tables)


def model_of(tables: Tables) -> ChatModel:
    return find_model(Settings.model_validate(tables))


def text_and_end(pieces: Iterator[Piece]) -> tuple[str, Completion]:
    *before, last = list(pieces)
    assert last.end is not None
    assert all(piece.end is None for piece in before)
    return "".join(piece.text for piece in (*before, last)), last.end


def wait_until(holds: Callable[[], object]) -> None:
    until = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.02)


# A reply


def test_a_reply_arrives_in_pieces_and_reports_its_counts(model: ChatModel) -> None:
    pieces = list(model.chat(ASKED, answer_tokens=12))
    text, end = text_and_end(iter(pieces))
    assert text.strip()
    assert sum(bool(piece.text) for piece in pieces) > 3
    assert end.reason in ("stop", "length")
    assert end.prompt_tokens is not None
    assert end.cached_tokens is not None
    assert 0 <= end.cached_tokens < end.prompt_tokens < 100
    assert end.prompt_seconds is not None
    assert model.window == WINDOW


def test_tokens_that_the_server_knows_are_counted_as_cached(model: ChatModel) -> None:
    for _ in range(SLOTS + 1):  # each slot knows what it has read itself
        _, end = text_and_end(model.chat(ASKED, answer_tokens=2))
    assert end.prompt_tokens is not None
    assert end.cached_tokens is not None
    assert end.cached_tokens > end.prompt_tokens / 2


def test_a_reply_is_cut_at_its_token_limit(model: ChatModel) -> None:
    assert text_and_end(model.chat(ASKED, answer_tokens=3))[1].reason == "length"


def test_a_schema_is_followed(model: ChatModel) -> None:
    asked = [{"role": "user", "content": "Does 'the well is deep' support 'the well is not deep'?"}]
    reply = json.loads(text_and_end(model.chat(asked, answer_tokens=30, schema=SCHEMA))[0])
    assert reply["support"] in ("supported", "partly", "unsupported")
    assert len(reply) == 1


@pytest.mark.parametrize("questions", [2, SLOTS + 1])
def test_questions_at_once_are_all_answered(model: ChatModel, questions: int) -> None:
    with ThreadPoolExecutor(questions) as pool:
        asked = [pool.submit(lambda: text_and_end(model.chat(ASKED, answer_tokens=6))) for _ in range(questions)]
        assert all(each.result()[0].strip() for each in asked)


def test_a_prompt_longer_than_the_window_is_an_error_that_names_the_window(model: ChatModel) -> None:
    with pytest.raises(PromptCut) as cut:
        list(model.chat([{"role": "user", "content": "how deep is this well " * WINDOW}], answer_tokens=5))
    assert cut.value.window == WINDOW
    assert "{" not in str(cut.value)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_so_small_a_model_is_not_chosen_unless_it_is_named(llama: LlamaServer, protocol: str) -> None:
    with answering(llama, protocol, named=False) as found, pytest.raises(ModelNotFound, match="too few parameters"):
        model_of(found)


# Stop


_WELLS = itertools.count()


def unread_prompt() -> list[dict[str, str]]:
    """Return a prompt that takes seconds to read: no server has it, or its beginning, in its cache."""
    first = 100 * next(_WELLS)
    return [{"role": "user", "content": " ".join(f"Well {n} is {n + 5} m deep." for n in range(first, first + 12))}]


def test_stop_while_a_prompt_is_read_is_immediate_and_nothing_is_written(llama: LlamaServer, model: ChatModel) -> None:
    stop = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(lambda: list(model.chat(unread_prompt(), answer_tokens=500, stop=stop)))
        wait_until(llama.working)
        began = time.monotonic()
        stop.set()
        with pytest.raises(IncompleteAnswer, match="stopped") as stopped:
            asked.result()
    assert time.monotonic() - began < 2
    assert stopped.value.text == ""
    wait_until(lambda: llama.working() == 0)  # llama.cpp reads to the end, but does not write 500 tokens


def test_stop_ends_the_writing_at_the_server_too(llama: LlamaServer, model: ChatModel) -> None:
    stop = threading.Event()
    pieces = model.chat(ASKED, answer_tokens=500, stop=stop)
    assert next(piece.text for piece in pieces if piece.text)
    stop.set()
    with pytest.raises(IncompleteAnswer, match="stopped") as stopped:
        list(pieces)
    assert stopped.value.text
    wait_until(lambda: llama.working() == 0)


# A server that is killed


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.usefixtures("llama")
def test_a_server_killed_while_it_reads_is_one_error(protocol: str) -> None:
    with LlamaServer() as own, answering(own, protocol) as tables, ThreadPoolExecutor(1) as pool:
        model = model_of(tables)
        asked = pool.submit(lambda: list(model.chat(unread_prompt(), answer_tokens=20)))
        wait_until(own.working)
        own.kill()
        with pytest.raises(AnswerModelError) as failed:
            asked.result()
    assert failed.value.text == ""
    assert str(failed.value).endswith(".")


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.usefixtures("llama")
def test_what_a_server_wrote_before_it_was_killed_is_kept(protocol: str) -> None:
    with LlamaServer() as own, answering(own, protocol) as tables:
        pieces = model_of(tables).chat(ASKED, answer_tokens=500)
        first = next(piece.text for piece in pieces if piece.text)
        own.kill()
        with pytest.raises(IncompleteAnswer) as failed:
            list(pieces)
    assert failed.value.text.startswith(first)


# Answers


@contextlib.contextmanager
def opened_with(assistant: Assistant, tables: Tables, mode: str = "llm") -> Iterator[Assistant]:
    """Open the assistant's library with a model that reads and writes little."""
    overrides = {**tables, "ollama": {"context_tokens": 800, "answer_tokens": 32, **tables.get("ollama", {})}}
    with Assistant.open(library=assistant.library.folder, mode=mode, overrides=overrides) as opened:
        yield opened


def check_form(answer: Answer, assistant: Assistant) -> None:
    """Check that an answer has its quotes, and that it cites verbatim, and every supported sentence of it."""
    assert answer.text
    assert answer.quotes is not None
    assert {sentence.support for sentence in answer.quotes.sentences} == {"quoted"}
    for each in filter(None, (answer, answer.quotes, answer.written)):
        numbers = {citation.number for citation in each.citations}
        for citation in each.citations:
            assert citation.quote in assistant.paper(citation.paper_id).text
        for sentence in each.sentences:
            assert set(sentence.citations) <= numbers
            assert sentence.citations or sentence.support != "supported"


def shows_the_quotes(answer: Answer) -> bool:
    quotes = answer.quotes
    assert quotes is not None
    return (answer.text, answer.sentences, answer.citations) == (quotes.text, quotes.sentences, quotes.citations)


def test_an_answer_by_real_weights_has_the_form_of_every_answer(tables: Tables, assistant: Assistant) -> None:
    with opened_with(assistant, tables) as opened:
        first, *growing, last = opened.stream("How many otters does the kite count?")
        assert "94.5%" in first.text  # the quotes
        check_form(last, opened)
    assert shows_the_quotes(first)
    assert {each.quotes for each in growing} == {last.quotes}
    assert any(note.startswith(f"{last.model} reads 1 passage") for each in growing for note in each.notes)
    assert last.written is not None
    if last.mode == "quote":
        assert shows_the_quotes(last)
        assert any(note.startswith(f"{last.model} ") for note in last.notes)  # why
    else:
        assert {each.text for each in last.sentences} <= {each.text for each in last.written.sentences}
    assert NAME in (last.model or "") or last.model == MODEL


@pytest.mark.usefixtures("llama")
def test_a_server_killed_while_it_reads_leaves_the_quotes(assistant: Assistant) -> None:
    with LlamaServer() as own, answering(own, "ollama") as tables, opened_with(assistant, tables, "auto") as opened:
        first, last, killed = None, None, False
        for last in opened.stream("How many otters does the kite count?"):
            first = first or last
            if not killed and own.working():
                own.kill()
                killed = True
        assert first
        assert last
        assert killed
        check_form(last, opened)
    assert shows_the_quotes(last)
    assert last.quotes == first.quotes
    assert last.written is None
    assert any("Ollama" in note or MODEL in note for note in last.notes)
