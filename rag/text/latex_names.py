"""List LaTeX commands: accents, letters, symbols, units, and commands that only wrap their argument."""

import unicodedata

ACCENTS = {
    '"': "\u0308", "'": "\u0301", "`": "\u0300", "^": "\u0302", "~": "\u0303", "=": "\u0304", ".": "\u0307",
    "c": "\u0327", "v": "\u030c", "u": "\u0306", "H": "\u030b", "k": "\u0328", "r": "\u030a", "b": "\u0331",
    "d": "\u0323",
}  # fmt: skip
# Accents that need a LaTeX package: read, but not written.
MORE_ACCENTS = {"h": "\u0309", "G": "\u030f", "f": "\u0311", "polhk": "\u0328", "textcommabelow": "\u0326"}

LETTERS = {"o": "ø", "O": "Ø", "l": "ł", "L": "Ł", "ss": "ß", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "aa": "å",
           "AA": "Å", "i": "ı", "j": "ȷ", "dj": "đ", "DJ": "Đ", "dh": "ð", "DH": "Ð", "th": "þ", "TH": "Þ", "ng": "ŋ",
           "NG": "Ŋ"}  # fmt: skip

GREEK = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau upsilon phi chi "
    "psi omega"
).split()

SYMBOLS = {
    **{name: unicodedata.lookup(f"GREEK SMALL LETTER {name.replace('lambda', 'lamda')}") for name in GREEK},
    **{name.title(): unicodedata.lookup(f"GREEK CAPITAL LETTER {name.replace('lambda', 'lamda')}") for name in GREEK},
    "varepsilon": "ε", "varphi": "φ", "vartheta": "ϑ", "times": "×", "sim": "∼", "approx": "≈", "pm": "±", "le": "≤",
    "leq": "≤", "ge": "≥", "geq": "≥", "neq": "≠", "to": "→", "rightarrow": "→", "infty": "∞", "cdot": "·",
    "ldots": "…", "dots": "…", "in": "∈", "sum": "∑", "prod": "∏", "partial": "∂", "nabla": "∇", "textendash": "–",
    "textemdash": "—", "textquoteright": "’", "quad": " ", "qquad": " ", "S": "§", "P": "¶", "sqrt": "√",
    "textless": "<", "textgreater": ">", "textbar": "|", "textasciicircum": "^", "textunderscore": "_",
    "textmu": "μ", "textohm": "Ω", "textcelsius": "°C", "textonehalf": "½", "textcopyright": "©", "copyright": "©",
    "pounds": "£", "textsterling": "£", "euro": "€", "EUR": "€", "textyen": "¥", "textcent": "¢", "degree": "°",
    "textquotesingle": "'", "textellipsis": "…", "textperiodcentered": "·", "textbullet": "•", "guillemotleft": "«",
    "guillemotright": "»", "quotedblbase": "„", "quotesinglbase": "‚", "textexclamdown": "¡",
    "textquestiondown": "¿", "LaTeX": "LaTeX", "TeX": "TeX", "BibTeX": "BibTeX", "xspace": "", "relax": "",
    "newline": " ",
    "slash": "/", "space": " ", "nobreakspace": " ", "textnumero": "№", "textordfeminine": "ª",
    "textordmasculine": "º", "log": "log", "exp": "exp", "min": "min", "max": "max", "arg": "arg",
    **{f"{kind}{name}": unicodedata.lookup(f"GREEK SMALL LETTER {name.replace('lambda', 'lamda')}")
       for name in GREEK for kind in ("text", "up")},
    "textmugreek": "μ", "dag": "†", "ddag": "‡", "dagger": "†", "ddagger": "‡", "og": "«", "fg": "»", "glqq": "„",
    "grqq": "“", "flqq": "«", "frqq": "»", "glq": "‚", "grq": "‘", "flq": "‹", "frq": "›", "lq": "‘", "rq": "’",
    "guillemetleft": "«", "guillemetright": "»", "textminus": "−", "textbardbl": "‖", "textsurd": "√", "ne": "≠",
    "neg": "¬", "land": "∧", "lor": "∨", "implies": "⇒", "iff": "⇔", "gets": "←", "models": "⊨", "bot": "⊥",
    "triangle": "△", "Box": "□", "checkmark": "✓", "hdots": "…", "lbrack": "[", "rbrack": "]", "ohm": "Ω",
    "celsius": "°C", "permil": "‰", "eth": "ð", "bmod": "mod", "LaTeXe": "LaTeX2e", "thinspace": " ",
    "enspace": " ", "Dbar": "Đ", "dbar": "đ", "cprime": "ʹ", "cdprime": "ʺ", "ohorn": "ơ", "OHORN": "Ơ", "uhorn": "ư",
    "UHORN": "Ư",
}  # fmt: skip
"""The output of commands without arguments."""

