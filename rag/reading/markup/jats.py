"""Read JATS, the XML of PubMed Central and publishers, by renaming its tags to those of HTML."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from ...errors import SourceError
from ...text.readable import readable
from ...types import Failure, Paper
from ..encodings import MAX_TEXT_BYTES
from ..metadata import metadata_fields
from ..sources import Reading, make_paper
from .sections import hidden_text_note, sections
from .styles import drop_hidden
from .tags import parse_html
from .xml import parse_xml, replace_tag, text_of

_TAGS = {
    "p": "p", "list": "ul", "list-item": "li", "def-list": "div", "def-item": "p", "disp-quote": "blockquote",
    "boxed-text": "div", "statement": "div", "speech": "p", "verse-group": "p", "preformat": "pre", "code": "pre",
    "sec": "div", "abstract": "div", "trans-abstract": "div", "body": "div", "back": "div", "floats-group": "div",
    "ref": "li", "fig": "figure", "table-wrap": "figure", "caption": "figcaption", "label": "span", "break": "br",
    "table-wrap-foot": "div", "notes": "div", "glossary": "div", "fn-group": "div", "xref": "a", "ext-link": "a",
    **{name: name for name in "table thead tbody tfoot tr th td sup sub math".split()},
}  # fmt: skip
_ROLES = {
    "abstract": "doc-abstract", "trans-abstract": "doc-abstract", "ref-list": "doc-bibliography", "fn": "doc-footnote",
    "ack": "doc-acknowledgments", "app": "doc-appendix", "app-group": "doc-appendix",
}  # fmt: skip
_TITLED = frozenset("sec app abstract trans-abstract ack ref-list notes glossary fn-group".split())  # have titles
_DROPPED = frozenset(
    (
        "graphic inline-graphic media alt-text long-desc supplementary-material permissions object-id related-article "
        "processing-meta sub-article response sec-meta index-term attrib"
    ).split()
)

_AUTHORS = frozenset("author collab group".split())
_OTHER_GROUPS = re.compile("editor|reviewer|translator|member|collab|investigator|non-byline", re.IGNORECASE)


def read_jats(path: Path, name: str) -> Reading:
    """Return the papers in a JATS file; the file of a collection has several.

    Raise SourceError if it is not XML, not JATS, or declares entities.
    """
    size = path.stat().st_size
    if size > MAX_TEXT_BYTES:
        raise SourceError(f"it has {size / 1e6:.0f} MB; XML above {MAX_TEXT_BYTES / 1e6:.0f} MB is not read as a paper")
    root = parse_xml(path.read_bytes())
    articles = [root] if root.tag == "article" else list(root.iter("article"))
    articles = [article for article in articles if article.find("front") is not None]
    if not articles:
        raise SourceError(
            f"it is XML with the root <{root.tag}>, not JATS (an <article> with a <front>), so its structure is unknown"
        )
    reading = Reading()
    for article in articles:
        line = article.sourceline
        try:
            reading.papers.append(_paper(article, path))
        except SourceError as error:
            reading.failures.append(Failure(name, line, str(error)))
    return reading


def _paper(article: Any, path: Path) -> Paper:
    from lxml import etree

    front = article.find("front")
    meta = front if front.find("article-meta") is None else front.find("article-meta")
    heading = next((h for path in ("title-group", ".") if (h := meta.find(f"{path}//article-title")) is not None), None)
    for note in [] if heading is None else [*heading.iter("fn", "xref")]:
        replace_tag(note, "")
    title = text_of(heading) or path.stem.replace("_", " ")
    known = _details(front, meta)
    abstracts = [a for a in meta.iterchildren("abstract", "trans-abstract") if not _is_picture(a)]
    for abstract in abstracts:
        if abstract.find("title") is None:
            abstract.insert(0, etree.Element("title"))
            abstract[0].text = "Abstract"
    whole = etree.Element("div")
    whole.extend([*abstracts, *article.iterchildren("body", "back", "floats-group")])
    _rename(whole)
    page = parse_html(etree.tostring(whole, encoding="unicode", method="html"))
    notes = hidden_text_note(drop_hidden(page))
    return make_paper(title, "", sections=sections(page, title), notes=notes, **known)


def _is_picture(abstract: Any) -> bool:
    return str(abstract.get("abstract-type")) in ("graphical", "toc", "teaser")


def _details(front: Any, meta: Any) -> dict[str, Any]:
    years = [text_of(y) for y in meta.iterfind("pub-date/year")]
    years += [
        str(each.get("iso-8601-date") or "")[:4] for each in meta.iterfind("pub-date") if each.find("year") is None
    ]
    ids = {tag.get("pub-id-type"): text_of(tag) for tag in meta.iterfind("article-id")}
    return metadata_fields(
        {
            "authors": _authors(meta),
            "year": min((y for y in years if re.fullmatch(r"\d{4}", y)), default=None),
            "venue": text_of(front.find(".//journal-title")) or None,
            "doi": ids.get("doi"),
            "arxiv_id": ids.get("arxiv"),
            "tags": [text_of(word) for word in meta.iterfind("kwd-group/kwd")],
        }
    )


def _authors(meta: Any) -> list[str]:
    """Return the authors in order; a group counts as one, without its members."""
    groups = [g for g in meta.iterfind("contrib-group") if not _OTHER_GROUPS.search(str(g.get("content-type")))]
    people = [
        person
        for group in groups
        for person in group.iter("contrib", "collab")
        if person.getparent().tag == "contrib-group" and next(person.iterancestors("collab", "contrib"), None) is None
    ]
    return [
        name for person in people if str(person.get("contrib-type", "author")) in _AUTHORS and (name := _name(person))
    ]


def _name(person: Any) -> str:
    """Return the name of a person or group; of a person's name variants, the western one."""
    if person.tag == "collab":
        return _group_name(person)
    for found in (*person.iterfind("name"), *_western_first(person.findall("name-alternatives/name"))):
        if name := _person_name(found):
            return name
    for path in ("string-name", "name-alternatives/string-name"):
        if (found := person.find(path)) is not None:
            return _person_name(found) if {"surname", "given-names"} <= {part.tag for part in found} else text_of(found)
    groups = [*person.iterfind("collab"), *person.iterfind("collab-alternatives/collab")]
    return _group_name(groups[0]) if groups else ""


