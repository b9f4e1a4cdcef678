"""The YAML at the head of a Markdown file, without what lets a few bytes fill the memory."""

from __future__ import annotations

from typing import Any

import frontmatter
import yaml
from frontmatter.default_handlers import YAMLHandler

from ..errors import SourceError

_MOST_COPIES = 10_000  # nodes that aliases may stand for, all together


class _Loader(yaml.SafeLoader):
    """Plain YAML whose aliases may not multiply what is written: each counts as much as it stands for."""

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
            self._sizes[id(node)] = 1 + sum(self._sizes.get(id(each), 1) for each in _parts(node))
        else:
            self._copies += self._sizes.get(id(node), _MOST_COPIES)  # an alias inside what it stands for has no end
        if self._copies > _MOST_COPIES:
            raise yaml.composer.ComposerError(None, None, "too many aliases", alias and alias.start_mark)
        return node


def _timestamp(loader: _Loader, node: yaml.ScalarNode) -> Any:
    try:
        return loader.construct_yaml_timestamp(node)
    except ValueError:  # 2020-13-45 is no day
        return node.value


_Loader.add_constructor("tag:yaml.org,2002:timestamp", _timestamp)


class _Handler(YAMLHandler):  # type: ignore[misc]
    def load(self, fm: str, **_: object) -> Any:
        return yaml.load(fm, _Loader)


def front_matter(source: str) -> tuple[dict[str, Any], str]:
    """The fields of a Markdown text's front matter, and the text after it.

    Raises:
        SourceError: the front matter is not valid YAML, or its aliases stand for far more than is written.
    """
    try:
        fields, content = frontmatter.parse(source, handler=_Handler() if _Handler().detect(source.strip()) else None)
    except (yaml.YAMLError, ValueError, RecursionError, TypeError, OverflowError) as error:
        mark = getattr(error, "problem_mark", None)
        raise SourceError(f"its front matter{f' (line {mark.line + 1})' if mark else ''} is not valid YAML") from error
    return {str(name): value for name, value in fields.items() if isinstance(name, (str, int, float))}, content


def _parts(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [each for pair in node.value for each in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []
