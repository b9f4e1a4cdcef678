"""Find every regular expression of a package, and strings that make a careless one slow.

Patterns that are compiled while the modules are imported are recorded then, wherever they are kept. Those that stand
as literals in calls such as `re.sub(r"...", ...)` are read from the source.
"""

from __future__ import annotations

import ast
import functools
import importlib
import operator
import pkgutil
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

_PARSER: Any = re._parser  # type: ignore[attr-defined]
_CALLS = {"compile", "search", "match", "fullmatch", "sub", "subn", "split", "findall", "finditer"}
_FLAGS = re.compile(r"re\.[A-Z]+(?: \| re\.[A-Z]+)*")
_ANCHORED = {"match", "fullmatch"}
_SAMPLES = "a1 A.-,é中\n(_%"  # one of each kind, tried where a class is sampled
_UNITS = (
    *"1aA .,-–;:()[]{}\\$^_/@\"'<>&%=*|~+#!?é中\n\t",
    *(
        "1 ",
        "a ",
        "A ",
        "Aa ",
        "A. ",
        "A.",
        "a.",
        "1.",
        "1,",
        "1-",
        "1, ",
        " \n",
        "\n\n",
        " ,",
        "()",
        "( ",
        "(a",
        "(a)",
    ),
    *("[1]", "[1, ", "[1", "{}", "\\a", "\\a{", "${", "$$", "http://", "a@", "a/", "<a ", "<a>", "<!--", "&a;", "a-"),
    *("a_", "a'", "A-", "A, ", "A and ", "e.g. ", "and ", "of the ", "x=1, ", "1% ", "Fig. 1"),
)
_ENDS = ("", "\0")  # nothing, and what few patterns take


class Found(NamedTuple):
    """A pattern: the module and name or line where it was found, and whether it is applied at a given place only."""

    where: str
    pattern: re.Pattern[Any]
    anchored: bool

    def run(self, text: str) -> None:
        """Apply the pattern as the program does: at one place, or wherever it matches."""
        data: Any = text.encode() if isinstance(self.pattern.pattern, bytes) else text
        if self.anchored:
            self.pattern.match(data)
            self.pattern.fullmatch(data)
        else:
            for _ in self.pattern.finditer(data):
                pass


def patterns_of(package: ModuleType) -> list[Found]:
    """Return all patterns of a package, each once."""
    found: dict[tuple[Any, int], Found] = {}
    sources = _sources(package)
    methods = _methods(sources.values())
    for name, module in _modules(package):
        for where, pattern in _kept_in(module):
            attribute = where.partition("[")[0]
            used = methods.get(attribute) if "[" not in where else None
            found.setdefault(
                (pattern.pattern, pattern.flags), Found(f"{name}.{where}", pattern, bool(used and used <= _ANCHORED))
            )
    for path, tree in sources.items():
        for line, method, pattern in _literals(tree):
            where = f"{path.stem}:{line}"
            found.setdefault((pattern.pattern, pattern.flags), Found(where, pattern, method in _ANCHORED))
    return list(found.values())


def _modules(package: ModuleType) -> Iterator[tuple[str, ModuleType]]:
    for each in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if not each.name.endswith("__main__"):
            yield each.name, importlib.import_module(each.name)


def _sources(package: ModuleType) -> dict[Path, ast.Module]:
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in Path(package.__path__[0]).rglob("*.py")}


def _kept_in(module: ModuleType) -> Iterator[tuple[str, re.Pattern[Any]]]:
    for name, value in vars(module).items():
        for place, pattern in _inside(value, 0):
            yield name + place, pattern


def _inside(value: Any, depth: int) -> Iterator[tuple[str, re.Pattern[Any]]]:
    """Yield the patterns in a value, also in containers and in the fields of objects."""
    if isinstance(value, re.Pattern):
        yield "", value
        return
    if depth > 4 or isinstance(value, (str, bytes, type, ModuleType)):
        return
    if isinstance(value, dict):
        items: Any = [*value.items(), *((f"key {key}", key) for key in value)]
    elif isinstance(value, (tuple, list, set, frozenset)):
        items = enumerate(value)
    elif closure := getattr(value, "__closure__", None):
        items = enumerate(cell.cell_contents for cell in closure)
    else:
        return
    for key, each in items:
        for place, pattern in _inside(each, depth + 1):
            yield f"[{str(key)[:30]}]{place}", pattern


