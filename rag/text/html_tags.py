"""Remove the HTML and JATS tags and entities that databases leave in metadata fields."""

import html
import re

_BLOCKS = r"p|br|div|li|ul|ol|h[1-6]|sec|title|list|list-item|abstract|section"
_INLINE = (
    r"i|b|em|strong|su[bp]|span|sc|scp|small|tt|big|bold|italic|roman|monospace|underline|inf|font|xref|ext-link|named-content"
    r"|styled-content|inline-formula|tex-math|alternatives"
)
# Attributes exclude `<`; otherwise crafted text is scanned again for each tag.
_ATTRIBUTES = r"""(?:\s+[\w:-]+\s*=\s*(?:"[^"<>]*"|'[^'<>]*'|[^\s"'<>]+))*\s*/?"""
_BLOCK = re.compile(rf"</?(?:jats:)?(?:{_BLOCKS}){_ATTRIBUTES}>", re.IGNORECASE)
_TAG = re.compile(rf"</?(?:(?:jats|mml|m):[\w-]+|a(?=\s+href|>)|{_INLINE}){_ATTRIBUTES}>|<!--[^<>]*-->", re.IGNORECASE)
_HEADING = re.compile(r"^\s*<(?:jats:)?title>\s*(?:abstract|summary)\s*</(?:jats:)?title>", re.IGNORECASE)
_POWER = re.compile(r"(?<=\d)<(?:jats:)?sup>(?=[-+−–]?\d+</)", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_MAX_PASSES = 3  # for nested entities: `&amp;lt;i&amp;gt;`


def untagged(text: str) -> str:
    """Return text without HTML and JATS tags, with entities resolved, including doubly encoded ones.

    The end of a block becomes a line end, `10<sup>3</sup>` becomes 10^3. Other `<` stay: `a < b`, `<s>`.
    """
    for _ in range(_MAX_PASSES):
        if "<" not in text and "&" not in text:
            break
        before, text = text, _untag_once(text)
        if text == before:
            break
    return text


def _untag_once(text: str) -> str:
    cleaned = _HEADING.sub("", text)
    cleaned = _TAG.sub("", _BLOCK.sub("\n", _POWER.sub("^", cleaned)))
    cleaned = _ENTITY.sub(lambda match: html.unescape(match[0]), cleaned)
    if cleaned == text:
        return text
    lines = "\n".join(" ".join(line.split()) for line in cleaned.strip().split("\n"))
    return re.sub("\n{3,}", "\n\n", lines)
