"""The measurement of a model's answers runs, and has figures with and without the model."""

from __future__ import annotations

import json

import pytest
from helpers.ollama_server import OllamaServer

from eval.__main__ import main
from rag.assistant import Assistant


@pytest.mark.slow
def test_answers_are_timed_with_and_without_the_model(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with OllamaServer(reply="We fly a camera kite over eleven rivers [1].") as server:
        monkeypatch.setenv("FOOTNOTE_OLLAMA__HOST", server.host)
        assert main(["writing", "--library", str(assistant.library.folder), "--questions", "1"]) == 0
    measured = json.loads(capsys.readouterr().out)
    for mode in ("quote", "llm"):
        assert measured["stream"][mode]["questions"] == 1
        assert measured["stream"][mode]["s of the whole answer"]["most"] > 0
        assert measured["footnote ask, s to the first line"][mode]["most"] > 0
    assert measured["stream"]["quote"]["tokens of the prompt, at most"] is None
