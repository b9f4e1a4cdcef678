"""Cut the streamed text of a model into sentences.

The result does not depend on where the stream is cut: whether a sentence ends is decided once `_LOOKAHEAD` more
characters are there, from these alone.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from ..ingest.sentences import split_sentences
from ..models.reasoning import ReasoningFilter
from .citations import end_with_citations, mask_citations
from .prompts import visible

_LOOKAHEAD = 64  # characters after a full stop that decide whether a sentence ends there, and what is cited after it
_LINE_LOOKAHEAD = 2  # more characters, to know whether a line ends there too
_LOOKBEHIND = 120  # characters before a full stop that decide whether a sentence ends there
_MAX_SENTENCE = 1500  # characters; a longer one is cut between words
_MAX_CLOSERS = 8
_FULL_STOP = re.compile(r"[.!?…]{1,16}[\"'”’)\]}»*_]{0,6}(?=[\s\\\[【［〔(*_]|$)|[。！？]")


class StreamedSentence(NamedTuple):
    """A sentence as the model wrote it, and whether it begins a line."""

    text: str
    begins_line: bool


class SentenceStream:
    """Cut text that arrives in pieces into sentences. None in the output: everything before it was reasoning."""

    def __init__(self) -> None:
        self.pending = ""  # text after the last finished sentence; white space in it is single
        self._reasoning = ReasoningFilter()
        self._trailing_space = ""
        self._scanned = 0  # no sentence of `pending` ends before here
        self._begins_line = True

    def feed(self, text: str) -> Iterator[StreamedSentence | None]:
        """Yield the sentences that `text` finishes."""
        yield from self._read(self._reasoning.feed(visible(text)), final=False)

    def close(self) -> Iterator[StreamedSentence | None]:
        """Yield the rest."""
        yield from self._read(self._reasoning.close(), final=True)

    def _read(self, parts: Iterator[str | None], *, final: bool) -> Iterator[StreamedSentence | None]:
        for part in parts:
            if part is None:
                self.pending, self._trailing_space, self._scanned, self._begins_line = "", "", 0, True
                yield None
            else:
                self._append(part)
        while (end := self._sentence_end(final=final)) is not None:
            text, rest = self.pending[:end], self.pending[end:]
            begins_line = self._begins_line
            self.pending, self._scanned = rest.lstrip(), 0
            self._begins_line = rest.startswith("\n") or text.endswith("\n")
            if text.strip():
                yield StreamedSentence(text.strip(), begins_line)

    def _append(self, text: str) -> None:
        text = self._trailing_space + text.replace("\r", "\n")
        kept = text.rstrip()
        after = text[len(kept) :]
        self._trailing_space = "\n" if "\n" in after else " " if after else ""
        kept = re.sub(r"\s+", lambda space: "\n" if "\n" in space[0] else " ", kept)
        self.pending += kept if self.pending else kept.lstrip()

    def _sentence_end(self, *, final: bool) -> int | None:
        """Return the end of the first sentence in `pending`, None while that cannot be decided."""
        text = self.pending
        line = text.find("\n")
        upto = line if line >= 0 else len(text)
        for match in _FULL_STOP.finditer(text, self._scanned, min(len(text), _MAX_SENTENCE + _MAX_CLOSERS)):
            if match.start() >= min(upto, _MAX_SENTENCE):
                break
            if not final and match.end() + _LOOKAHEAD + _LINE_LOOKAHEAD > len(text):
                return None
            self._scanned = match.end()
            window = text[: match.end() + _LOOKAHEAD]
            end = _end_at_stop(window, match)
            if end is not None:
                return end_with_citations(window, end)
        if 0 <= line < _MAX_SENTENCE:
            known = final or line + _LOOKAHEAD + _LINE_LOOKAHEAD <= len(text)
            return end_with_citations(text[: line + _LOOKAHEAD], line) if known else None
        if len(text) >= _MAX_SENTENCE + _LOOKAHEAD + _LINE_LOOKAHEAD or (final and len(text) > _MAX_SENTENCE):
            space = text.rfind(" ", _MAX_SENTENCE // 2, _MAX_SENTENCE)
            return space if space > 0 else _MAX_SENTENCE
        return len(text) if final and text else None


def _end_at_stop(window: str, stop: re.Match[str]) -> int | None:
    """Return where the sentence ends at a full stop, None if it goes on."""
    begin = max(0, stop.start() - _LOOKBEHIND)
    line = window.find("\n", stop.start())
    around = mask_citations(window[begin : line if line >= 0 else len(window)])
    if stop[0][0] in "?!" and re.match(r"\s+[a-z]+\b", around[stop.end() - begin :]):
        return None  # the mark belongs to a title in the sentence
    for _, end in split_sentences(around):
        if stop.start() < begin + end <= stop.end() + _MAX_CLOSERS:
            return max(begin + end, stop.end())
    return None
