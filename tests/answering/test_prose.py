"""Answers of a local model: quotes first, then its checked prose, and the quotes again if it fails."""

from __future__ import annotations

import json
import re
import threading
import time
from pathlib import Path

import pytest
from helpers.ollama_server import Body, Model, OllamaServer
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
from helpers.papers import PAPERS
from llama_index.core.llms import MockLLM

from rag.answering.prompts import PROMPT_VERSION
from rag.answering.token_budget import most_tokens
from rag.assistant import Assistant
from rag.cli.parser import main
from rag.errors import AnswerModelError, ConfigError, ModelNotFound, ServerNotFound
from rag.types import REFUSAL, Answer


def test_quotes_come_first_and_then_checked_prose(shelf: Path) -> None:
    with OllamaServer(reply=about_otters(f"{RIGHT} It fails in fog [1].")) as server, open_on(server, shelf) as desk:
        growing = list(desk.stream(QUESTION))
    first, answer = growing[0], growing[-1]
    assert stays_in_quotes(first)
    assert all(not each.complete for each in growing[:-1])
    assert (answer.mode, answer.model, answer.complete, answer.prompt_version) == (
        "llm",
        "qwen3:4b",
        True,
        PROMPT_VERSION,
    )
    assert [sentence.support for sentence in answer.sentences] == ["quoted", "quoted"]
    for citation in answer.citations:
        assert desk.paper(citation.paper_id).text[citation.start : citation.end] == citation.quote
    assert "94.5%" in answer.citations[answer.sentences[0].citations[0] - 1].quote
    (chat,) = server.bodies()
    assert chat["options"]["num_ctx"] == 8192


def test_the_quotes_stay_in_each_answer(shelf: Path) -> None:
    with OllamaServer(reply=about_otters(RIGHT)) as server, open_on(server, shelf) as desk:
        *growing, answer = desk.stream(QUESTION)
        (saved,) = desk.history()
    with open_on(server, shelf, "quote") as desk:
        in_quotes = desk.ask(QUESTION)
        refused = desk.ask("What is the boiling point of ethanol?")
        counted = desk.ask("How many papers are there?")
    for each in (*growing, answer, saved.as_answer()):
        assert each.quotes is not None
    assert answer.quotes == in_quotes.quotes == growing[-1].quotes == saved.as_answer().quotes
    assert all(stays_in_quotes(each) for each in (in_quotes, *growing) if each.mode == "quote")
    assert Answer.from_dict(answer.to_dict()) == answer
    assert refused.to_dict()["quotes"] == {"text": REFUSAL, "sentences": [], "citations": []}
    assert counted.quotes is not None
    assert counted.quotes.sentences == counted.sentences


def test_answers_of_older_versions_are_read(shelf: Path) -> None:
    with OllamaServer(reply=about_otters(RIGHT)) as server, open_on(server, shelf) as desk:
        row = desk.ask(QUESTION).to_dict()
    del row["quotes"], row["written"]
    older = Answer.from_dict(row)
    assert (older.mode, older.quotes, older.text) == ("llm", None, row["text"])


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (f"I am sorry. {REFUSAL}", "found no answer in the passages"),
        ("Bananas are yellow. The moon is made of cheese.", "wrote an answer that the passages do not support"),
        (
            f"{RIGHT} The moon is made of cheese. Bananas are yellow.",
            "wrote an answer that the passages do not support",
        ),
        (f"{RIGHT} It fails in fog [1]. {WRONG}", "wrote an answer that the passages contradict"),
        ("It fails in fog [1].", "wrote an answer without what the quotes say (94.5%)"),
        ("<think>Hm.</think>", "wrote no answer"),
    ],
)
def test_prose_that_does_not_hold_up_leaves_the_quotes_and_says_why(shelf: Path, reply: str, reason: str) -> None:
    with OllamaServer(reply=about_otters(reply)) as server, open_on(server, shelf) as desk:
        quoted = next(desk.stream(QUESTION))
        answer = desk.ask(QUESTION)
    assert stays_in_quotes(answer)
    assert (answer.model, answer.complete, answer.confidence) == ("qwen3:4b", True, quoted.confidence)
    assert f"qwen3:4b {reason}." in answer.notes
    if "think" not in reply:
        assert answer.written is not None
        assert answer.to_dict()["written"]["sentences"][-1]["text"] in reply.replace(" [1]", "")
        assert answer.written.text not in str(answer)


def test_an_unsupported_sentence_is_left_out_with_what_depends_on_it(shelf: Path) -> None:
    left_out = "The moon is made of cheese. It fails in fog [1]."
    reply = f"{RIGHT} We fly a kite [1]. {left_out} River otters are hard to count [1]."
    with OllamaServer(reply=about_otters(reply)) as server, open_on(server, shelf) as desk:
        answer = desk.ask(QUESTION)
    assert answer.mode == "llm"
    assert [each.text for each in answer.sentences] == [
        "The kite counts 94.5% of the otters that divers count.",
        "We fly a kite.",
        "River otters are hard to count.",
    ]
    assert "Left out 2 sentences that the passages do not support." in answer.notes
    assert answer.written is not None
    assert "moon" in answer.written.text
    assert [c.number for c in answer.citations] == list(range(1, len(answer.citations) + 1))


def test_the_confidence_is_of_what_is_shown(shelf: Path) -> None:
    def reply(body: Body) -> str:
        if body.get("format"):
            return json.dumps({"support": "partly"})
        cited = f"[{number_of(body, OTTERS)}]"
        return f"{IN_OTHER_WORDS} {cited}. It fails in fog {cited}. River otters are hard to count {cited}."

    with OllamaServer(reply=reply) as server, open_on(server, shelf, check=True) as desk:
        *_, quoted, answer = [each for each in desk.stream(QUESTION) if each.mode == "quote" or each.seconds]
    assert [s.support for s in answer.sentences] == ["partly", "quoted", "quoted"]
    assert answer.confidence == pytest.approx(quoted.confidence * 2.5 / 3)


def test_a_question_that_no_paper_answers_is_refused_without_the_model(shelf: Path) -> None:
    with OllamaServer() as server, open_on(server, shelf) as desk:
        assert desk.ask("What is the boiling point of ethanol?").refused
    assert server.bodies() == []


@pytest.mark.parametrize("fault", ["ends early", "reset mid-stream", "error line"])
def test_an_incomplete_answer_is_marked(shelf: Path, fault: str) -> None:
    text = about_otters(f"{RIGHT} " * 4)
    with OllamaServer(reply=text, fault=fault) as server, open_on(server, shelf) as desk:
        answer = desk.ask(QUESTION)
    assert not answer.complete
    assert "94.5%" in answer.text
    assert any(note.startswith("The answer is incomplete: ") for note in answer.notes)


@pytest.mark.parametrize(
    "fault", ["404 model", "503 busy", "500 memory", "HTML 502", "down", "no models", "empty answer"]
)
def test_a_model_that_fails_leaves_the_quotes_or_raises(shelf: Path, fault: str) -> None:
    with OllamaServer(fault=fault) as server:
        with open_on(server, shelf, "auto") as desk:
            answer = desk.ask(QUESTION)
        assert (answer.mode, answer.complete) == ("quote", True)
        assert "94.5%" in answer.text
        # To work without a model is a choice: an answer mentions only a model that was found and then failed.
        assert any(note.startswith("Quotes only: ") for note in answer.notes) is (fault not in ("down", "no models"))
        with open_on(server, shelf) as desk, pytest.raises(AnswerModelError):
            desk.ask(QUESTION)


def test_a_server_that_never_answers_does_not_hold_up_the_quotes(shelf: Path) -> None:
    with OllamaServer(fault="deaf") as server, open_on(server, shelf, "auto") as desk:
        desk.search(QUESTION)  # the models are loaded
        begun = time.monotonic()
        stream = desk.stream(QUESTION)
        assert "94.5%" in next(stream).text
        assert time.monotonic() - begun < 1.5  # to find the model takes 1.5 to 2.5 s
        *_, answer = stream
        assert (answer.mode, answer.complete, answer.notes) == ("quote", True, ())
        assert time.monotonic() - begun < 5


def test_mode_llm_raises_if_the_model_is_missing(shelf: Path) -> None:
    with OllamaServer(fault="down") as server, open_on(server, shelf) as desk, pytest.raises(ServerNotFound):
        desk.ask(QUESTION)
    with OllamaServer() as server, open_on(server, shelf, model="gone") as desk, pytest.raises(ModelNotFound):
        desk.ask(QUESTION)


def test_stop_leaves_the_quotes(shelf: Path) -> None:
    with OllamaServer(first=20.0) as server, open_on(server, shelf) as desk:
        stop = threading.Event()
        threading.Timer(0.5, stop.set).start()
        started = time.monotonic()
        *_, answer = desk.stream(QUESTION, stop=stop)
        assert time.monotonic() - started < 10
    assert not answer.complete
    assert "94.5%" in answer.text


def test_a_follow_up_is_rewritten_by_the_model(shelf: Path) -> None:
    def reply(body: Body) -> str:
        if "rewrite" in body["messages"][0]["content"]:
            return "At what cost does the camera kite count otters?"
        return f"It counts them at a tenth of the cost [{number_of(body, OTTERS)}]."

    with OllamaServer(reply=reply) as server, open_on(server, shelf) as desk:
        first, *_, answer = desk.stream("And at what cost?", history=[(QUESTION, "94.5%.")])
    assert first.standalone_question == f"{QUESTION} And at what cost?"  # the quotes do not wait
    assert answer.standalone_question == "At what cost does the camera kite count otters?"
    assert "Searched for: At what cost does the camera kite count otters?" in answer.notes
    assert "tenth" in answer.text


def test_a_second_opinion_lowers_the_support(shelf: Path) -> None:
    def reply(body: Body) -> str:
        if body.get("format"):
            return json.dumps({"support": "partly"})
        cited = f"[{number_of(body, OTTERS)}]"
        return f"It fails in fog {cited}. {IN_OTHER_WORDS} {cited}. River otters are hard to count {cited}."

    with OllamaServer(reply=reply) as server, open_on(server, shelf, check=True) as desk:
        sentences = desk.ask(QUESTION).sentences
    assert [sentence.support for sentence in sentences] == ["quoted", "partly", "quoted"]


def test_any_llm_of_llama_index_can_write(shelf: Path) -> None:
    with Assistant.open(library=shelf, mode="llm", llm=MockLLM(max_tokens=5)) as desk:
        answer = desk.ask(QUESTION)
    assert answer.model
    assert "94.5%" in answer.text  # the mock says its prompt again, which supports nothing or is quoted


