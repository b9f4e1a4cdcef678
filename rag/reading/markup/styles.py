"""Remove text hidden by inline styles or by simple rules of style sheets."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

_MAX_STEPS = 100_000  # steps up the tree to match selectors; a page needs some thousands
_OFF_PAGE = 400  # pixels beyond an edge of the page
_MIN_FONT_SIZE = 2.0  # visible, in pixels
_MIN_CONTRAST = 16  # visible difference between text and background, of 255
_COMPOUND = re.compile(r"(?:[a-z][\w-]*|\*|(?=[.#]))(?:[.#][\w-]+)*", re.IGNORECASE)
_SIZES = {"px": 1.0, "pt": 4 / 3, "pc": 16.0, "in": 96.0, "cm": 37.8, "mm": 3.78, "em": 16.0, "rem": 16.0, "ex": 8.0}
_SHRUNK = re.compile(r"scale[xy]?\(\s*0(?:\.0*)?\s*[,)]")
_PROPERTIES = frozenset(
    (
        "display visibility content-visibility opacity position left right top bottom margin-left margin-top transform "
        "clip clip-path overflow width height max-width max-height font font-size color background background-color "
        "background-image text-indent"
    ).split()
)
_OTHER_NAMES = {"--ltx-fg-color": "color", "--ltx-bg-color": "background-color"}  # LaTeXML's variables
# Style sheets hide the accessible copy of a formula, and a footnote until hovered; these count as visible.
_ALWAYS_VISIBLE = frozenset(
    "katex-mathml mjx-assistive-mml MJX_Assistive_MathML ltx_note_outer ltx_note_content".split()
)


class Rule(NamedTuple):
    """A rule of a style sheet; the selector's compounds are in reverse order."""

    compounds: tuple[tuple[str, frozenset[str]], ...]  # (tag name or "", #id and .classes)
    direct: tuple[bool, ...]  # whether the next compound matches the parent
    declarations: dict[str, str]


class _Look(NamedTuple):
    """The style of a tag's own text, inherited by its children."""

    visible: bool = True
    size: float = 16.0
    color: tuple[int, ...] | None = (0, 0, 0)
    behind: tuple[int, ...] | None = (255, 255, 255)  # None if unknown: a picture, a gradient
    indent: float = 0.0


def drop_hidden(soup: Any, sheets: Iterable[str] = ()) -> int:
    """Remove hidden text from a BeautifulSoup tree; return the number of removed characters, ignoring white space.

    `sheets` are style sheets in addition to the page's `<style>` tags.
    """
    own = [tag.get_text() for tag in soup.find_all("style") if _on_screen(str(tag.get("media") or ""))]
    cascade = _Cascade([*sheets, *own])
    hidden: list[Any] = []
    left: list[tuple[Any, _Look]] = [(soup, _Look())]
    while left:
        tag, look = left.pop()
        for node in tag.contents:
            if not node.name:
                if type(node).__name__ in ("NavigableString", "CData") and not _is_seen(look) and node.strip():
                    hidden.append(node)
            elif node.name not in ("script", "style", "template", "head"):
                declared = cascade.declared(node)
                if _is_invisible(node, declared):
                    hidden.append(node)
                else:
                    left.append((node, _look(node, declared, look)))
    count = 0
    for node in hidden:
        text = node.get_text() if node.name else node
        count += sum(not c.isspace() for c in text)
        if node.name:
            node.decompose()
        else:
            node.extract()
    return count


def _on_screen(media: str) -> bool:
    return not media.strip() or bool(re.match(r"\s*(?:all|screen|\(|only screen)", media, re.IGNORECASE))


def _rules(sheets: Iterable[str]) -> Iterator[Rule]:
    """Return the rules with simple selectors; rules for print and animations are skipped."""
    found: dict[tuple[Any, ...], dict[str, str]] = {}
    for selector, block in (pair for sheet in sheets for pair in _blocks(sheet)):
        declarations = _declarations(block)
        for compounds, direct in filter(None, map(_compounds, selector.split(","))) if declarations else ():
            found[compounds, direct] = found.pop((compounds, direct), {}) | declarations
    return (Rule(compounds, direct, found[compounds, direct]) for compounds, direct in found)


def _blocks(sheet: str) -> Iterator[tuple[str, str]]:
    """Yield selectors and the contents of the braces after them."""
    sheet = re.sub(r"/\*.*?(?:\*/|\Z)|<!--|-->", " ", sheet, flags=re.DOTALL)
    pieces = re.split(r"([{}])", sheet)
    skipped = 0  # depth of braces inside a skipped block
    for head, brace, block in zip(pieces[0::2], pieces[1::2], pieces[2::2], strict=False):
        head = head.rpartition(";")[2].strip()
        name, _, media = head[1:].partition(" ")
        if skipped:
            skipped += 1 if brace == "{" else -1
        elif brace == "{" and not head.startswith("@"):
            yield head, block
        elif brace == "{" and not (name in ("layer", "supports") or (name == "media" and _on_screen(media))):
            skipped = 1


