"""Recognise the names of people in bylines and file metadata."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path

MARKS = "*∗†‡§¶⋆★☆✩✉♠♢♡♣♦♥◇△▽#"
CUT = ";"
"""Replaces a raised mark, or a gap wider than a space, in a list of names."""
# Words of institutions and places; words that are never names; words more common in headings and labels than in names.
_PLACES, _OTHER_WORDS, _LABEL_WORDS = (
    frozenset(words.split())
    for words in Path(__file__).with_name("byline_words.txt").read_text(encoding="utf-8").split("\n\n")
)
_NOT_IN_NAMES = _PLACES | _OTHER_WORDS
_DOUBTFUL = _NOT_IN_NAMES | _LABEL_WORDS
_NOUN_SUFFIXES = re.compile(
    r"(?:tions?|ments|ness|olog(?:y|ies)|ities|ical|ious|isms?|ics|ivity|ables?|izing|ising|als)$"
)
_UNCASED_LABELS = frozenset(
    "摘要 要旨 概要 抄録 要約 序論 序章 緒言 緒論 引言 前言 绪论 导言 背景 方法 結果 结果 結論 结论 考察 讨论 討論 "
    "目次 目录 目錄 関連研究 参考文献 关键词 關鍵詞 謝辞 致谢 はじめに おわりに まとめ 초록 요약 서론 본론 "
    "결론 방법 결과 고찰 목차 참고문헌 키워드 배경".split()
)
_ALSO_NAMES = frozenset("ai hong israel england ireland france wales".split())  # exceptions, in some lists of names
_ALSO_LAST_NAMES = frozenset("an to in".split())
_HANGUL = re.compile("[\uac00-\ud7af]")
_KOREAN_SURNAMES = frozenset(
    "김이박최정강조윤장임한오서신권황안송류전홍고문양손배백허유남심노하곽성차주우구민진나지엄채원천방공현함변염여추석선설길"
)
PARTICLES = frozenset("van von der den de del della di da dos du la le el al bin ibn ter ten y e zu af and".split())
_DEGREES = re.compile(
    r"(?:ph\.?d|m\.?d|m\.?sc|b\.?sc|m\.?s|m\.?a|m\.?p\.?h|dr|prof|jr|sr|member|senior member|fellow|student member"
    r"|ieee|orcid|id)\.?", re.I
)  # fmt: skip
_NOT_A_PERSON = re.compile(
    r"\b(?:latex|hyperref|\w*tex|administrator|admin|user|windows|unknown|anonymous|authors?|microsoft|adobe|acrobat"
    r"|owner|elsevier|springer|wiley|ieee|acm|publisher|print\w*|converter|default)\b|\d", re.I
)  # fmt: skip
_SEPARATORS = re.compile(r"[;,&|·•\t、，；،؛]|(?<![ァ-ヴー])・|・(?![ァ-ヴー])|\b(?:and|und|et|AND)\b")
_SPANISH_AND = re.compile(r"(?<=[^\W\d_]{2})\s[ye]\s(?=[^\W\d_a-z][^\W\d_]*\s[^\W\d_a-z])")  # between two full names
_DIGITS_AND_MARKS = re.compile(r"[\d\W]*\d[\d,]*|[" + re.escape(MARKS) + "]")
_DEGREES_AT_END = re.compile(r"(?:\s+(?:(?-i:[a-z])|ph\.?d\.?|m\.?d\.?|m\.?sc\.?))+\W*$", re.I)
BY = re.compile(r"^\W*(?:by|authors?:?|written by|presented by)\s+|\b(?:prof|dr|mr|mrs|ms)\.\s+", re.I)
_ADDRESS_OR_NOTE = re.compile(r"\([^()]*\)|\{[^{}]*\}\s?@\S+|[^\s;,]+@[^\s;,]+")
_NAME = re.compile(r"(?:[dDlLO]['’])?[^\W\d_a-z][^\W\d_]*(?:[-'’.‐][^\W\d_]+)*\.?|(?:[^\W\d_a-z]\.)+|[A-Z]\.?-[A-Z]\.")
_UNCASED_PLACES = re.compile(
    "大学|大學|学院|學院|学校|研究所|研究院|医院|醫院|病院|公司|实验室|대학|연구소|연구원|병원|학과"
)
EAST_ASIAN = re.compile(r"[\u3040-\u30ff\u31f0-\u31ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]")


def people(parts: str) -> list[str]:
    """Return the names in a list up to the first place; none if most of the list is something else."""
    pieces = _pieces(parts)
    sure = any(map(_is_person, pieces))
    found = [_is_person(piece) or (sure and _may_be_person(piece)) for piece in pieces]
    count = next((at for at, piece in enumerate(pieces) if not found[at] and is_place(piece)), len(pieces))
    names = [piece for piece, is_name in zip(pieces[:count], found, strict=False) if is_name]
    names = list(dict.fromkeys(map(without_capitals, _given_names_first(names))))
    return names if names and 2 * len(names) >= count else []


def _pieces(parts: str) -> list[str]:
    """Return the parts of a list that may be names, without addresses, marks and degrees."""
    text = _SPANISH_AND.sub(";", BY.sub("", _ADDRESS_OR_NOTE.sub(";", parts)))
    inverted = _inverted_names(text)
    pieces = [
        _DEGREES_AT_END.sub("", _DIGITS_AND_MARKS.sub("", piece)).strip(" .,:()[]'’‘´`\"“”°")
        for piece in inverted or _SEPARATORS.split(text)
    ]
    pieces = [part for piece in pieces for part in _split_east_asian(piece)]
    return [piece for piece in pieces if re.search(r"\w", piece) and not _DEGREES.fullmatch(piece)]


def _inverted_names(text: str) -> list[str]:
    """Return the names of a list such as `Moss, Ann; Lee, Bo` in western order; none for other lists."""
    pieces = [piece.strip(" ,") for piece in re.split(r";|&|\b(?:and|und|et)\b", text)]
    pairs = [piece.split(",") for piece in pieces if re.search(r"[^\W\d_]{2}", piece)]
    if len(pairs) < 2 or any(len(pair) != 2 or len(pair[0].split()) != 1 or not pair[1].strip() for pair in pairs):
        return []
    return [f"{given.strip()} {family.strip()}" for family, given in pairs]


def _given_names_first(names: Sequence[str]) -> list[str]:
    """Return names in western order and title case if only the family name of each is in capitals: `ZHANG Wei`."""
    for split, family, given in ((str.split, 0, 1), (str.rsplit, 1, 0)):
        pairs = [split(name, None, 1) for name in names]
        capitals = all(len(pair) > 1 and pair[family].isupper() and not pair[given].isupper() for pair in pairs)
        if capitals and any(len(pair[family].strip(".")) > 3 for pair in pairs):
            return [f"{pair[given]} {pair[family].title()}" for pair in pairs]
    return list(names)


def _split_east_asian(piece: str) -> list[str]:
    """Split East Asian names separated only by spaces; a short first word is a family name."""
    words = piece.split()
    several = len(words) > 1 and (len(words[0]) > 2 or len(words) > 2) and all(len(word) in (2, 3, 4) for word in words)
    return words if several and all(_is_uncased_person([word]) for word in words) else [piece]


def is_place(text: str) -> bool:
    """Return whether a text names an institution, a department or a country."""
    return any(word in _PLACES for word in re.findall(r"\w+", text.casefold()))


def is_doubtful(word: str) -> bool:
    """Return whether a word is more common in headings, labels and places than in names."""
    folded = word.casefold()
    return folded in _DOUBTFUL or (len(folded) > 5 and bool(_NOUN_SUFFIXES.search(folded)))


def has_case(text: str) -> bool:
    """Return whether the script of a text has capitals."""
    return any(letter.lower() != letter.upper() for letter in text)


def surname(name: str) -> str:
    """Return the last word of a name for comparison."""
    return squeezed(name.split()[-1])


def squeezed(text: str) -> str:
    """Return the letters and digits of a text in lower case, which do not depend on its typesetting."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())