SILENT = frozenset(
    (
        "protect rmfamily sffamily ttfamily bfseries mdseries itshape slshape scshape upshape normalfont em bf it "
        "sc tt sf rm sl tiny scriptsize footnotesize small normalsize large Large LARGE huge Huge noindent "
        "displaystyle textstyle scriptstyle limits nolimits left right big Big bigg Bigg bigl bigr Bigl Bigr "
        "mathop boldmath unboldmath nonumber notag centering raggedright hline leavevmode ignorespaces unskip "
        "nobreakdash newblock allowbreak"
    ).split()
)
"""Commands without output. Applied only to text that is certainly LaTeX."""

BREAKS = frozenset("par linebreak break smallskip medskip bigskip hfill item".split())
"""Commands that separate words. Applied only to text that is certainly LaTeX."""

WRAPPERS = (
    r"(?:text(?:bf|it|sc|tt|sf|rm|md|up|normal|sl|superscript|subscript)?|emph|underline|url|mathcal|mathbf|mathbb"
    r"|mathrm|mathit|mathsf|mathtt|mathscr|mathfrak|mbox|hbox|bm|boldsymbol|operatorname|ensuremath|ce|path|nolinkurl"
    r"|mkbibemph|mkbibitalic|mkbibbold|href\{[^{}]*\}|texorpdfstring\{[^{}]*\}|foreignlanguage\{[^{}]*\}"
    r"|(?:text|f)?color(?:box)?\{[^{}]*\})"
)
"""A regular expression for commands that print only their last argument."""

_PREFIXES = {
    "femto": "f", "pico": "p", "nano": "n", "micro": "μ", "milli": "m", "centi": "c", "deci": "d", "deca": "da",
    "hecto": "h", "kilo": "k", "mega": "M", "giga": "G", "tera": "T", "peta": "P", "kibi": "Ki", "mebi": "Mi",
    "gibi": "Gi",
}  # fmt: skip
_SHORT = (
    "fg pg ng mg g kg pm nm mm cm dm m km as fs ps ns ms s fmol pmol nmol mmol mol kmol pA nA mA A kA ml l hl mL L hL "
    "mHz Hz kHz MHz GHz THz mN N kN MN Pa kPa MPa GPa mV V kV mW W kW MW GW mJ J kJ MJ eV meV keV MeV GeV TeV kWh F fF "
    "pF nF K dB"
).split()
UNITS = {
    **_PREFIXES, **{name: name for name in _SHORT},
    "ug": "μg", "um": "μm", "us": "μs", "umol": "μmol", "uA": "μA", "ul": "μl", "uL": "μL", "uV": "μV", "uW": "μW",
    "uJ": "μJ", "uF": "μF", "metre": "m", "meter": "m", "gram": "g", "second": "s", "minute": "min", "hour": "h",
    "day": "d", "ampere": "A", "kelvin": "K", "mole": "mol", "candela": "cd", "hertz": "Hz", "newton": "N",
    "pascal": "Pa", "joule": "J", "watt": "W", "coulomb": "C", "volt": "V", "farad": "F", "ohm": "Ω", "siemens": "S",
    "weber": "Wb", "tesla": "T", "henry": "H", "lumen": "lm", "lux": "lx", "becquerel": "Bq", "gray": "Gy",
    "sievert": "Sv", "litre": "L", "liter": "L", "tonne": "t", "hectare": "ha", "electronvolt": "eV", "dalton": "Da",
    "bit": "bit", "byte": "B", "decibel": "dB", "bar": "bar", "bel": "B", "percent": "%", "degree": "°",
    "arcminute": "′", "arcsecond": "″", "celsius": "°C", "degreeCelsius": "°C", "angstrom": "Å", "kilogram": "kg",
    "per": "/", "squared": "²", "cubed": "³", "square": "", "cubic": "", "of": "",
}  # fmt: skip
"""The output of the units of siunitx."""
