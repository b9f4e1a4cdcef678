"""Stored and printed text has no invisible characters and no terminal sequences."""

from __future__ import annotations

import json

import pytest
from helpers.growth import growth

from rag.text.cleaning import clean, escape


@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [
        ("plain text\twith a tab\nand a line", "plain text\twith a tab\nand a line"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;owned\x07title", "title"),
        ("\x1b]8;;http://example.org\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b]0;without an end", "]0;without an end"),
        ("\x1bPq#0\x1b\\after", "after"),
        ("\x1b(0line", "line"),
        ("a\x00b\x07c\x9bd\x7fe", "a b c d e"),
        ("a\r\nb\rc\x0cd\x85e\u2028f", "a\nb\nc\nd\ne\nf"),
        ("half \ud800 pair", "half   pair"),
        ("whole \ud83d\ude00 pair", "whole \U0001f600 pair"),
        ("hy\u00adphen\u200bated w\u2060or\ufeffd", "hyphenated word"),
        ("\u202eevil\u202c \u2066x\u2069 a\u200eb\u200fc", "evil x abc"),
        ("hid\U000e0041\U000e0042den", "hidden"),
        ("in\u200cter\u200dnal", "internal"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("क्\u200dष", "क्\u200dष"),
        ("👩\u200d🔬", "👩\u200d🔬"),
        ("می\u200c\u200cخواهم", "می\u200cخواهم"),
        ("naïve ≤ 5 μm — “quoted” 中文", "naïve ≤ 5 μm — “quoted” 中文"),
    ],
)
def test_invisible_characters_are_removed_and_the_rest_is_kept(raw: str, cleaned: str) -> None:
    assert clean(raw) == cleaned
    assert clean(cleaned) == cleaned
    cleaned.encode()


@pytest.mark.parametrize("piece", ["\x1b]", "\x1b[", "\x1b[0", "\x1bP", "\u200d", "\ud800", "\r", "\u00ad", "a\u200c"])
def test_the_time_for_cleaning_is_linear(piece: str) -> None:
    assert growth(lambda count: clean(piece * count), 50_000) < 8


def test_escaped_json_has_the_same_values_and_no_invisible_characters() -> None:
    value = {"text": "\x1b]0;x\x07 \u202e \u2028 \x9b \u00ad \U000e0041 中"}
    printed = escape(json.dumps(value, ensure_ascii=False, indent=1))
    assert json.loads(printed) == value
    assert clean(printed) == printed