def _compounds(selector: str) -> tuple[tuple[Any, ...], tuple[bool, ...]] | None:
    """Return a selector's parts as in `Rule`; None unless it has only tags, classes and ids."""
    compounds: list[tuple[str, frozenset[str]]] = []
    direct: list[bool] = []
    for word in reversed(selector.replace(">", " > ").replace(":root", "html").split()):
        if word == ">" and compounds:
            direct[-1] = True
        elif _COMPOUND.fullmatch(word):
            name = re.split("[.#]", word, maxsplit=1)[0].lower()
            compounds.append(("" if name == "*" else name, frozenset(re.findall(r"[.#][\w-]+", word))))
            direct.append(False)
        else:
            return None
    return (tuple(compounds), tuple(direct)) if compounds else None


def _declarations(text: str) -> dict[str, str]:
    """Return the relevant properties in lower case; `!important` ones also as `!name`."""
    found: dict[str, str] = {}
    for declaration in text.split(";"):
        name, _, value = declaration.lower().partition(":")
        name, value = _OTHER_NAMES.get(name.strip(), name.strip()), value.strip()
        if value and name in _PROPERTIES:
            found[name] = value.replace("!important", "").strip()
            if "!important" in value:
                found[f"!{name}"] = found[name]
    return found


class _Cascade:
    """Resolve the properties that style sheets set on a tag."""

    def __init__(self, sheets: Iterable[str]) -> None:
        self._steps = _MAX_STEPS  # steps left; with none left, rules with several compounds are ignored
        self._rules: dict[str, list[tuple[tuple[int, ...], Rule]]] = {}  # by a name, class or id that the tag must have
        for order, rule in enumerate(_rules(sheets)):
            name, marks = rule.compounds[0]
            every = [mark for _, needed in rule.compounds for mark in needed]
            ids = sum(mark.startswith("#") for mark in every)
            weight = (ids, len(every) - ids, sum(bool(tag) for tag, _ in rule.compounds), order)
            self._rules.setdefault(min(marks) if marks else name, []).append((weight, rule))

    def declared(self, tag: Any) -> dict[str, str]:
        """Return the properties from rules, the tag's `style` and legacy attributes, by precedence."""
        marks = _marks(tag)
        always_visible = _ALWAYS_VISIBLE.intersection([tag.name, *tag.get_attribute_list("class", [])])
        fitting = [
            pair
            for word in (() if always_visible else (tag.name, "", *marks))
            for pair in self._rules.get(word, ())
            if _has(tag, marks, pair[1].compounds[0]) and self._matches_parents(tag, pair[1])
        ]
        if self._steps <= 0:
            self._steps = _MAX_STEPS
            self._rules = {word: [p for p in pairs if len(p[1].compounds) == 1] for word, pairs in self._rules.items()}
        declared = {"color": str(tag["color"]).lower()} if tag.name == "font" and tag.get("color") else {}
        declared |= {"background": str(tag["bgcolor"]).lower()} if tag.get("bgcolor") else {}
        for _, rule in sorted(fitting, key=lambda pair: pair[0]):
            declared |= rule.declarations
        declared |= _declarations(str(tag.get("style") or ""))
        return declared | {name[1:]: value for name, value in declared.items() if name.startswith("!")}

    def _matches_parents(self, tag: Any, rule: Rule) -> bool:
        """Return whether a tag's ancestors match a rule."""
        above = tag.parent
        for compound, direct in zip(rule.compounds[1:], rule.direct, strict=False):
            while above is not None and not _has(above, _marks(above), compound):
                self._steps -= 1
                above = None if direct or self._steps < 0 else above.parent
            if above is None:
                return False
            above = above.parent
        return True


def _has(tag: Any, marks: set[str], compound: tuple[str, frozenset[str]]) -> bool:
    return (not compound[0] or compound[0] == tag.name) and compound[1] <= marks


def _marks(tag: Any) -> set[str]:
    marks = {f".{word}" for word in tag.get_attribute_list("class", []) if word}
    return marks | ({f"#{tag['id']}"} if tag.get("id") else set())


def _is_invisible(tag: Any, declared: dict[str, str]) -> bool:
    """Return whether a tag and all its children are invisible."""
    if tag.name in ("html", "body"):  # some pages show these with a script
        return False
    if tag.has_attr("hidden") or (tag.name == "dialog" and not tag.has_attr("open")):
        return True
    if declared.get("display") == "none" or declared.get("content-visibility") == "hidden":
        return True
    if (opacity := _number(declared.get("opacity"))) is not None and opacity < 0.05:
        return True
    return _is_off_the_page(declared) or _is_cut_away(declared)


