"""Remove what a model writes around its answer: chat tokens, Markdown, headings, speakers, lists of references."""

import re
from collections.abc import Iterable

from ..text.readable import folded
from .sentence_stream import StreamedSentence

_CHAT_TOKENS = re.compile(
    r"<\|[^|<>]{1,40}\|>|<｜[^｜<>]{1,40}｜>|</?s>|\[/?INST\]|<</?SYS>>|<(?:start|end)_of_turn>"
    r"|</?(?:passage|quote|conversation)>",
    re.IGNORECASE,
)
_TURN = re.compile(r"(?:[#*\s]*)(?:user|human|(?:last |next |new )?question|instruction)[*\s]*(?::|$)", re.IGNORECASE)
_REFERENCES_HEADING = re.compile(
    r"[\W_]*(?:references?|sources?|bibliography|works cited|citations?|literature|footnotes|"
    r"(?:cited |used )(?:passages?|papers?|sources?))[\s*_]*(?::|$)",
    re.IGNORECASE,
)
_HEADING = re.compile(
    r"#{1,6}\s[^.!?\[]*$"
    r"|(?:\*\*|__)[^*_.\[]{1,60}(?:\*\*|__):?\s*$|[`=~_*-]{3,}+\w*\s*$|(?:final )?(?:answer|response):?$"
    r"|(?:here (?:is|are)|here['’]s|sure|based on|according to)\b[^.\[]{0,80}:$",
    re.IGNORECASE,
)
_REFERENCE = re.compile(r"[-*•\s]*(?:\[\^?\d{1,3}\]:?|\d{1,3}\.)\s*[\"“*_]*(?P<rest>.+)", re.DOTALL)
_BIBLIOGRAPHIC = re.compile(r"\bet al\b|\(\d{4}[a-z]?\)|\bdoi\b|\barXiv\b|https?://|\bpp?\. ?\d|\bProc\.|\bvol\. ?\d")
_BULLET = re.compile(r"\A(?:[-*•+–>]\s+|#{1,6}\s+|\(?\d{1,2}[.)]\s+(?=\D)|[a-z]\)\s+)+")
_SPEAKER = re.compile(
    r"\A[*_]*(?:assistant|ai|bot|model|system|(?:final |short )?answer|response)[*_]*\s*:\s*[*_]*\s*", re.IGNORECASE
)
_EMPHASIS = re.compile(
    r"\*{2,3}|(?<!\w)_{1,3}(?=\w)|(?<=[\w.,!?])_{1,3}(?!\w)|`{1,3}|(?<![\w*])\*(?=\w)|(?<=[\w.,!?])\*(?![\w*])"
)


class BoilerplateFilter:
    """Keep the sentences of an answer. `removed` holds a note for each kind of text that was removed."""

    def __init__(self, titles: Iterable[str]) -> None:
        self._titles = [title for title in map(folded, titles) if title]
        self.reset()

    def reset(self) -> None:
        """Start again: everything before was reasoning."""
        self.removed: set[str] = set()
        self._skips_line = False
        self._ended = False

    @property
    def skips(self) -> bool:
        """Whether the current line is left out, or the answer has ended."""
        return self._ended or self._skips_line

    def keep(self, sentence: StreamedSentence, *, is_first: bool) -> str:
        """Return the plain text of a sentence, "" if it is not a part of the answer."""
        if sentence.begins_line:
            self._skips_line = False
        if self.skips:
            return ""
        text = _CHAT_TOKENS.sub(" ", sentence.text).strip()
        if sentence.begins_line:
            if not is_first and _TURN.match(text):
                self._ended = True
                self.removed.add("Removed a further conversation that the model made up.")
                return ""
            self._ended = not is_first and bool(_REFERENCES_HEADING.match(text))
            if self._ended or (not is_first and self._is_reference(text)):
                self._skips_line = True
                self.removed.add("Removed a list of references that the model wrote.")
                return ""
            if _HEADING.match(text):
                self._skips_line = True
                return ""
        return plain(text, begins_line=sentence.begins_line)

    def _is_reference(self, text: str) -> bool:
        """Return whether a line is an entry of a list of references: "[1] Title ...", "[1] Names (2020) ..."."""
        entry = _REFERENCE.match(text)
        if not entry:
            return False
        start = folded(entry["rest"])
        return bool(_BIBLIOGRAPHIC.search(entry["rest"])) or any(map(start.startswith, self._titles))


def plain(text: str, *, begins_line: bool = True) -> str:
    """Remove Markdown, and at the beginning of a line bullets and the speaker's name."""
    if begins_line:
        text = _SPEAKER.sub("", _BULLET.sub("", text.lstrip(), count=1), count=1)
    return _EMPHASIS.sub("", text)
