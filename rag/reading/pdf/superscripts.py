"""Write the exponents of numbers and units as superscripts: 10⁶, s⁻¹, 90º.

Squares of units and variables (m2, R2) stay plain digits, so that a search finds them. Raised numbers that may be note
marks are left to `hyphenation`, which knows the following text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_EXPONENT = re.compile(r"(?P<sign>[−–+-])?\d{1,3}")
_DEGREES = ("o",)  # raised o, written º; a search folds it to o, as in the publisher's text
_SUPERSCRIPTS = str.maketrans("0123456789+-−–", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻")
_NUMBER = re.compile(r"(?<![\w.-])[\d.,]*\d$")
_YEAR = re.compile(r"(?<![\d.,])(?:1[89]|20)\d\d$")


def with_exponents(text: str, raised: Sequence[bool]) -> str:
    """Return the text of a line with its exponents as superscripts, character by character."""
    out = text
    for run in re.finditer("1+", "".join("1" if high else "0" for high in raised)):
        before, found, after = text[: run.start()], text[run.start() : run.end()], text[run.end() : run.end() + 1]
        if found in _DEGREES and before[-1:].isdigit() and not after.islower():
            out = f"{out[: run.start()]}º{out[run.end() :]}"
        elif _is_exponent(before, found, after):
            out = out[: run.start()] + found.translate(_SUPERSCRIPTS) + out[run.end() :]
    return out


def _is_exponent(before: str, raised: str, after: str) -> bool:
    exponent = _EXPONENT.fullmatch(raised)
    if not exponent or after.isdigit() or (after == "," and not exponent["sign"]):
        return False
    if exponent["sign"]:
        return before[-1:].isalnum() or before[-1:] in (")", "]")
    return bool(_NUMBER.search(before)) and not _YEAR.search(before)