def _western_first(names: list[Any]) -> list[Any]:
    return sorted(names, key=lambda name: name.get("name-style", "western") != "western")


def _person_name(name: Any) -> str:
    given, family, suffix = (text_of(name.find(part)) for part in ("given-names", "surname", "suffix"))
    if name.get("name-style") == "eastern":
        return f"{family}{' ' if family.isascii() else ''}{given}"
    return " ".join(filter(None, [given, family, suffix]))


def _group_name(group: Any) -> str:
    """Return the name of a group, without members, marks and addresses."""
    words = []
    left = [group]
    while left:
        node = left.pop()
        if isinstance(node, str):
            words.append(node)
        elif node.tag in ("contrib-group", "contrib", "xref", "fn", "email", "aff", "address", "ext-link", "role"):
            continue
        else:
            inside = [part for child in node for part in (child, child.tail or "")]
            left += reversed([node.text or "", *inside])
    return re.sub(r"^(?:and )?on behalf of (?=\S)", "", " ".join("".join(words).split()).strip(" ,;:"), flags=re.I)


def _rename(root: Any) -> None:
    """Rename the tags of a JATS tree to HTML tags with roles; remove what is not text."""
    for tag in list(root.iter(*_DROPPED, "xref")):
        if tag.tag != "xref" or tag.get("ref-type") in ("fn", "table-fn"):  # the mark of a note
            replace_tag(tag, "")
    for tex in list(root.iter("tex-math")):
        replace_tag(tex, "" if tex.getparent().find(".//math") is not None else _formula(text_of(tex)))
    for label in list(root.iter("label")):
        _place_label(label)
    for citation in list(root.iter("element-citation", "citation")):
        _punctuate(citation)
    tags = list(root.iter("*"))[1:]
    depths, inside = {root: 1}, {root: ""}
    for tag in tags:
        above, name = tag.getparent(), tag.tag
        depths[tag] = depths[above] + (name in _TITLED)
        inside[tag] = inside[above] or (name if name in ("math", "fn", "caption") else "")
        if inside[tag] == "math":
            continue
        style = tag.get("style")
        spans = {key: tag.get(key) for key in ("colspan", "rowspan") if name in ("td", "th") and tag.get(key)}
        tag.attrib.clear()
        tag.attrib.update(spans)
        if style and name == "styled-content":
            tag.set("style", style)
        tag.tag = _TAGS.get(name, "div" if name in _ROLES else "span")
        if name in _ROLES:
            tag.set("role", _ROLES[name])
        if inside[tag] == "fn":  # a block tag would end the note's paragraph
            tag.tag, tag.tail = "span", f" {tag.tail or ''}" if name == "p" else tag.tail
        elif name == "title":
            tag.tag = "p" if inside[tag] == "caption" else f"h{min(depths[tag], 6)}"
        elif name == "disp-formula" and above.tag != "p":
            tag.set("class", "ltx_equation")


def _place_label(label: Any) -> None:
    """Move a label into the section's title or the caption that it numbers; remove labels of notes and lists."""
    above, following, number = label.getparent(), label.getnext(), text_of(label)
    if following is not None and following.tag in ("title", "caption"):
        stop = " " if following.tag == "title" or re.search(r"\W$", number) else ". "
        following.text = f"{number}{stop}{following.text or ''}"
        replace_tag(label, "")
    elif above.tag in ("fig", "table-wrap"):
        label.tag = "caption"
    elif above.tag in ("fn", "list-item", "sec"):
        replace_tag(label, "")
    else:
        label.tail = f" {label.tail or ''}"


def _punctuate(citation: Any) -> None:
    """Add commas between the parts of a citation if only tags separate them."""
    if any((part.tail or "").strip() for part in citation):
        return
    parts = []
    for part in citation:
        people = [part] if part.tag == "name" else list(part.iter("name"))
        parts += [" ".join(filter(None, map(text_of, person))) for person in people] or [text_of(part)]
    for part in list(citation):
        citation.remove(part)
    citation.text = ", ".join(filter(None, parts)) + "."


def _formula(tex: str) -> str:
    """Return the formula from a complete LaTeX document."""
    inside = re.search(r"\\begin\{document\}(.*)\\end\{document\}", tex)
    return readable(re.sub(r"\$\$", "$", inside[1] if inside else tex))