def _is_off_the_page(declared: dict[str, str]) -> bool:
    lengths = [declared.get("margin-left", ""), declared.get("margin-top", "")]
    for moved in re.findall(r"translate[xy]?\(([^)]*)\)", declared.get("transform", "")):
        lengths += moved.split(",")
    lengths = [length for length in lengths if "%" not in length]  # used for columns and centred boxes
    if declared.get("position") in ("absolute", "fixed", "relative"):
        lengths += [declared.get(edge, "") for edge in ("left", "right", "top", "bottom")]
    return any((length := _pixels(text)) is not None and length <= -_OFF_PAGE for text in lengths)


def _is_cut_away(declared: dict[str, str]) -> bool:
    if _SHRUNK.search(declared.get("transform", "")):
        return True
    inset = re.match(r"inset\(\s*([\d.]+)%", declared.get("clip-path", ""))
    if inset and float(inset[1]) >= 50:
        return True
    if declared.get("position") in ("absolute", "fixed"):
        cut = re.match(r"rect\(([^)]*)\)", declared.get("clip", ""))
        if cut and all((_pixels(part) or 0.0) <= 1 for part in re.split(r"[\s,]+", cut[1].strip())):
            return True
    sides = [_pixels(declared.get(side)) for side in ("width", "height", "max-width", "max-height")]
    clips = "hidden" in declared.get("overflow", "") or "clip" in declared.get("overflow", "")
    return clips and any(side is not None and side <= 1 for side in sides)


def _look(tag: Any, declared: dict[str, str], above: _Look) -> _Look:
    visible = declared.get("visibility", "visible" if above.visible else "hidden") not in ("hidden", "collapse")
    if declared.get("visibility") in ("inherit", "unset"):
        visible = above.visible
    behind = above.behind
    background = f"{declared.get('background', '')} {declared.get('background-color', '')}"
    if "url(" in background or "gradient(" in background or declared.get("background-image", "none") != "none":
        behind = None
    else:
        for text in re.findall(r"\w+\([^()]*\)|[^\s()]+", background):
            behind = _color(text, above.behind) or behind
    color = _color(declared["color"], above.color) if "color" in declared else above.color
    indent = _pixels(declared.get("text-indent"))
    visible = visible or tag.name in ("html", "body")
    return _Look(visible, _size(declared, above.size), color, behind, above.indent if indent is None else indent)


def _is_seen(look: _Look) -> bool:
    if not look.visible or look.size < _MIN_FONT_SIZE or look.indent <= -_OFF_PAGE:
        return False
    if look.color == ():
        return False
    if look.color is None or not look.behind:
        return True
    return max(abs(a - b) for a, b in zip(look.color, look.behind, strict=True)) > _MIN_CONTRAST


def _size(declared: dict[str, str], above: float) -> float:
    """Return the font size in pixels."""
    text = declared.get("font-size") or next(
        iter(re.findall(r"(?:^|\s)(0|[\d.]+(?:px|pt|em|rem|%))(?=[\s/]|$)", declared.get("font", ""))), ""
    )
    found = re.match(r"([\d.]+)(em|%)$", text)
    if found and found[1].replace(".", "", 1).isdigit():
        return above * float(found[1]) / (100 if found[2] == "%" else 1)
    if text in ("", "inherit", "smaller", "larger", "unset"):
        return above
    size = _pixels(text)
    return 16.0 if size is None else size


def _pixels(text: str | None) -> float | None:
    """Return a length in pixels, percentages relative to a 1000-pixel page; None if it is not a length."""
    found = re.match(r"\s*(-?(?:\d+(?:\.\d+)?|\.\d+))(px|pt|pc|in|cm|mm|em|rem|ex|vw|vh|%)?\s*$", text or "")
    if not found:
        return None
    factor = 10.0 if found[2] in ("%", "vw", "vh") else _SIZES.get(found[2] or "px", 1.0)
    return float(found[1]) * factor


def _number(text: str | None) -> float | None:
    found = re.match(r"(\d+(?:\.\d+)?|\.\d+)(%?)$", text or "")
    return float(found[1]) / (100 if found[2] else 1) if found else None


def _color(text: str, inherited: tuple[int, ...] | None) -> tuple[int, ...] | None:
    """Return a colour's red, green and blue; () if transparent, None if unknown."""
    from PIL import ImageColor

    if text in ("inherit", "currentcolor", "unset"):
        return inherited
    if text == "transparent":
        return ()
    numbers = re.findall(r"[\d.]+%?", text) if text.startswith("rgb") else []
    if len(numbers) >= 3:
        if len(numbers) > 3 and (_number(numbers[3]) or 0.0) < 0.05:
            return ()
        parts = [float(n.strip("%")) * (2.55 if n.endswith("%") else 1) for n in numbers[:3]]
        return tuple(round(part) for part in parts)
    try:
        found = ImageColor.getrgb(text)
    except ValueError:
        return None
    return () if len(found) > 3 and found[3] < 13 else found[:3]
