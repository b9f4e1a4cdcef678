"""Convert LaTeX in text to its readable form, and text to LaTeX."""

import functools
import re
import unicodedata
from collections.abc import Callable

from .latex_names import ACCENTS, BREAKS, GREEK, LETTERS, MORE_ACCENTS, SILENT, SYMBOLS, UNITS, WRAPPERS

_LATEX_CHARACTERS = re.compile(r"[\\{}$`~]|''|--")
_MAX_NESTING = 12
_MAX_ROUNDS = 3  # resolved text rarely forms a new command

# Unicode noncharacters, as placeholders for what must stay as it is.
_RESERVED = re.compile("[\ufdd0-\ufdd6]")
_PATH_OPEN, _PATH_CLOSE = "\ufdd0", "\ufdd1"
_LITERAL = {"{": "\ufdd2", "}": "\ufdd3", "\\": "\ufdd4", "$": "\ufdd5", "~": "\ufdd6"}
_LITERAL_BACK = str.maketrans({placeholder: letter for letter, placeholder in _LITERAL.items()})
_LITERAL_NAMES = {"textbackslash": "\\", "backslash": "\\", "textasciitilde": "~", "textdollar": "$",
                  "textbraceleft": "{", "textbraceright": "}", "lbrace": "{", "rbrace": "}"}  # fmt: skip

# Backslashes not from LaTeX: Windows paths, escaped quotes and apostrophes of JSON and SQL.
_PART = r"[\w.$%~+@-]+"
_PATH = re.compile(
    rf"(?<![\w\\])[A-Za-z]:\\{{1,2}}{_PART}(?:\\{{1,2}}{_PART})*\\?(?![{{\w])"  # C:\temp\new
    rf"|(?<![^\s\"'(<\[])\\\\{_PART}(?:\\{_PART})+(?![{{\w])"  # \\server\share
    r"|(?<![\w.\\{}$^-])\w[\w.-]*(?:\\[^\W_][\w.-]*)+(?![{\w])"  # temp\new
    r"|(?<![\\\w])\\[A-Za-z][+*?]"  # \S+ in a regular expression
    r"|(?<![^\s(\[:,{])\\\"(?=\w)[^\"\\\n{}]{1,200}\\\"(?![\w{])"  # \"quoted\"
    r"|(?<=[^\W\d_])\\'(?:s|t|d|m|re|ll|ve)(?!\w)"  # don\'t
)
_MATH = re.compile(r"(?<!\\)(\${1,2})(?!\s)([^$]{0,199}[^$\s])\1|(?<!\\)\$(\s[^$\\]{0,99}\\[^$]{1,99}\s)\$")
_VARIABLE = re.compile(r"[A-Z_]{2,}[\w/:.\-]*")  # $HOME_DIR/$USER in a shell

