"""Decode the bytes of text files in their declared or detected encoding."""

import codecs
import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from ..errors import SourceError
from ..text.cleaning import clean

MAX_TEXT_BYTES = 20_000_000  # a long book is 5 MB; larger files are logs or dumps
_HEAD = 8_000  # bytes searched for a declaration
_SAMPLE = 60_000  # bytes from which an undeclared encoding is detected
_SEARCHED = 1_000_000  # bytes searched for that sample
_BOMS = {  # UTF-32 before UTF-16, whose BOM is a prefix of it
    codecs.BOM_UTF32_LE: "utf-32", codecs.BOM_UTF32_BE: "utf-32", codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16",
}  # fmt: skip
_WIDE = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
# As in WHATWG's table, labels stand for the larger Windows or national code page.
_SUPERSETS = {
    "ascii": "cp1252", "iso8859-1": "cp1252", "iso8859-9": "cp1254", "iso8859-11": "cp874", "tis-620": "cp874",
    "gb2312": "gb18030", "gbk": "gb18030", "hz": "gb18030", "big5": "big5hkscs", "shift_jis": "cp932",
    "euc_kr": "cp949", "iso2022_jp": "iso2022_jp_ext", "utf-7": "utf-8",
    **dict.fromkeys(["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"], "utf-8"),
}  # fmt: skip
_UNKNOWN_TO_PYTHON = {
    "windows-31j": "cp932", "cn-big5": "big5", "koi8-ru": "koi8-u", "koi8r": "koi8-r", "koi8": "koi8-r",
    "unicode-1-1-utf-8": "utf-8", "sun_eu_greek": "iso8859-7", "gb_2312-80": "gb2312", "iso-10646-ucs-2": "utf-8",
}  # fmt: skip
_NOT_CHARSETS = frozenset("unicode-escape raw-unicode-escape punycode idna mbcs oem undefined".split())
_OTHER_SCRIPTS = "cp1251 koi8_r koi8_u cp866 iso8859_5 cp1253 cp1255 cp1256 gb18030 big5 cp932 euc_jp cp949".split()
_JAPANESE_ESCAPE = re.compile(rb"\x1b\$[@B]")
# The non-ASCII letters of languages in Latin script, by the encodings of their texts.
_EAST = ["ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "ăâîşţ", "čćđšž"]
_ALPHABETS = {
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
    """Return the label that an XML prolog or an HTML `<meta>` declares, or None."""
    from bs4.dammit import EncodingDetector

    head = re.sub(rb"<!--.*?-->", b"", raw[:_HEAD], flags=re.DOTALL)
    return EncodingDetector.find_declared_encoding(head, is_html=True, search_entire_document=True)


def bibtex_encoding(raw: bytes) -> str | None:
    """Return the label in JabRef's `% Encoding: windows-1251` or an editor's `-*- coding: latin-2 -*-`, or None."""
    found = re.search(rb"(?im)^[ \t%]*(?:-\*-.*?coding|(?:this file.*)?\bencoding):[ \t]*([\w.:-]+)", raw[:2000])
    return found[1].decode("ascii", "replace") if found else None


def codec_of(label: str | None) -> str | None:
    """Return the Python codec for a label as used on the web or in Java, or None if it is unknown."""
    name = re.sub(r"^(?:cs|x-)+(?=\w)|-i$|[\"']", "", (label or "").strip().lower())
    name = re.sub(r"^(?:win|windows|ms|cp|dos|ibm)-?_?(?=\d+$)", "cp", name)
    name = re.sub(r"^iso-?(?:latin|8859)(?=\d)", lambda found: f"{found[0].removeprefix('iso')}-", name)
    try:
        codec = codecs.lookup(_UNKNOWN_TO_PYTHON.get(name, name)).name
        b"a".decode(codec, "replace")
    except (LookupError, ValueError):  # raised also by codecs that do not decode text, such as hex
        return None
    return None if codec in _NOT_CHARSETS else _SUPERSETS.get(codec, codec)


def encoding_of(raw: bytes, declared: str | None = None) -> str:
    """Return the codec for bytes: by BOM, the zero bytes of UTF-16 and UTF-32, valid UTF-8, `declared`, or statistics.

    Valid UTF-8 wins over a declaration, since text in another encoding is hardly ever valid UTF-8. A declaration that
    contradicts the bytes is ignored. The default is cp1252.
    """
    for bom, codec in _BOMS.items():
        if raw.startswith(bom):
            return codec
    if 0 in raw and (wide := _detected_wide(raw)):
        return wide
    if _JAPANESE_ESCAPE.search(raw) and _fits(raw, "iso2022_jp_ext"):
        return "iso2022_jp_ext"
    if _is_utf8(raw):
        return "utf-8"
    codec_declared = codec_of(declared)
    return codec_declared if codec_declared and _fits(raw, codec_declared) else _detected(_sample(raw))


def read_text(path: Path, declaration: Callable[[bytes], str | None] | None = None) -> str:
    """Return the text of a file with \\n line ends; `declaration` finds the encoding declared in the file's format.

    Raise SourceError if the file is too large, or is not text.
    """
    size = path.stat().st_size
    if size > MAX_TEXT_BYTES:
        raise SourceError(
            f"it has {size / 1e6:.0f} MB; texts above {MAX_TEXT_BYTES / 1e6:.0f} MB are not read as papers"
        )
    raw = path.read_bytes()
    return decode(raw, declaration(raw) if declaration else None)


def decode(raw: bytes, declared: str | None = None) -> str:
    """Return the clean text of bytes, decoded as `encoding_of` says; raise SourceError if they are not text."""
    codec = encoding_of(raw, declared)
    broken = 0
    try:
        text = raw.decode(codec)
    except UnicodeDecodeError:
        text = raw.decode(codec, errors="replace")
        broken = text.count("\ufffd")
    head = text[:100_000]
    control = sum(unicodedata.category(c) in ("Cc", "Cn") and not c.isspace() for c in head)
    # A single broken character only shows that the file was cut off.
    if control > len(head) / 100 or broken > max(1, len(text) / 100):
        raise SourceError("its bytes are not text in any known encoding")
    return clean(text.replace("\f", "\n\n"))


def _detected_wide(raw: bytes) -> str | None:
    """Return the UTF-16 or UTF-32 codec of bytes without a BOM, or None."""
    from charset_normalizer import from_bytes

    best = from_bytes(raw[: _SAMPLE // 4 * 4], cp_isolation=list(_WIDE)).best()
    has_ascii = best and any(c.isascii() and (c.isprintable() or c.isspace()) for c in str(best))
    return best.encoding.replace("_", "-") if best and has_ascii else None


def _is_utf8(raw: bytes) -> bool:
    """Return whether bytes are UTF-8; up to half of the non-ASCII characters may be broken."""
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("utf-8", "replace")
        return 2 * text.count("\ufffd") <= _count_beyond_ascii(text)
    return True


def _fits(raw: bytes, codec: str) -> bool:
    text = raw.decode(codec, "replace")
    return text.count("\ufffd") <= max(1, _count_beyond_ascii(text) / 20)


def _count_beyond_ascii(text: str) -> int:
    return len(text) - len(text.encode("ascii", "ignore"))


def _sample(raw: bytes) -> bytes:
    """Return the non-ASCII lines without tags; only these tell encodings apart."""
    first = re.search(rb"[\x80-\xff]", raw)
    start = max(0, first.start() - 100) if first else 0
    raw = raw[start : start + _SEARCHED]
    lines = (line for line in re.sub(rb"(?:<[^<>]*>|[ \t])+", b" ", raw).splitlines() if not line.isascii())
    sample = b"\n".join(lines)
    if len(sample) <= _SAMPLE:
        return sample
    sample = sample[:_SAMPLE]
    end = max(sample.rfind(b"\n"), sample.rfind(b" "))  # neither is the second byte of a character
    return sample[:end] if end > 0 else sample


def _detected(sample: bytes) -> str:
    """Return the most likely codec: charset-normalizer's for other scripts, by our own count for Latin ones.

    charset-normalizer mistakes short German, French and English texts in cp1252 for cp1250 or mac_latin2.
    """
    from charset_normalizer import from_bytes

    best = from_bytes(sample, cp_isolation=[*_OTHER_SCRIPTS, *_ALPHABETS]).best()
    if best and best.encoding in _OTHER_SCRIPTS:
        letters = [c for c in sample.decode(best.encoding, "replace") if c.isalpha()]
        if sum(not unicodedata.name(c, "LATIN").startswith("LATIN") for c in letters) > len(letters) / 8:
            return best.encoding
    counts = {codec: _count_foreign(sample, codec) for codec in _ALPHABETS}
    likeliest = min(_ALPHABETS, key=lambda codec: counts[codec])
    return likeliest if counts[likeliest] + 2 <= counts["cp1252"] else "cp1252"


def _count_foreign(sample: bytes, codec: str) -> int:
    """Count the non-ASCII letters outside the best-fitting alphabet."""
    typographic = re.compile("[\x00-\xa0«»\u2010-\u203a]")
    letters = Counter(typographic.sub("", sample.decode(codec, "replace").lower()))
    return min(sum(count for c, count in letters.items() if c not in known) for known in _ALPHABETS[codec])
