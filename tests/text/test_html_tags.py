"""HTML tags and entities are removed from metadata fields, and nothing else is."""

from __future__ import annotations

import pytest
from helpers.growth import growth

from rag.text.html_tags import untagged


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("&amp;lt;i&amp;gt;Lutra&amp;lt;/i&amp;gt; &#x2013; &#160;x", "Lutra – x"),
        ("<jats:title>Abstract</jats:title><jats:p>We<br/>count.</jats:p>", "We\ncount."),
        ("a < b and c > d, <s> tokens, AT&T; f<x>", "a < b and c > d, <s> tokens, AT&T; f<x>"),
        ('<a href="x">link</a> <span class="a" id=b>s</span>', "link s"),
    ],
)
def test_only_known_tags_and_entities_are_removed(text: str, shown: str) -> None:
    assert untagged(text) == shown


def test_the_time_for_tags_is_linear() -> None:
    for first, hostile in (("", "<b a="), ("<p ", " "), ("", "&#38;"), ("", "<sup>"), ("", "1<sup>")):
        assert growth(lambda count, first=first, hostile=hostile: untagged(first + hostile * count), 10_000) < 8  # type: ignore[misc]