def stated_people(stated: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the people that a file's metadata names as creators; none for a program, a publisher or a login name."""
    lists = [_names_in(text) for text in stated.get("creator", []) if not _NOT_A_PERSON.search(text)]
    sure = any(_is_person(name) for names in lists for name in names)
    lists = [[name for name in names if _is_person(name) or (sure and _may_be_person(name))] for names in lists]
    first = lists[0] if lists else []
    found = first if len(first) > 1 else [name for names in lists for name in names]
    return list(dict.fromkeys(map(without_capitals, found)))


def _names_in(text: str) -> list[str]:
    """Return the possible names in a stated list: separated by semicolons or commas, or one inverted name."""
    pieces = [piece.strip() for piece in re.split(r";|\band\b|&", text) if piece.strip()]
    if len(pieces) == 1 and pieces[0].count(",") != 1:
        pieces = [piece.strip() for piece in text.split(",")]
    elif not any(len(part.split()) == 1 for piece in pieces for part in piece.split(",")):
        pieces = [part.strip() for piece in pieces for part in piece.split(",")]
    return [" ".join(reversed([part.strip() for part in piece.split(",", 1)])) for piece in pieces]


def _may_be_person(piece: str) -> bool:
    """Return whether part of a list may be a name although one of its words also occurs in places or phrases."""
    words = piece.split()
    last = words[-1].casefold()
    kept = [word for word in words if word.isupper() or word.casefold() not in _ALSO_NAMES]
    kept = kept[:-1] if last in _ALSO_LAST_NAMES else kept
    return 0 < len(kept) < len(words) and not any(map(is_doubtful, kept)) and _is_person(" ".join([*kept, "X"]))


def _is_person(name: str) -> bool:
    words = name.split()
    if not has_case(name):
        return _is_uncased_person(words)
    if not 2 <= len(words) <= 6 or all(len(word.strip(".")) <= 1 for word in words):
        return False
    return (
        all(_NAME.fullmatch(word) or word.casefold() in PARTICLES for word in words)
        and not any(part in _NOT_IN_NAMES for word in words for part in word.casefold().split("-"))
        and words[-1].casefold() not in PARTICLES
        and not _is_acronym(words)
    )


def _is_acronym(words: Sequence[str]) -> bool:
    """Return whether the last word is an acronym, as in `River NLP` and `C ISO`."""
    last = words[-1]
    in_capitals = words[0].isupper() and len(words[0]) > 1
    return 1 < len(last) < 4 and last.isupper() and not in_capitals and bool(last.strip("I"))


def _is_uncased_person(words: Sequence[str]) -> bool:
    """Return whether words in a script without capitals may be a name; East Asian names have few letters."""
    letters = "".join(words)
    if (
        not letters
        or letters in _UNCASED_LABELS
        or _UNCASED_PLACES.search(letters)
        or any(unicodedata.category(c)[0] not in "LM" for c in letters)
        or (_HANGUL.match(letters) and letters[0] not in _KOREAN_SURNAMES)
    ):
        return False
    if EAST_ASIAN.match(letters):
        if len(words) == 1:
            return 2 <= len(letters) <= 4
        return len(words) == 2 and len(words[0]) < 3 and 2 <= len(letters) <= 6
    return 2 <= len(words) <= 4 and len(letters) < 30


def without_capitals(name: str) -> str:
    """Return a name with single spaces, in title case if it is all capitals."""
    words = name.split()
    with_initials = bool(words) and words[0].endswith(".") and len(words[-1]) > 1
    if not name.isupper() or not (with_initials or any(len(word) > 3 for word in words)):
        return " ".join(words)
    return " ".join(word.title() if len(word.strip(".")) > 1 and "." not in word[:-1] else word for word in words)


def listed_names(text: str, *, several: bool = True) -> list[str]:
    """Return the names, in western order, in a field that contains only names: `Moss, Ann; Lee, Bo`.

    `several` says that `Ann Moss, Bo Lee` is two people, not one with the family name first.
    """
    pieces = [piece.strip() for piece in re.split(r";|\s+and\s+" if several else ";", text) if piece.strip()]
    parts = [part.strip() for piece in pieces for part in piece.split(",")]
    if several and all(len(part.split()) > 1 for part in parts):
        return parts
    return [_in_western_order(piece) for piece in pieces]


def _in_western_order(name: str) -> str:
    family, comma, given = name.partition(",")
    return f"{given.strip()} {family.strip()}" if comma and "," not in given else name