def _methods(trees: Any) -> dict[str, set[str]]:
    """Return by name which methods are called on it anywhere; other uses count as "other"."""
    used: dict[str, set[str]] = defaultdict(set)
    for tree in trees:
        called = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                used[node.value.id].add(node.attr)
                called.add(node.value)
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node not in called:
                used[node.id].add("other")
    return used


def _literals(tree: ast.Module) -> Iterator[tuple[int, str, re.Pattern[Any]]]:
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _CALLS):
            continue
        if not (isinstance(node.func.value, ast.Name) and node.func.value.id == "re" and node.args):
            continue
        first = node.args[0]
        if isinstance(first, ast.Constant) and isinstance(first.value, (str, bytes)):
            given = [*node.args[1:], *(keyword.value for keyword in node.keywords)]
            flags = [eval(text, {"re": re}) for text in map(ast.unparse, given) if _FLAGS.fullmatch(text)]
            value = functools.reduce(operator.or_, flags, re.RegexFlag(0))
            yield node.lineno, node.func.attr, re.compile(first.value, value)


# Strings that are hard for a pattern


def hostile_units(pattern: re.Pattern[Any], samples: int) -> Iterator[tuple[str, str, str]]:
    """Yield (beginning, unit, end): the unit is to be repeated.

    The units are common ones, what the pattern takes, and each of its repeated parts, in so many variants.
    """
    text = pattern.pattern.decode("latin-1") if isinstance(pattern.pattern, bytes) else pattern.pattern
    tree = _PARSER.parse(text, pattern.flags & ~re.UNICODE & ~re.DEBUG)
    units = {("", unit): None for unit in _UNITS}
    for choice in range(samples):
        units.setdefault(("", _sample(tree, choice)))
        for before, body in _repeats(tree, "", choice):
            for unit in ((before, body), ("", body), ("", before + body)):
                units.setdefault(unit)
    for before, unit in units:
        if unit:
            for end in _ENDS if samples > 1 else _ENDS[1:]:
                yield before, unit, end


def _sample(tree: Any, choice: int) -> str:
    return "".join(_sampled(kind, value, choice) for kind, value in tree)


def _sampled(kind: Any, value: Any, choice: int) -> str:
    name = str(kind)
    if name == "LITERAL":
        return chr(value)
    if name == "NOT_LITERAL":
        return next(c for c in _turned(choice) if ord(c) != value)
    if name == "ANY":
        return _turned(choice)[0]
    if name == "IN":
        return _of_class(value, choice)
    if name == "BRANCH":
        branches = value[1]
        return _sample(branches[choice % len(branches)], choice)
    if name == "SUBPATTERN":
        return _sample(value[-1], choice)
    if name == "ATOMIC_GROUP":
        return _sample(value, choice)
    if name.endswith("REPEAT"):
        least, most, body = value
        return _sample(body, choice) * max(least, min(1, most))
    if name == "GROUPREF_EXISTS":
        return _sample(value[1], choice)
    return ""


def _turned(choice: int) -> str:
    return _SAMPLES[choice:] + _SAMPLES[:choice]


def _of_class(members: Any, choice: int) -> str:
    source = "".join(_source(each) for each in members)
    matches = re.compile(f"[{source}]").match
    return next((c for c in [*_turned(choice), *map(chr, range(33, 0x250))] if matches(c)), "")


def _source(member: Any) -> str:
    name, value = str(member[0]), member[1]
    if name == "NEGATE":
        return "^"
    if name == "LITERAL":
        return re.escape(chr(value))
    if name == "RANGE":
        return f"{re.escape(chr(value[0]))}-{re.escape(chr(value[1]))}"
    return {"DIGIT": r"\d", "NOT_DIGIT": r"\D", "SPACE": r"\s", "NOT_SPACE": r"\S", "WORD": r"\w", "NOT_WORD": r"\W"}[
        str(value).removeprefix("CATEGORY_")
    ]


def _repeats(tree: Any, before: str, choice: int) -> Iterator[tuple[str, str]]:
    """Yield each repeated part's sample, with a sample of what stands before it."""
    for kind, value in tree:
        name = str(kind)
        if name.endswith("REPEAT"):
            if value[1] > 8:
                yield before, _sample(value[2], choice)
            yield from _repeats(value[2], before, choice)
        elif name == "SUBPATTERN":
            yield from _repeats(value[-1], before, choice)
        elif name == "ATOMIC_GROUP":
            yield from _repeats(value, before, choice)
        elif name == "BRANCH":
            for branch in value[1]:
                yield from _repeats(branch, before, choice)
        elif name in ("ASSERT", "ASSERT_NOT"):
            yield from _repeats(value[1], before, choice)
        before += _sampled(kind, value, choice)
