"""Parse XML safely, and edit XML trees."""

from __future__ import annotations

import html
import re
from typing import Any

from ...errors import SourceError
from ..encodings import decode, markup_encoding
from ..failures import translate_errors


def parse_xml(raw: bytes) -> Any:
    """Return the root of an XML document, with namespaces removed from its tags; see `parse_namespaced_xml`."""
    from lxml import etree

    root = parse_namespaced_xml(raw)
    for tag in root.iter("*"):
        tag.tag = etree.QName(tag).localname
    return root


def parse_namespaced_xml(raw: bytes) -> Any:
    """Return the root of an XML document. Nothing external is fetched; only entities of XML and HTML are expanded.

    Raise SourceError if it is not well-formed, or declares entities.
    """
    from lxml import etree

    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    # lxml trusts the declared encoding and knows fewer labels, so we pass it decoded text without the prolog.
    text = re.sub(r"\A\s*<\?xml[^>]*\?>", "", decode(raw, markup_encoding(raw)))
    with translate_errors("lxml"):
        root = etree.fromstring(text, parser)
    declared = root.getroottree().docinfo.internalDTD
    if declared is not None and next(declared.iterentities(), None) is not None:
        raise SourceError("its XML declares its own entities, which no paper needs and which could fill the memory")
    for entity in list(root.iter(etree.Entity)):
        replace_tag(entity, html.unescape(entity.text))
    return root


def text_of(tag: Any) -> str:
    """Return the text of an element on one line; "" for None."""
    return "" if tag is None else " ".join("".join(tag.itertext()).split())


def replace_tag(tag: Any, text: str) -> None:
    """Replace an element by text."""
    parent, before, text = tag.getparent(), tag.getprevious(), text + (tag.tail or "")
    if before is None:
        parent.text = (parent.text or "") + text
    else:
        before.tail = (before.tail or "") + text
    parent.remove(tag)
