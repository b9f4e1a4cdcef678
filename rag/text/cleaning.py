"""Remove invisible characters: control and bidi characters, terminal sequences, surrogates."""

import json
import re

UNREAD = "\ufffd"
"""Replaces a printed character that could not be read; a sentence that contains it is not quoted."""

# Zero-width joiners shape words in Arabic and Indic scripts and join emoji; elsewhere they do nothing.
_JOINED = "\u0590-\u1cff\ua800-\uabff\ufb1d-\ufefc\U00010a00-\U00011fff\u2190-\u2bff\ufe0f\U0001f000-\U0001faff"
_NOISE = re.compile(
    "\x1b\\][^\x07\x1b\x9c\n]*(?:\x07|\x1b\\\\|\x9c)"  # OSC: window title, link
    "|\x1b[PX^_][^\x1b\x9c\n]*(?:\x1b\\\\|\x9c)"  # other terminal strings
    "|\x1b\\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor
    "|\x1b[()][0-9AB]"
    "|(?P<pair>[\ud800-\udbff][\udc00-\udfff])"
    "|(?P<line>\r\n|[\r\x0b\x0c\x85\u2028\u2029])"
    "|(?P<blank>[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff])"
    f"|(?<![{_JOINED}])[\u200c\u200d]+|(?<=[\u200c\u200d])[\u200c\u200d]"
    # Soft hyphens, zero widths, bidi controls, invisible operators, annotations, tags.
    "|[\x1b\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff"
    "\U000e0000-\U000e007f]+"
)

_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff"
    "\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f]"
)


def clean(text: str) -> str:
    """Return `text` safe to store and print.

    Terminal sequences, soft hyphens, zero-width and bidi characters are removed; other control characters and lone
    surrogates become blanks; every line end becomes \\n. Tabs stay, as do joiners in scripts and emoji that need them.
    """
    return _NOISE.sub(_replacement, text)


def cuts(text: str) -> list[tuple[int, int]]:
    """Return the spans of `text` that `clean` removes; all other characters are kept or replaced one by one."""
    found = ((match.start() + len(_replacement(match)), match.end()) for match in _NOISE.finditer(text))
    return [(start, end) for start, end in found if start < end]


def escape(text: str) -> str:
    """Return JSON `text` with the characters that `clean` removes as `\\u` escapes: same values, safe to print."""
    return _UNSEEN.sub(lambda match: json.dumps(match[0])[1:-1], text)


def _replacement(match: re.Match[str]) -> str:
    if match["pair"]:
        return match["pair"].encode("utf-16", "surrogatepass").decode("utf-16")
    if match["line"]:
        return "\n"
    return " " if match["blank"] else ""
