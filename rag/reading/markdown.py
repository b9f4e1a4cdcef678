"""Read Markdown with YAML front matter."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import frontmatter
import yaml
from frontmatter.default_handlers import YAMLHandler

from ..text.tags import untagged
from .encodings import read_text
from .failures import translate_errors
from .metadata import metadata_fields, with_authors
from .sources import Reading, make_paper

_MAX_ALIASED_NODES = 10_000


def read_markdown(path: Path, name: str) -> Reading:
    """Return the paper in a Markdown file; title, authors and the rest may be in its front matter.

    Raise SourceError if the front matter is not valid YAML, or its aliases expand to far more than is written.
    """
    from markdown_it import MarkdownIt

    fields, content = _front_matter(read_text(path))
    stated = fields.get("title")
    title = untagged(str(stated)).strip() if stated and isinstance(stated, (str, int, float)) else None
    sections: list[tuple[str | None, str]] = [(None, "")]
    in_heading = False
    row: list[str] | None = None

    def add(text: str) -> None:
        if text.strip():
            section, body = sections[-1]
            sections[-1] = (section, f"{body}\n\n{text.strip()}" if body else text.strip())

    for token in MarkdownIt("commonmark").enable("table").parse(content):
        if token.type in ("heading_open", "heading_close"):
            in_heading = token.type == "heading_open"
        elif token.type == "tr_open":
            row = []
        elif token.type == "tr_close" and row is not None:
            add(" | ".join(row))
            row = None
        elif token.type == "inline" and in_heading and title is None:
            title = _inline_text(token)
        elif token.type == "inline" and in_heading:
            sections.append((_inline_text(token), ""))
        elif token.type == "inline" and row is not None:
            row.append(_inline_text(token))
        elif token.type in ("inline", "fence", "code_block"):
            add(_inline_text(token) if token.type == "inline" else token.content)
    metadata = metadata_fields(with_authors(fields))
    return Reading([make_paper(str(title or path.stem.replace("_", " ")), "", sections=sections, **metadata)])


def _inline_text(token: Any) -> str:
    texts = {"softbreak": " ", "hardbreak": "\n"}
    return "".join(
        child.content if child.type in ("text", "code_inline", "image") else texts.get(child.type, "")
        for child in token.children or []
    )


def _front_matter(source: str) -> tuple[dict[str, Any], str]:
    """Return the fields of the front matter, and the text after it."""
    with translate_errors("yaml"):
        fields, content = frontmatter.parse(source, handler=_Handler() if _Handler().detect(source.strip()) else None)
    return {str(name): value for name, value in fields.items() if isinstance(name, (str, int, float))}, content


class _Loader(yaml.SafeLoader):
    """Load plain YAML; each alias counts as many nodes as it stands for, so that a few bytes cannot fill the memory."""

    def __init__(self, stream: Any) -> None:
        super().__init__(stream)
        self._sizes: dict[int, int] = {}  # of nodes, by their identity
        self._copies = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        alias = self.peek_event() if self.check_event(yaml.AliasEvent) else None  # type: ignore[no-untyped-call]
        node = super().compose_node(parent, index)
        if node is None:
            return None
        if alias is None:
            self._sizes[id(node)] = 1 + sum(self._sizes.get(id(each), 1) for each in _children(node))
        else:
            self._copies += self._sizes.get(id(node), _MAX_ALIASED_NODES)  # a recursive alias has no end
        if self._copies > _MAX_ALIASED_NODES:
            raise yaml.composer.ComposerError(None, None, "too many aliases", alias and alias.start_mark)
        return node


def _timestamp(loader: _Loader, node: yaml.ScalarNode) -> Any:
    try:
        return loader.construct_yaml_timestamp(node)
    except ValueError:  # 2020-13-45 is not a date
        return node.value


_Loader.add_constructor("tag:yaml.org,2002:timestamp", _timestamp)


class _Handler(YAMLHandler):  # type: ignore[misc]
    def load(self, fm: str, **_: object) -> Any:
        return yaml.load(fm, _Loader)


def _children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [each for pair in node.value for each in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []
