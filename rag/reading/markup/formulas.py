"""Convert formulas in MathML and Word's format to readable text: `x_i^2 ≤ (a+b)/√c`."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from ...text.readable import readable

_MAX_TAGS = 3000  # of a formula that is laid out; a page of mathematics has a few hundred
_APPLIED, _INVISIBLE = "\u2061", re.compile("[\u200b\u2062-\u2064\ufeff]")
_SPACED = re.compile(r":?[=<>≤≥≠≈≡∼≃≅∝∈∉⊂⊆⊃⊇→←↔⇒⇐⇔↦×±∓≪≫≔∧∨∪∩∣]=?")  # operators with spaces around
_ACCENTS = dict(zip("^ˆ~˜¯‾→⃗˙¨", "\u0302\u0302\u0303\u0303\u0304\u0304\u20d7\u20d7\u0307\u0308", strict=True))


def formula(math: Any) -> str:
    """Return the text of a `<math>` tag, or of its LaTeX alternative if it shows nothing."""
    tags = [math, *math.find_all(True)]
    shown = math.get_text(" ") if len(tags) > _MAX_TAGS else _laid_out(tags)
    shown = re.sub(rf"(?<=\w\w){_APPLIED}(?=\w)", " ", shown).replace(_APPLIED, "")
    return " ".join((shown or readable(str(math.get("alttext") or ""))).split())


def word_formula(tag: Any) -> str:
    """Return the text of a formula in a Word document: `m:oMath`, an lxml element."""
    name = str(tag.tag).rpartition("}")[2]
    if name == "t":
        return _token("mo" if not (tag.text or "").isalnum() else "mi", tag.text or "")
    if name.endswith("Pr"):
        return ""
    parts = [(str(child.tag).rpartition("}")[2], word_formula(child)) for child in tag.iterchildren("*")]
    named = {"e": "", "sub": "", "sup": "", "num": "", "den": "", "deg": ""} | dict(parts)
    if name == "f":
        return f"{_bracketed(named['num'])}/{_bracketed(named['den'])}"
    if name in ("sSub", "sSup", "sSubSup"):
        return named["e"] + _script("_", named["sub"]) + _script("^", named["sup"])
    if name == "nary":
        sign = next((str(sign) for sign in tag.xpath("*[local-name()='naryPr']/*[local-name()='chr']/@*")), "∫")
        return f"{sign}{_script('_', named['sub'])}{_script('^', named['sup'])} {named['e']}"
    if name == "rad":
        return f"{_bracketed(named['e'])}^(1/{named['deg']})" if named["deg"] else "√" + _bracketed(named["e"])
    whole = "".join(text for _, text in parts)
    return f"({whole})" if name == "d" else whole


def _laid_out(tags: list[Any]) -> str:
    from bs4.element import NavigableString

    texts: dict[int, str] = {}
    for tag in reversed(tags):  # inner tags first
        inside = [
            node.strip() if type(node) is NavigableString else texts.get(id(node), "")
            for node in tag.contents
            if type(node) is not NavigableString or node.strip()
        ]
        texts[id(tag)] = _text(tag, inside)
    return texts[id(tags[0])]


def _text(tag: Any, inside: list[str]) -> str:
    name = tag.name.rpartition(":")[2]
    whole = "".join(inside)
    first, second, third = [*inside, "", "", ""][:3]
    match name:
        case "annotation" | "annotation-xml" | "mphantom" | "maligngroup" | "malignmark":  # not shown
            return ""
        case "mi" | "mn" | "mo" | "ms" | "mtext":
            return _token(name, whole)
        case "mspace":
            return " "
        case "msub" | "munder":
            return first + _script("_", second)
        case "msup":
            return first + _script("^", second)
        case "mover":
            return _accented(first, second)
        case "msubsup" | "munderover":
            return first + _script("_", second) + _script("^", third)
        case "mfrac":
            return f"{_bracketed(first)}/{_bracketed(second)}"
        case "msqrt":
            return "√" + _bracketed(whole)
        case "mroot":
            return f"{_bracketed(first)}^(1/{second})"
        case "mtr" | "mtable":
            return (" " if name == "mtr" else "; ").join(inside)
        case "mfenced":
            return f"{tag.get('open', '(')}{', '.join(inside)}{tag.get('close', ')')}"
    return whole


def _token(name: str, text: str) -> str:
    text = _INVISIBLE.sub("", text)
    if any("\U0001d400" <= character <= "\U0001d7ff" for character in text):  # mathematical alphabets
        text = unicodedata.normalize("NFKC", text)
    if name == "mo" and _SPACED.fullmatch(text):
        return f" {text} "
    return f"{text} " if name == "mo" and text in (",", ";") else text


def _script(mark: str, text: str) -> str:
    text = text.strip()
    if mark == "^" and text in ("∘", "°"):
        return "°"
    return text if not text or set(text) <= set("′″'") else mark + _bracketed(text)


def _accented(base: str, accent: str) -> str:
    mark = _ACCENTS.get(accent.strip())
    if mark is None:
        return base + _script("^", accent)
    return unicodedata.normalize("NFC", base + mark) if len(base) == 1 else base


def _bracketed(text: str) -> str:
    text = text.strip()
    return text if re.fullmatch(r"[-−+]?[\w.]*|.|\([^()]*\)", text) else f"({text})"
