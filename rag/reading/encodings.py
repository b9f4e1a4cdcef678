"""The encoding of a file's bytes: what the file declares, as a browser or JabRef takes it, else what the bytes show."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections import Counter

_HEAD = 8_000  # bytes in which a declaration is looked for
_SAMPLE = 60_000  # bytes from which an undeclared encoding is guessed
_SEARCHED = 1_000_000  # bytes among which that sample is looked for
_MARKS = {  # UTF-32 before UTF-16: its mark begins with the other's
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_WIDE = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
# WHATWG's table reads these labels as the larger Windows or national code page.
_WIDER = {
    "ascii": "cp1252", "iso8859-1": "cp1252", "iso8859-9": "cp1254", "iso8859-11": "cp874", "tis-620": "cp874",
    "gb2312": "gb18030", "gbk": "gb18030", "hz": "gb18030", "big5": "big5hkscs", "shift_jis": "cp932",
    "euc_kr": "cp949", "iso2022_jp": "iso2022_jp_ext", "utf-7": "utf-8",
    **dict.fromkeys(["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"], "utf-8"),
}  # fmt: skip
_UNKNOWN_TO_PYTHON = {
    "windows-31j": "cp932", "cn-big5": "big5", "koi8-ru": "koi8-u", "koi8r": "koi8-r", "koi8": "koi8-r",
    "unicode-1-1-utf-8": "utf-8", "sun_eu_greek": "iso8859-7", "gb_2312-80": "gb2312", "iso-10646-ucs-2": "utf-8",
}  # fmt: skip
_NO_CHARSETS = frozenset("unicode-escape raw-unicode-escape punycode idna mbcs oem undefined".split())
_OTHER_SCRIPTS = "cp1251 koi8_r koi8_u cp866 iso8859_5 cp1253 cp1255 cp1256 gb18030 big5 cp932 euc_jp cp949".split()
_JAPANESE_ESCAPE = re.compile(rb"\x1b\$[@B]")
# The letters beyond ASCII of languages in Latin script, by the encodings that their texts come in.
_EAST = ["ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "ăâîşţ", "čćđšž"]
_LATIN = {
    "cp1252": [
        "äöüßé", "àâæçèéêëîïôœùûüÿ", "áéíñóúüçïà", "àèéìòùí", "ãáàâçéêíóôõúü", "æøåéöäü", "åäöéüšž", "áæéíðóöþúý",
        "éëïöüèóá", "àçèéíïòóúü",
    ],
    "cp1250": _EAST,
    "iso8859_2": _EAST,
    "cp1254": ["çğıöşüâî"],
    "cp1257": ["ąčęėįšųūž", "āčēģīķļņšūž", "äöõüšž"],
}  # fmt: skip


def markup_encoding(raw: bytes) -> str | None:
    """The label that an XML prolog or a `<meta>` of HTML declares; None without one."""
    from bs4.dammit import EncodingDetector

    head = re.sub(rb"<!--.*?-->", b"", raw[:_HEAD], flags=re.DOTALL)
    return EncodingDetector.find_declared_encoding(head, is_html=True, search_entire_document=True)


def bibtex_encoding(raw: bytes) -> str | None:
    """The label in JabRef's `% Encoding: windows-1251`, or in an editor's `-*- coding: latin-2 -*-`, or None."""
    found = re.search(rb"(?im)^[ \t%]*(?:-\*-.*?coding|(?:this file.*)?\bencoding):[ \t]*([\w.:-]+)", raw[:2000])
    return found[1].decode("ascii", "replace") if found else None


def codec_of(label: str | None) -> str | None:
    """The Python codec that a browser's (or Java's) label stands for; None for an unknown one."""
    name = re.sub(r"^(?:cs|x-)+(?=\w)|-i$|[\"']", "", (label or "").strip().lower())
    name = re.sub(r"^(?:win|windows|ms|cp|dos|ibm)-?_?(?=\d+$)", "cp", name)
    name = re.sub(r"^iso-?(?:latin|8859)(?=\d)", lambda found: f"{found[0].removeprefix('iso')}-", name)
    try:
        codec = codecs.lookup(_UNKNOWN_TO_PYTHON.get(name, name)).name
        b"a".decode(codec, "replace")
    except (LookupError, ValueError):  # also for codecs that do not decode text, such as hex
        return None
    return None if codec in _NO_CHARSETS else _WIDER.get(codec, codec)


def encoding_of(raw: bytes, declared: str | None = None) -> str:
    """The codec to decode bytes with, in the order: mark, zeros of UTF-16 and UTF-32, UTF-8, `declared`, a guess.

    UTF-8 goes before a declaration: text in another encoding is hardly ever valid UTF-8. A declaration that the bytes
    contradict is passed over. Without any sign it is cp1252.
    """
    for mark, codec in _MARKS.items():
        if raw.startswith(mark):
            return codec
    if 0 in raw and (wide := _wide(raw)):
        return wide
    if _JAPANESE_ESCAPE.search(raw) and _fits(raw, "iso2022_jp_ext"):
        return "iso2022_jp_ext"
    if _is_utf8(raw):
        return "utf-8"
    stated = codec_of(declared)
    return stated if stated and _fits(raw, stated) else _guessed(_sample(raw))


def _wide(raw: bytes) -> str | None:
    """The kind of UTF-16 or UTF-32 that unmarked bytes are in; None where they are in neither."""
    best, most = None, 0
    for codec in _WIDE:
        width = 4 if "32" in codec else 2
        text = raw[: min(len(raw), _SAMPLE) // width * width].decode(codec, "replace")
        odd = sum(c in "\0\ufffd" or unicodedata.category(c) in ("Cn", "Co") for c in text)
        plain = sum(c.isascii() and (c.isprintable() or c.isspace()) for c in text) * width
        if odd <= len(text) / 100 and plain > most:
            best, most = codec, plain
    return best


def _is_utf8(raw: bytes) -> bool:
    """Whether bytes are UTF-8; at most half of the characters beyond ASCII may be broken."""
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("utf-8", "replace")
        return 2 * text.count("\ufffd") <= _beyond_ascii(text)
    return True


def _fits(raw: bytes, codec: str) -> bool:
    text = raw.decode(codec, "replace")
    return text.count("\ufffd") <= max(1, _beyond_ascii(text) / 20)


def _beyond_ascii(text: str) -> int:
    return len(text) - len(text.encode("ascii", "ignore"))


def _sample(raw: bytes) -> bytes:
    """Lines that are not ASCII, without tags: only they tell an encoding."""
    first = re.search(rb"[\x80-\xff]", raw)
    start = max(0, first.start() - 100) if first else 0
    raw = raw[start : start + _SEARCHED]
    lines = (line for line in re.sub(rb"(?:<[^<>]*>|[ \t])+", b" ", raw).splitlines() if not line.isascii())
    sample = b"\n".join(lines)
    if len(sample) <= _SAMPLE:
        return sample
    sample = sample[:_SAMPLE]
    whole = max(sample.rfind(b"\n"), sample.rfind(b" "))  # neither is the second byte of a character
    return sample[:whole] if whole > 0 else sample


def _guessed(sample: bytes) -> str:
    from charset_normalizer import from_bytes

    best = from_bytes(sample, cp_isolation=[*_OTHER_SCRIPTS, *_LATIN]).best()
    if best and best.encoding in _OTHER_SCRIPTS:
        letters = [c for c in sample.decode(best.encoding, "replace") if c.isalpha()]
        if sum(not unicodedata.name(c, "LATIN").startswith("LATIN") for c in letters) > len(letters) / 8:
            return best.encoding
    counts = {codec: _strange(sample, codec) for codec in _LATIN}
    likeliest = min(_LATIN, key=lambda codec: counts[codec])
    return likeliest if counts[likeliest] + 2 <= counts["cp1252"] else "cp1252"


def _strange(sample: bytes, codec: str) -> int:
    """How many letters beyond ASCII stand outside the one alphabet that fits best."""
    typographic = re.compile("[\x00-\xa0«»\u2010-\u203a]")
    letters = Counter(typographic.sub("", sample.decode(codec, "replace").lower()))
    return min(sum(count for c, count in letters.items() if c not in known) for known in _LATIN[codec])
