"""What is shown while a model reads and writes: the quotes, then prose that stays, or a line that says why it left."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest
from helpers.ollama_server import Body, OllamaServer
from helpers.otters import (
    IN_OTHER_WORDS,
    OTTERS,
    QUESTION,
    RIGHT,
    WRONG,
    about_otters,
    number_of,
    open_on,
    stays_in_quotes,
)

from rag.types import Answer

FOG = "It fails in fog [1]."
MOON = "The moon is made of cheese."
RIVERS = "River otters are hard to count [1]."
PAST = "and so it went on from the first to the last of all the days of a long summer"  # sentences end before it


def grown(shelf: Path, reply: Any, **ollama: Any) -> list[Answer]:
    """Return the answers while a model writes, and the whole answer as the last."""
    with OllamaServer(reply=reply) as server, open_on(server, shelf, **ollama) as desk:
        *growing, answer = desk.stream(QUESTION)
    return [*(each for each in growing if not each.written), answer]


def texts(answer: Answer) -> list[str]:
    return [each.text for each in answer.sentences]


def test_quotes_stay_until_the_first_two_sentences_are_supported(shelf: Path) -> None:
    *growing, answer = grown(shelf, about_otters(f"{RIGHT} {FOG} {RIVERS} {MOON[:-1]}, {PAST}."))
    prose = [each for each in growing if each.mode == "llm"]
    assert prose
    assert all(each.mode == "llm" or stays_in_quotes(each) for each in growing)
    assert all(texts(answer)[: len(each.sentences)] == texts(each) and len(each.sentences) >= 2 for each in prose)
    notes = [each.notes[-1] for each in growing if each.model]
    assert notes[0].startswith("qwen3:4b reads")
    assert notes[-1].startswith("qwen3:4b writes: ")
    assert all(len(each.notes) == len(growing[0].notes) + 1 for each in growing if each.model)


@pytest.mark.parametrize(
    ("reply", "mode"),
    [
        (RIGHT, "llm"),  # one sentence is shown when it is finished
        (f"{RIGHT} {WRONG} {FOG} {RIVERS}", "quote"),
        (f"{MOON} {RIGHT} {FOG} {RIVERS}", "llm"),
    ],
)
def test_no_prose_is_shown_before_the_end_if_it_does_not_begin_with_two(shelf: Path, reply: str, mode: str) -> None:
    *growing, answer = grown(shelf, about_otters(reply))
    assert all(stays_in_quotes(each) for each in growing)
    assert answer.mode == mode


def test_prose_that_was_shown_stays_while_later_sentences_are_not_supported(shelf: Path) -> None:
    *growing, answer = grown(shelf, about_otters(f"{RIGHT} {FOG} {MOON} {RIVERS} Bananas are yellow."))
    first = next(at for at, each in enumerate(growing) if each.mode == "llm")
    assert all(texts(each)[:2] == texts(answer)[:2] for each in growing[first:])
    assert "Left out 2 sentences that the passages do not support." in answer.notes


def test_a_line_says_why_prose_is_shown_no_more(shelf: Path) -> None:
    *growing, answer = grown(shelf, about_otters(f"{RIGHT} {FOG} {WRONG} {MOON[:-1]}, {PAST}."))
    assert growing[-1].mode == "llm"
    assert stays_in_quotes(answer)
    assert "qwen3:4b wrote an answer that the passages contradict." in answer.notes


@pytest.mark.parametrize("fault", ["ends early", "error line"])
def test_a_line_says_so_too_if_the_model_then_fails(shelf: Path, fault: str) -> None:
    reply = about_otters(f"{RIGHT} {FOG} {WRONG} {WRONG.replace('12', '13')} {RIVERS}" + " and so on" * 40)
    with OllamaServer(reply=reply, fault=fault) as server, open_on(server, shelf) as desk:
        *growing, answer = desk.stream(QUESTION)
    shown = any(each.mode == "llm" for each in growing)
    assert ("qwen3:4b wrote an answer that the passages contradict." in answer.notes) is (
        shown and stays_in_quotes(answer)
    )
    assert any(note.startswith("The answer is incomplete: ") for note in answer.notes)


def test_prose_that_was_reasoning_goes_with_a_line(shelf: Path) -> None:
    *growing, answer = grown(
        shelf, about_otters(f"{RIGHT} {FOG} {RIVERS} I say now, {PAST}.</think> {MOON} Bananas are yellow.")
    )
    at = next(at for at, each in enumerate(growing) if each.mode == "llm")
    withdrawn = [each for each in growing[at:] if each.mode == "quote"]
    assert all("Removed the model's reasoning before its answer." in each.notes for each in withdrawn)
    assert "qwen3:4b wrote an answer that the passages do not support." in answer.notes


def test_a_server_that_is_silent_for_longer_than_reading_takes_is_said_to_be_busy(shelf: Path) -> None:
    with (
        OllamaServer(reply=about_otters(RIGHT), first=2.0) as server,
        open_on(server, shelf, reading_seconds=0.4) as desk,
    ):
        notes = list(dict.fromkeys(each.notes[-1] for each in desk.stream(QUESTION) if each.model and not each.written))
    assert notes[0].startswith("qwen3:4b reads 1 passage")
    assert notes[1] == "qwen3:4b is silent for 0.4 s: the server may be loading it, or answering others first."


def test_one_deadline_covers_rewording_the_answer_and_the_opinions(shelf: Path) -> None:
    done = threading.Event()

    def reply(body: Body) -> str:
        if body.get("format") or "rewrite" in body["messages"][0]["content"]:
            done.wait(60)
        cited = f"[{number_of(body, OTTERS)}]" if OTTERS in body["messages"][-1]["content"] else ""
        return f"{IN_OTHER_WORDS} {cited}. It fails in fog {cited}."

    settings = {"check": True, "deadline_seconds": 4, "timeout_seconds": 60}
    with OllamaServer(reply=reply) as server, open_on(server, shelf, **settings) as desk:
        desk.search(QUESTION)
        begun = time.monotonic()
        *_, answer = desk.stream("And at what cost?", history=[(QUESTION, "94.5%.")])
        seconds = time.monotonic() - begun
        done.set()
    assert seconds < 4 + 4  # and what the rest takes on a slow machine
    assert answer.written is not None
    assert len(server.bodies()) == 3


def test_the_quotes_are_there_while_the_model_rewords_the_question(shelf: Path) -> None:
    def reply(body: Body) -> str:
        rewrites = "rewrite" in body["messages"][0]["content"]
        return "At what cost does the camera kite count otters?" if rewrites else about_otters(RIGHT)(body)

    with OllamaServer(reply=reply) as server, open_on(server, shelf) as desk:
        growing = list(desk.stream("And at what cost?", history=[(QUESTION, "94.5%.")]))
    rewording = next(each for each in growing if "qwen3:4b rewords the question." in each.notes)
    assert (rewording.model, rewording.citations, rewording.complete) == ("qwen3:4b", growing[0].citations, False)
    assert "qwen3:4b rewords the question." not in growing[-1].notes