def test_answers_are_saved_and_can_be_repeated(shelf: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with OllamaServer(reply=about_otters(RIGHT)) as server, open_on(server, shelf) as desk:
        answer = desk.ask(QUESTION, papers=OTTERS)
        (kept,) = desk.history()
        assert (kept.key, kept.question, kept.answer["text"]) == (answer.number, QUESTION, answer.text)
        assert kept.made_with["digest"] == desk.writer().digest  # type: ignore[union-attr]
        assert kept.request["scope"]["papers"] == [OTTERS]
        before, again = desk.again(kept.key)
    assert before == kept
    assert (again.text, again.passages) == (answer.text, answer.passages)
    assert main(["again", "1", "--mode", "quote", "--library", str(shelf)]) == 0
    assert "model: qwen3:4b -> None" in capsys.readouterr().out
    assert main(["history", "--library", str(shelf)]) == 0
    assert capsys.readouterr().out.count(QUESTION) == 3


def test_a_repeated_answer_in_other_words_is_the_same_if_it_states_the_same(
    shelf: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = iter([RIGHT, RIGHT.replace("The kite counts", "A kite counts"), RIGHT.replace("94.5%", "94%")])
    with OllamaServer(reply=lambda body: about_otters(next(texts))(body)) as server, open_on(server, shelf) as desk:
        number = desk.ask(QUESTION).number
        monkeypatch.setenv("FOOTNOTE_OLLAMA__HOST", server.host)
        said = []
        for _ in range(2):
            assert main(["again", str(number), "--library", str(shelf)]) == 0
            said.append(capsys.readouterr().out)
    assert said[0].endswith("The answer is the same as before, in different words.\n")
    assert "- The kite counts 94.5%" in said[1]


def test_answers_are_not_saved_if_the_settings_say_so(shelf: Path) -> None:
    with Assistant.open(library=shelf, mode="quote", overrides={"answer": {"keep": False}}) as desk:
        assert desk.ask(QUESTION).number is None
        assert desk.history() == []


def test_reading_time_is_estimated_from_the_last_answer(shelf: Path) -> None:
    with OllamaServer(reply=about_otters(RIGHT)) as server, open_on(server, shelf) as desk:
        first: list[Answer] = list(desk.stream(QUESTION))
        second = list(desk.stream(QUESTION))
    reading = [next(n for a in answers for n in a.notes if "reads" in n) for answers in (first, second)]
    assert "about" not in reading[0]
    assert re.search(r"about \d+ s\)", reading[1])


def test_closing_a_stream_stops_the_model(shelf: Path) -> None:
    with (
        OllamaServer(reply=[" ".join(f"It is {n} times." for n in range(1000))], pause=0.05) as server,
        open_on(server, shelf) as desk,
    ):
        stream = desk.stream(QUESTION)
        while "writes" not in "".join(next(stream).notes):
            pass
        started = time.monotonic()
        stream.close()
        assert time.monotonic() - started < 5
        assert server.left.wait(5)


@pytest.mark.parametrize("reply", ["1.8", "Otters.", "Rules.", "Yes, cost.", "<think>Hm.</think>"])
def test_a_word_or_a_number_alone_is_no_answer(shelf: Path, reply: str) -> None:
    with OllamaServer(reply=reply) as server, open_on(server, shelf) as desk:
        answer = desk.ask(QUESTION)
    assert answer.mode == "quote"
    assert "94.5%" in answer.text


def test_too_small_a_context_gives_quotes_and_a_remedy(shelf: Path) -> None:
    with OllamaServer() as server:
        with open_on(server, shelf, "auto", context_tokens=512) as desk:
            answer = desk.ask(QUESTION)
        with open_on(server, shelf, context_tokens=512) as desk, pytest.raises(ConfigError, match="context_tokens"):
            desk.ask(QUESTION)
    assert "94.5%" in answer.text
    assert any(note.startswith("Quotes only: ") and "context_tokens" in note for note in answer.notes)


@pytest.mark.parametrize("reply", ["I cannot rewrite that, sorry.", "What is the boiling point of ethanol?"])
def test_an_unusable_rewriting_is_ignored(shelf: Path, reply: str) -> None:
    with OllamaServer(reply=reply) as server, open_on(server, shelf) as desk:
        answer = desk.ask("And at what cost?", history=[(QUESTION, "94.5%.")])
    assert answer.standalone_question == f"{QUESTION} And at what cost?"


def test_a_paper_removed_meanwhile_does_not_fail_the_answer(shelf: Path) -> None:
    with OllamaServer(reply=RIGHT) as server, open_on(server, shelf) as desk:
        stream = desk.stream(QUESTION)
        next(stream)
        desk.remove("A Grammar of Bird Alarm Calls")
        *_, answer = stream
    assert "94.5%" in answer.text


def test_the_models_context_window_limits_the_settings(shelf: Path) -> None:
    with OllamaServer(models=[Model("small", window=2048)]) as server, open_on(server, shelf, model="small") as desk:
        desk.ask(QUESTION)
    (chat,) = server.bodies()
    assert chat["options"]["num_ctx"] == 2048


def test_a_model_that_repeats_itself_is_stopped(shelf: Path) -> None:
    reply = about_otters(f"{RIGHT} " + "It fails in fog [1]. " * 500)
    with OllamaServer(reply=reply, pause=0.02) as server, open_on(server, shelf) as desk:
        answer = desk.ask(QUESTION)
        assert server.left.wait(5)
    assert [each.text for each in answer.sentences] == [
        "The kite counts 94.5% of the otters that divers count.",
        "It fails in fog.",
    ]
    assert answer.complete
    assert "The model repeated itself and was stopped." in answer.notes


def test_the_model_is_given_the_quotes_and_the_question_last(shelf: Path) -> None:
    with OllamaServer(reply=about_otters(RIGHT)) as server, open_on(server, shelf) as desk:
        quoted = next(desk.stream(QUESTION, history=[("Who?", "Otters. " * 300)]))
        answer = desk.ask(QUESTION, history=[("Who?", "Otters. " * 300)])
    prompt = server.bodies()[-1]["messages"]
    assert most_tokens(prompt) <= 1500
    assert prompt[-1]["content"].endswith(f"\nQuestion: {quoted.standalone_question}")
    cited = {citation.title for citation in answer.quotes.citations}  # type: ignore[union-attr]
    assert {title for title in PAPERS if title in prompt[-1]["content"]} == cited
