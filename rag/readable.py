"""The readable form of a text: LaTeX left-overs resolved, nothing else changed. And the way back, for BibTeX."""

from __future__ import annotations

import re
import unicodedata

_ACCENTS = {
    '"': "\u0308", "'": "\u0301", "`": "\u0300", "^": "\u0302", "~": "\u0303", "=": "\u0304", ".": "\u0307",
    "c": "\u0327", "v": "\u030c", "u": "\u0306", "H": "\u030b", "k": "\u0328", "r": "\u030a",
}  # fmt: skip
_LETTERS = {"o": "ø", "O": "Ø", "l": "ł", "L": "Ł", "ss": "ß", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "aa": "å",
            "AA": "Å", "i": "ı", "j": "ȷ"}  # fmt: skip
_GREEK = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau upsilon phi chi "
    "psi omega"
).split()
_SYMBOLS = {
    **{name: unicodedata.lookup(f"GREEK SMALL LETTER {name.replace('lambda', 'lamda')}") for name in _GREEK},
    **{name.title(): unicodedata.lookup(f"GREEK CAPITAL LETTER {name.replace('lambda', 'lamda')}") for name in _GREEK},
    "varepsilon": "ε", "varphi": "φ", "vartheta": "ϑ", "times": "×", "sim": "∼", "approx": "≈", "pm": "±", "le": "≤",
    "leq": "≤", "ge": "≥", "geq": "≥", "neq": "≠", "to": "→", "rightarrow": "→", "infty": "∞", "cdot": "·",
    "ldots": "…", "dots": "…", "in": "∈", "sum": "∑", "prod": "∏", "partial": "∂", "nabla": "∇", "textendash": "–",
    "textemdash": "—", "textquoteright": "’", "quad": " ", "qquad": " ", "S": "§", "sqrt": "√",
}  # fmt: skip
_WRAPPERS = (
    r"(?:text(?:bf|it|sc|tt|sf|rm|normal|sl|superscript|subscript)?|emph|underline|url|mathcal|mathbf|mathbb|mathrm|mathit|mathsf|mbox|bm"
    r"|boldsymbol|operatorname|href\{[^{}]*\})"
)

_MARKS = re.compile(r"[\\{}$`~]|''|--")
_ACCENT = re.compile(
    r"""\{?\\(["'`^~=.])\s*\{?(\\?[A-Za-z])\}?\}?|\{?\\([cvuHkr])(?:\{([A-Za-z])\}|\s+([A-Za-z]))\}?"""
)
_LETTER = re.compile(r"\{?\\(ss|ae|AE|oe|OE|aa|AA|[oOlLij])(?![A-Za-z])(?:\{\}|\}|\s)?")
_MATH = re.compile(r"\$([^$]{1,200})\$")
_WRAPPED = re.compile(rf"(?:\\{_WRAPPERS}|(?<![A-Za-z])(?:textbf|textit|mathcal|mathbf|mathbb|mathrm))\{{([^{{}}]*)\}}")
_SWITCH = re.compile(r"\{\\(?:em|bf|it|sc|tt|sf|rm|sl|bfseries|itshape|ttfamily|scshape)(?![A-Za-z])\s*([^{}]*)\}")
_FRACTION = re.compile(r"\\[dt]?frac\{([^{}]*)\}\{([^{}]*)\}")
_CITED = re.compile(r"\\cite[a-z]*\*?\{([^{}]*)\}")
_SYMBOL = re.compile(r"\\([A-Za-z]+)(?:\{\})?")
_BRACED_NAME = re.compile(rf"\{{({'|'.join(sorted(_SYMBOLS, key=len, reverse=True))})\}}")
_POWER = re.compile(r"([\^_])\{([^{}]+)\}")
_BRACES = re.compile(r"""(?<!\\)\{(\w(?:[^{}:;,="|]|:(?=//))*)\}""")  # around words; sets and code keep theirs
_COMMANDS = (  # of mathematics, which LaTeX has without a package
    *(name for name in _GREEK if name != "omicron"),
    *"Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega".split(),
    *"times sim approx pm leq geq neq rightarrow infty cdot in sum prod partial nabla".split(),
)
_AS_LATEX = {
    **{_SYMBOLS[name]: f"$\\{name}$" for name in _COMMANDS},
    **{letter: f"{{\\{name}}}" for name, letter in _LETTERS.items()},
    **{sign: f"\\{sign}" for sign in "$&%#_"},
    # Braces are counted by BibTeX even behind a backslash.
    "\\": r"\textbackslash{}", "{": r"\textbraceleft{}", "}": r"\textbraceright{}", "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}", "|": r"\textbar{}", "<": "$<$", ">": "$>$", "–": "--", "—": "---", "“": "``", "”": "''",
    "‘": "`", "’": "'", "…": r"\ldots{}", "§": r"\S{}",
}  # fmt: skip
_MOST_PASSES = 20  # nobody nests deeper; a text made to, costs no more than this


def readable(text: str) -> str:
    """`text` with LaTeX left-overs resolved: ``na\\"ive`` is naïve, ``34.0\\%`` is 34.0%, `` ``x'' `` is "x".

    Text without such left-overs comes back as it is. What a macro of the authors' own (`\\ours`) stood for is lost, so
    its name is left.
    """
    for _ in range(_MOST_PASSES):
        if not _MARKS.search(text):
            break
        before, text = text, _resolved(text)
        if text == before:
            break
    return text


def _resolved(text: str) -> str:
    text = _ACCENT.sub(_accented, text)
    text = _LETTER.sub(lambda m: _LETTERS[m[1]], text)
    text = _MATH.sub(_math, text)
    for _ in range(3):  # wrappers nest: \textbf{\emph{x}}
        text, found = _WRAPPED.subn(r"\1", text)
        if not found:
            break
    text = _SWITCH.sub(r"\1", text)
    text = _FRACTION.sub(r"\1/\2", text)
    text = _CITED.sub(r"[\1]", text)
    text = re.sub(r"\\[()\[\]]", "", text)
    text = re.sub(r"\\([%&_#$ ,;])", lambda m: m[1] if m[1] in "%&_#$" else " ", text)
    text = _BRACED_NAME.sub(lambda m: _SYMBOLS[m[1]], text)
    text = _SYMBOL.sub(lambda m: _SYMBOLS.get(m[1], m[1]), text)
    text = _POWER.sub(lambda m: m[1] + (m[2] if len(m[2]) == 1 or m[2].isalnum() else f"({m[2]})"), text)
    text = _BRACES.sub(r"\1", text)
    text = re.sub(r"\\([{}])", r"\1", text)
    text = text.replace("``", '"').replace("''", '"')
    text = re.sub(r"(?<![\w`])`([^`'\n]{1,80})'(?!\w)", r"'\1'", text)
    text = re.sub(r"(?<=[\w.,)])~(?=[A-Za-z(\[\\])|(?<=[A-Za-z.)])~(?=\d)", " ", text)
    return re.sub(r"(?<=\w)---?(?=\w)|(?<=\s)---?(?=\s)", "–", text)


def _accented(match: re.Match[str]) -> str:
    accent, letter = match[1] or match[3], (match[2] or match[4] or match[5]).lstrip("\\")
    return unicodedata.normalize("NFC", letter + _ACCENTS[accent])


def _math(match: re.Match[str]) -> str:
    """The inside of `$...$` where it looks like mathematics; two prices in one sentence do not."""
    inside = match[1]
    if re.search(r"[\\^_{}=<>]", inside) or re.fullmatch(r"\w{1,3}", inside):
        return inside
    return match[0]


def latex(text: str) -> str:
    """`text` as LaTeX and BibTeX read it: signs that mean something there as commands, accents as braced ones.

    `readable` gives it back. Letters that LaTeX has no command for stay as they are, in UTF-8.
    """
    return "".join(_AS_LATEX.get(letter) or _with_accent(letter) for letter in unicodedata.normalize("NFC", text))


def _with_accent(letter: str) -> str:
    base, *marks = list(unicodedata.normalize("NFD", letter))
    accent = next((name for name, mark in _ACCENTS.items() if [mark] == marks), None)
    if accent is None or not base.isascii():
        return letter
    return f"{{\\{accent}{{{base}}}}}" if accent.isalpha() else f"{{\\{accent}{base}}}"


def folded(title: str) -> str:
    """A title as it is compared: readable, lower case, without punctuation, white space single."""
    text = unicodedata.normalize("NFKC", readable(title)).casefold()
    return " ".join(re.findall(r"\w+", text)) or " ".join(text.split())
