"""Remove a model's reasoning before its answer from a stream of text, by the markers around it."""

import re
from collections.abc import Iterable, Iterator

from .protocols import Piece

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
_MARKER = re.compile(
    rf"(?<![`\"'“‘])(?:(?P<opens>{_OPENS})|(?P<closes>{_CLOSES})|(?P<dropped>{_DROPPED})|(?P<channel>{_CHANNEL}))",
    re.IGNORECASE,
)
_MAX_MARKER = 24  # characters
_PARTIAL_MARKER = re.compile(r"[`\"'“‘]?(?:<[^<>\n]*|\[/?[A-Z]*|◁[^◁▷\n]*)?\Z")


def text_without_reasoning(pieces: Iterable[Piece]) -> str:
    """Return the text of a whole reply."""
    reader, text = ReasoningFilter(), ""
    for part in [*(part for piece in pieces for part in reader.feed(piece.text)), *reader.close()]:
        text = "" if part is None else text + part
    return text


class ReasoningFilter:
    """Filter text that arrives in pieces.

    None in the output means that everything before it was reasoning too: some models close what they never opened.
    """

    def __init__(self) -> None:
        self._held = ""  # may be the beginning of a marker
        self._thinking = False
        self._heading: str | None = None  # the channel's name so far, inside its heading

    def feed(self, text: str) -> Iterator[str | None]:
        """Yield the answer text; hold back what may begin a marker."""
        self._held += text
        partial = _PARTIAL_MARKER.search(self._held, max(0, len(self._held) - _MAX_MARKER))
        yield from self._read(partial.start() if partial else len(self._held))

    def close(self) -> Iterator[str | None]:
        """Yield what was held back."""
        yield from self._read(len(self._held))

    def _read(self, upto: int) -> Iterator[str | None]:
        at = 0
        for marker in _MARKER.finditer(self._held, 0, upto):
            yield from self._text(self._held[at : marker.start()])
            at = marker.end()
            if marker["opens"]:
                self._thinking = True
            elif marker["closes"]:
                if not self._thinking:
                    yield None
                self._thinking = False
            elif marker["channel"]:
                self._follow_channel(marker["channel"].lower())
        yield from self._text(self._held[at:upto])
        self._held = self._held[max(at, upto) :]

    def _text(self, text: str) -> Iterator[str]:
        if self._heading is not None:
            self._heading = (self._heading + text)[:100]
        elif text and not self._thinking:
            yield text

    def _follow_channel(self, marker: str) -> None:
        """Follow gpt-oss: <|start|>assistant<|channel|>analysis<|message|> reasoning <|end|>, then channel `final`."""
        if marker in ("<|start|>", "<|channel|>"):
            self._heading = ""
        elif marker == "<|message|>":
            self._thinking = (self._heading or "").strip().casefold().startswith(("analysis", "commentary"))
            self._heading = None
