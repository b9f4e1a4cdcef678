"""Parse the YAML front matter of Markdown, with a limit on aliases."""

from typing import Any

import frontmatter
import yaml
from frontmatter.default_handlers import YAMLHandler

from .failures import translate_errors

_MAX_ALIASED_NODES = 10_000


def front_matter(source: str) -> tuple[dict[str, Any], str]:
    """Return the fields of the front matter, and the text after it; raise SourceError if it is not valid YAML."""
    with translate_errors("yaml"):
        fields, content = frontmatter.parse(source, handler=_Handler() if _Handler().detect(source.strip()) else None)
    return {str(name): value for name, value in fields.items() if isinstance(name, (str, int, float))}, content


class _Loader(yaml.SafeLoader):
    """Load plain YAML. An alias counts as all the nodes it expands to, so that a few bytes cannot fill the memory."""

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