_BASE = r"[A-Za-z\u00c0-\u024f\u1e00-\u1eff]"
_ACCENT = re.compile(
    rf"""\{{?\\(["'`^~=.])\s*\{{?(\\[ij](?![A-Za-z])\s?|{_BASE})\}}?\}}?"""
    rf"""|\{{?\\([cvuHkrbdhGf]|polhk|textcommabelow)(?:\s*\{{(\\[ij]|{_BASE})\}}|(\\[ij](?![A-Za-z])\s?|\s+[A-Za-z](?![A-Za-z])))\}}?"""
)
_ACCENT_BEFORE = re.compile(rf"\\([cvuHkrbdh])\s+({_BASE})")  # Fran\c cois
_BALANCED_ACCENT = re.compile(
    rf"""\\(?:(["'`^~=.])\s*|([cvuHkrbdhGf])(?=\s*\{{|\s|\\)\s*|(polhk|textcommabelow)\s*)"""
    rf"""(?:\{{(\\[ij]|{_BASE})\}}|(\\[ij](?![A-Za-z])\s?|{_BASE}))"""
)
_BALANCED_LETTER = re.compile(rf"\\({'|'.join(sorted(LETTERS, key=len, reverse=True))})(?![A-Za-z])(?:\{{\}}|\s+)?")
_LETTER = re.compile(rf"\{{?\\({'|'.join(sorted(LETTERS, key=len, reverse=True))})(?![A-Za-z])(?:\{{\}}|\}}|\s)?")
_DEGREE = re.compile(r"\^\s*\{?\s*\\circ(?![A-Za-z])\s*\}?")
_WRAPPED = re.compile(rf"(?:\\{WRAPPERS}|(?<![A-Za-z])(?:textbf|textit|mathcal|mathbf|mathbb|mathrm))\{{([^{{}}]*)\}}")
_RAISED = re.compile(r"(?<=\d)\\textsuperscript\{([-+−]?\d+)\}")
_WITH_ARGUMENTS: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"\{\\(?:em|bf|it|sc|tt|sf|rm|sl|bfseries|itshape|ttfamily|scshape)(?![A-Za-z])\s*([^{}]*)\}"), r"\1"),
    (re.compile(r"\\(?:[dt]|nice)?frac\{([^{}]*)\}\{([^{}]*)\}"), r"\1/\2"),
    (re.compile(r"\\sqrt(?:\[(\w+)\])?\{(\w*)\}"), lambda m: f"{m[1] or ''}√{m[2]}"),
    (re.compile(r"\\(?:isotope|nuclide)\[(\d+)\]\{(\w+)\}"), r"\1\2"),
    (re.compile(r"\\cite[a-z]*\*?\{([^{}]*)\}"), r"[\1]"),
    (re.compile(r"\\(?:enquote|mkbibquote|textquote)\*?\{([^{}]*)\}"), r"“\1”"),
    (
        re.compile(
            r"\\(?:[hv]space\*?|label|index|[hv]?phantom|pagestyle|color|thanks|(?:eq|auto|page|[cC])?ref|begin|end)\{[^{}]*\}"
        ),
        "",
    ),
    (re.compile(r"\\footnote\{([^{}]*)\}"), r" (\1)"),
)
_SORTED_BY = re.compile(r"\\(?:noopsort|SortNoop|noop|sortkey)\s*\{[^{}]*\}", re.IGNORECASE)
_OPTIONS, _ARGUMENT = r"(?:\[[^\][]*\])?", r"\{([^{}]*)\}"
_SIUNITX: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (
        re.compile(
            rf"\\(?:(?:SIrange|qtyrange){_OPTIONS}{_ARGUMENT}{_ARGUMENT}{_ARGUMENT}|numrange{_OPTIONS}{_ARGUMENT}{_ARGUMENT})"
        ),
        lambda m: f"{m[4]}–{m[5]}" if m[4] else f"{m[1]}–{m[2]} {_units(m[3])}",
    ),
    (
        re.compile(rf"\\(?:(?:SIlist|qtylist){_OPTIONS}{_ARGUMENT}{_ARGUMENT}|numlist{_OPTIONS}{_ARGUMENT})"),
        lambda m: ", ".join((m[1] or m[3]).split(";")) + (f" {_units(m[2])}" if m[2] else ""),
    ),
    (re.compile(rf"\\(?:SI|qty){_OPTIONS}{_ARGUMENT}{_ARGUMENT}"), lambda m: f"{m[1]} {_units(m[2])}"),
    (re.compile(rf"\\(?:si|unit){_OPTIONS}{_ARGUMENT}"), lambda m: _units(m[1])),
    (re.compile(rf"\\(num|ang){_OPTIONS}{_ARGUMENT}"), lambda m: m[2] + ("°" if m[1] == "ang" else "")),
)
_SWITCHED = re.compile(rf"\\(?:(?:left|right)\s*\.|(?:{'|'.join(sorted(SILENT))})(?![A-Za-z])(?:\{{\}})?\s*)")
_BREAK = re.compile(rf"\\(?:{'|'.join(sorted(BREAKS))})(?![A-Za-z])\s*")
# TeX drops the blank after a command; people keep it after those of mathematics and their own.
_SYMBOL = re.compile(r"\\(?:(relax|pounds|text[a-z]+)(?![A-Za-z{])\s?|([A-Za-z]+)(?:\{\})?)")
_ALONE = re.compile(r"\{\\([A-Za-z]{2,})\s*\}")
_ARGUED = re.compile(r"\\([A-Za-z]+)\*?(?:\[[^\][{}]*\])?\s*(?=\{)")
_NAMED = re.compile(r"\{(ours|var(?:epsilon|phi|theta))\}")  # names of macros that lost their backslash
_POWER = re.compile(r"([\^_])\{([^{}]+)\}")
# Braces around words; sets and code keep theirs, commands their arguments.
_BRACES = re.compile(r"""((?:\\[A-Za-z]+\*?|\})\s?)?(?<!\\)\{(\w(?:[^{}:;,="|]|:(?=//))*)\}""")
_ADDRESS = re.compile(r"\{(https?://[^\s{}\\$]+)\}")

# What occurs only in LaTeX, besides commands: escaped characters, accents, formulas, subscripts.
_EVIDENCE = re.compile(
    r"\\[%&_#$]|(?<=\w)\\[,;](?=\w)|(?<=[^\W\d_]{2})\\-(?=[^\W\d_]{2})|\\[oOlL](?![A-Za-z])|\\\\(?=\s)|\\[({\[](?:[^\\\n]|\\.){1,200}?\\[)}\]]|[\^_]\{[^{}]+\}"
    r"|\\[A-Za-z]{2,}\*?\{|\{\\(?:em|bf|it|sc|tt|sf|rm|sl)(?![A-Za-z])"
    r"|(?<![A-Za-z])(?:textbf|textit|mathcal|mathbf|mathbb|mathrm)\{"
    r"""|\\["'`^~=.]\{?\\?[A-Za-z]|\\[cvuHkrbd](?:\{\\?[A-Za-z]\}|\s+[A-Za-z](?![A-Za-z]))"""
)

_SPACING = {"|": "‖", ":": " ", ">": " ", "!": "", "@": "", "/": ""}

_MATH_COMMANDS = (  # in LaTeX without a package
    *(name for name in GREEK if name != "omicron"),
    *"Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega".split(),
    *"times sim approx pm leq geq neq rightarrow infty cdot in sum prod partial nabla".split(),
)
_AS_LATEX = {
    **{SYMBOLS[name]: f"$\\{name}$" for name in _MATH_COMMANDS},
    **{letter: f"{{\\{name}}}" for name, letter in LETTERS.items()},
    **{sign: f"\\{sign}" for sign in "$&%#_"},
    # BibTeX counts braces even after a backslash.
    "\\": r"\textbackslash{}", "{": r"\textbraceleft{}", "}": r"\textbraceright{}", "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}", "|": r"\textbar{}", "<": "$<$", ">": "$>$", "–": "--", "—": "---", "“": "``", "”": "''",
    "‘": "`", "’": "'", "…": r"\ldots{}", "§": r"\S{}",
}  # fmt: skip


def readable(text: str) -> str:
    """Return `text` with leftover LaTeX resolved: ``na\\"ive`` is naïve, ``34.0\\%`` is 34.0%, ``x''`` is "x".

    Backslashes, braces and dollar signs that are not LaTeX stay: `C:\\temp`, `{S}`. So does the name of an unknown
    macro: `\\ours`.
    """
    for _ in range(_MAX_ROUNDS):
        if not _LATEX_CHARACTERS.search(text):
            break
        before, text = text, _resolve_text(text, certain=False)
        if text == before:
            break
    return text


def from_latex(text: str) -> str:
    """Return the text of a LaTeX field, as in BibTeX, where braces only group."""
    return _resolve_text(text, certain=True) if _LATEX_CHARACTERS.search(text) else text


def with_letters(text: str) -> str:
    """Return a LaTeX field with accents and letters in Unicode, its braces still balanced: `Mu\\~noz` is Muñoz."""
    if "\\" not in text:
        return text
    for _ in range(3):  # two accents on one letter
        before, text = text, _BALANCED_LETTER.sub(lambda m: LETTERS[m[1]], _BALANCED_ACCENT.sub(_accented, text))
        text = re.sub(rf"(\\[A-Za-z]+)?\{{({_BASE})\}}", lambda m: m[0] if m[1] else m[2], text)
        if text == before:
            break
    return text.replace(r"\'{}", "'")


def verbatim(text: str) -> str:
    """Return a URL or number from a LaTeX field without escapes; dashes, tildes and quotes stay."""
    text = re.sub(r"\{?\\(?:textasciitilde|sim)(?![A-Za-z])(?:\{\})?\}?|\\~(?:\{\})?|\$\\sim\$", "~", text)
    text = re.sub(r"\\(?:url|path|nolinkurl|href\{[^{}]*\})(?=\{)", "", text)
    text = text.replace(r"\textunderscore", "_").replace(r"\textless", "<").replace(r"\textgreater", ">")
    return re.sub(r"[{}]", "", re.sub(r"\\([%&_#$~^ ])|\\-|\$([<>_])\$", lambda m: m[1] or m[2] or "", text)).strip()


def _resolve_text(text: str, *, certain: bool) -> str:
    """Resolve LaTeX in a text; `certain` if all of it is LaTeX."""
    if _RESERVED.search(text):
        return text
    formulas = 0

    def math(match: re.Match[str]) -> str:
        nonlocal formulas
        inside = match[2] or match[3]
        prices = inside[0].isdigit() and text[match.end() : match.end() + 1].isdigit()
        if prices or not (certain or _is_math(inside)) or (_VARIABLE.match(inside) and not certain):
            return match[0]
        formulas += 1
        return _resolve(inside, certain=True)

    text = _MATH.sub(math, text)
    paths: list[str] = []
    drive = re.search(r"(?<![\w\\])[A-Z]:\\+\w", text)  # then `Files\in` continues a path

    def keep_path(match: re.Match[str]) -> str:
        if not drive and not _is_path(match[0]):
            return match[0]
        paths.append(match[0])
        return f"{_PATH_OPEN}{len(paths) - 1}{_PATH_CLOSE}"

    if "\\" in text:
        text = re.sub(r"(?<=[^\W\d_])\\-(?=[^\W\d_])", "", text) if certain else text
        path = r"(?<![\w\\])[A-Za-z]:\\(?!text)(?=\w)[^\s{}]*" if certain else _PATH
        text = re.sub(path, keep_path, text)
    if certain or formulas or _is_latex(text):
        text = _resolve(text, certain=certain)
        text = re.sub(r"(?<=[\w.,)])~(?=[A-Za-z(\[\\])|(?<=[A-Za-z.)])~(?=\d)", " ", text)
    else:
        text = _SYMBOL.sub(_macro, text)
        text = _ADDRESS.sub(r"\1", _NAMED.sub(lambda m: SYMBOLS.get(m[1], m[1]), text))
    if certain:
        text = re.sub(r"[{}]", "", text)
        text = re.sub(r"(?<!/)~", " ", text)
    text = _typeset(text)
    text = re.sub(f"{_PATH_OPEN}(\\d+){_PATH_CLOSE}", lambda m: paths[int(m[1])], text)
    return text.translate(_LITERAL_BACK)


def _is_math(inside: str) -> bool:
    """Return whether the inside of `$...$` looks like mathematics, and not like text between two prices."""
    return bool(re.search(r"[\\^_{}=<>]", inside) or re.fullmatch(r"\w{1,3}", inside))


def _is_path(found: str) -> bool:
    """Return whether something that looks like a path contains no LaTeX commands."""
    if not found[0].isalnum() and found[0] != "_":
        return True
    parts = re.split(r"\\+", found)
    if re.fullmatch("[A-Z]:", parts[0]):
        return True
    names = [re.match(r"[A-Za-z]*", part) for part in parts[1:]]
    return not all(name and _symbol(name[0]) is not None for name in names)


def _is_latex(text: str) -> bool:
    if _EVIDENCE.search(text):
        return True
    return any(_symbol(match[1] or match[2]) is not None for match in _SYMBOL.finditer(text))


def _resolve(text: str, *, certain: bool) -> str:
    """Resolve LaTeX from the inside out; single letters are commands only if it is `certain`."""
    for _ in range(_MAX_NESTING):
        before, text = text, _resolve_innermost(text, certain)
        if text == before:  # the remaining commands with arguments are unknown
            text = _ARGUED.sub(lambda m: _symbol(m[1]) or "", text)
        if text == before:
            break
    return text


def _resolve_innermost(text: str, certain: bool) -> str:
    text = re.sub(r"\\\\(\s?)", lambda m: m[1] or " ", text)
    text = re.sub(r"\\([{}$])", lambda m: _LITERAL[m[1]], text)
    text = text.replace(r"\~{}", _LITERAL["~"]).replace(r"\^{}", "^")
    text = _ACCENT.sub(_accented, text)
    text = _ACCENT_BEFORE.sub(_accented, text) if certain else text
    text = _LETTER.sub(lambda m: LETTERS[m[1]], text)
    text = _DEGREE.sub("°", text)
    text = _SORTED_BY.sub("", text)
    text = _RAISED.sub(r"^\1", text)
    text = _quantities(text)
    for _ in range(3):  # wrappers nest: \textbf{\emph{x}}
        text, found = _WRAPPED.subn(_unwrapped, text)
        if not found:
            break
    for pattern, replacement in _WITH_ARGUMENTS:
        text = pattern.sub(replacement, text)
    if certain:
        text = _BREAK.sub(" ", _SWITCHED.sub("", text))
        text = re.sub(r"\\([|:>!@/])", lambda m: _SPACING[m[1]], text)
    text = re.sub(r"\\[()\[\]]", "", text)
    text = re.sub(r"\\([%&_# ,;])", lambda m: m[1] if m[1] in "%&_#" else " ", text)
    text = re.sub(r"(?<=\w)\\[-/](?=\w)", "", text)
    text = _ALONE.sub(lambda m: m[0] if m[1] in _LITERAL_NAMES else _symbol(m[1]) or m[0], text)
    text = _SYMBOL.sub(lambda m: _macro(m, certain=certain), text)
    text = _NAMED.sub(lambda m: SYMBOLS.get(m[1], m[1]), text)
    text = _POWER.sub(lambda m: m[1] + (m[2] if len(m[2]) == 1 or m[2].isalnum() else f"({m[2]})"), text)
    return _BRACES.sub(lambda m: m[0] if m[1] else m[2], text)


def _typeset(text: str) -> str:
    text = text.replace("``", '"').replace("''", '"')
    text = re.sub(r"(?<![\w`])`([^`'\n]{1,80})'(?!\w)", r"'\1'", text)
    text = re.sub(r"(?<=[\w.,)]{2})~(?=[A-Za-z(\[])|(?<=[A-Za-z.)]{2})~(?=\d)", " ", text)  # Fig.~3, not y~x
    return re.sub(r"(?<=\w)---?(?=\w)|(?<=\s)---?(?=\s)", "–", text)


def _accented(match: re.Match[str]) -> str:
    accent, *letters = filter(None, match.groups())
    return unicodedata.normalize("NFC", letters[0].strip().lstrip("\\") + (ACCENTS | MORE_ACCENTS)[accent])


def _unwrapped(match: re.Match[str]) -> str:
    inside = match[1]
    ends_in_name = re.search(r"\\[A-Za-z]+$", inside) and match.string[match.end() : match.end() + 1].isalpha()
    return f"{inside}{{}}" if ends_in_name else inside  # \ensuremath{\mu}m


def _macro(match: re.Match[str], certain: bool = False) -> str:
    """Return the output of a command, or the name of an unknown one; single letters stay as they are: `\\d+`."""
    name = match[1] or match[2]
    if match.string.startswith("{", match.end()):
        return match[0]
    if name in _LITERAL_NAMES:
        return _LITERAL[_LITERAL_NAMES[name]]
    symbol = _symbol(name)
    if symbol is not None:
        return symbol
    return name if len(name) > 1 or certain else match[0]


def _quantities(text: str) -> str:
    """Return siunitx quantities as printed: `\\SI{3}{\\micro\\metre}` is 3 μm."""
    if not re.search(r"\\(?:SI|qty|si|unit|num|ang)", text):
        return text
    for pattern, replacement in _SIUNITX:
        text = pattern.sub(replacement, text)
    return text


def _units(text: str) -> str:
    return re.sub(r"\\([A-Za-z]+)\s*", lambda m: UNITS.get(m[1], m[1]), text).replace("~", " ").strip()


def _symbol(name: str) -> str | None:
    """Return the output of a command without arguments, or None if it is unknown."""
    if name in SYMBOLS or len(name) == 1:
        return SYMBOLS.get(name)
    return _more_symbols().get(name)


@functools.cache
def _more_symbols() -> dict[str, str]:
    from pylatexenc.latex2text import get_default_latex_context_db

    printed = {spec.macroname: spec.simplify_repl for spec in get_default_latex_context_db().iter_macro_specs()}
    return {name: text for name, text in printed.items() if isinstance(text, str) and len(text) == 1 and text != "%"}


def latex(text: str) -> str:
    """Return `text` as LaTeX for BibTeX: special characters as commands, accents in braces; `readable` reverses it.

    Letters without a LaTeX command stay in UTF-8.
    """
    return "".join(_AS_LATEX.get(letter) or _with_accent(letter) for letter in unicodedata.normalize("NFC", text))


def _with_accent(letter: str) -> str:
    base, *marks = list(unicodedata.normalize("NFD", letter))
    accent = next((name for name, mark in ACCENTS.items() if [mark] == marks), None)
    if accent is None or not base.isascii():
        return letter
    return f"{{\\{accent}{{{base}}}}}" if accent.isalpha() else f"{{\\{accent}{base}}}"


def folded(title: str) -> str:
    """Return a title for comparison: readable, lower case, without punctuation, with single spaces."""
    text = unicodedata.normalize("NFKC", readable(title)).casefold()
    return " ".join(re.findall(r"\w+", text)) or " ".join(text.split())
