"""Leaves the reasoning that a model writes before its answer out of a stream of text, by the marks around it."""

from __future__ import annotations

import re
from collections.abc import Iterator

# Qwen and DeepSeek <think>, Seed <seed:think>, Mistral [THINK], Kimi ◁think▷, Cohere <|START_THINKING|>, Sky-T1
# <|begin_of_thought|>, Apertus <|inner_prefix|>, Gemma <unused94>; gpt-oss has channels, see `_CHANNEL`.
_OPENS = (
    r"<(?:think|thinking|thought|thoughts|reasoning|reason|reflection|scratchpad|seed:think)>|(?-i:\[THINK\])|◁think▷"
    r"|<\|(?:START_THINKING|begin_of_thought|inner_prefix|thinking|think)\|>|<unused94>(?:thought)?"
)
_CLOSES = (
    r"</(?:think|thinking|thought|thoughts|reasoning|reason|reflection|scratchpad|seed:think)>|(?-i:\[/THINK\])|◁/think▷"
    r"|<\|(?:END_THINKING|end_of_thought|inner_suffix|/thinking|/think)\|>|<unused95>"
)
_DROPPED = r"<\|(?:START_RESPONSE|END_RESPONSE|begin_of_solution|end_of_solution)\|>"
_CHANNEL = r"<\|(?:start|channel|message|constrain|end|return|call)\|>"
_MARK = re.compile(
    rf"(?<![`\"'“‘])(?:(?P<opens>{_OPENS})|(?P<closes>{_CLOSES})|(?P<dropped>{_DROPPED})|(?P<channel>{_CHANNEL}))",
    re.IGNORECASE,
)
_LONGEST = 24  # characters of a mark
_MAYBE_MARK = re.compile(r"[`\"'“‘]?(?:<[^<>\n]*|\[/?[A-Z]*|◁[^◁▷\n]*)?\Z")


class ReasoningFilter:
    """Takes in a model's text in pieces and gives back the answer in it.

    None among the pieces of `feed` says that everything before it was reasoning too: some models close what they
    never opened.
    """

    def __init__(self) -> None:
        self._held = ""  # what may be the beginning of a mark
        self._thinking = False
        self._heading: str | None = None  # the channel's name as far as it was read, inside of its heading

    def feed(self, text: str) -> Iterator[str | None]:
        """Return the pieces of the answer in what came so far; what may begin a mark waits."""
        self._held += text
        begun = _MAYBE_MARK.search(self._held, max(0, len(self._held) - _LONGEST))
        yield from self._read(begun.start() if begun else len(self._held))

    def close(self) -> Iterator[str | None]:
        """Return what was still held back."""
        yield from self._read(len(self._held))

    def _read(self, upto: int) -> Iterator[str | None]:
        at = 0
        for mark in _MARK.finditer(self._held, 0, upto):
            yield from self._text(self._held[at : mark.start()])
            at = mark.end()
            if mark["opens"]:
                self._thinking = True
            elif mark["closes"]:
                if not self._thinking:
                    yield None
                self._thinking = False
            elif mark["channel"]:
                self._follow_channel(mark["channel"].lower())
        yield from self._text(self._held[at:upto])
        self._held = self._held[max(at, upto) :]

    def _text(self, text: str) -> Iterator[str]:
        if self._heading is not None:
            self._heading = (self._heading + text)[:100]
        elif text and not self._thinking:
            yield text

    def _follow_channel(self, mark: str) -> None:
        """Follow gpt-oss: <|start|>assistant<|channel|>analysis<|message|> reasoning <|end|>, then channel `final`."""
        if mark in ("<|start|>", "<|channel|>"):
            self._heading = ""
        elif mark == "<|message|>":
            self._thinking = (self._heading or "").strip().casefold().startswith(("analysis", "commentary"))
            self._heading = None
