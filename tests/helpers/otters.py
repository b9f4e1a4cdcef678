"""Ask a library with a paper on counting otters, with a model on the fake Ollama server."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from helpers.ollama_server import Body, OllamaServer
from rag.assistant import Assistant
from rag.types import Answer

QUESTION = "How many otters does the kite count?"
OTTERS = "Counting Otters from Kites"
RIGHT = "The kite counts 94.5% of the otters that divers count [1]."
IN_OTHER_WORDS = "Kites count 94.5% of the otters that are counted by divers"
WRONG = "The kite counts 12% of the otters that divers count [1]."


def open_on(server: OllamaServer, library: Path, mode: str = "llm", **ollama: Any) -> Assistant:
    return Assistant.open(library=library, mode=mode, overrides={"ollama": {"host": server.host, **ollama}})


def number_of(body: Body, title: str) -> int:
    """Return the number of a paper's passage in the prompt."""
    return int(re.search(rf"\[(\d+)\] {title}", body["messages"][-1]["content"])[1])  # type: ignore[index]


def about_otters(text: str) -> Any:
    return lambda body: text.replace("[1]", f"[{number_of(body, OTTERS)}]")


def stays_in_quotes(answer: Answer) -> bool:
    """Return whether the quotes are shown, with everything that belongs to them."""
    quotes = answer.quotes
    assert quotes is not None
    shown = (answer.text, answer.sentences, answer.citations) == (quotes.text, quotes.sentences, quotes.citations)
    return answer.mode == "quote" and shown and "94.5%" in answer.text
