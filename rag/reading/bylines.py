"""The names of people: in the line under a title, and in what a file says of itself."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from itertools import takewhile

MARKS = "*∗†‡§¶⋆★☆✩✉♠♢♡♣♦♥◇△▽#"
CUT = ";"
"""Stands in a list of names for a raised mark or for a gap wider than a space."""
_PLACE_WORDS = """
    university universität université universidad università universiteit college school institute institut
    institution department dept faculty laboratory laboratories lab labs center centre research science sciences
    technology technologies engineering computer computing hospital clinic clinical academy foundation inc ltd gmbh
    llc corp corporation company google microsoft facebook meta amazon ibm deepmind openai nvidia apple intel ai nlp
    group division program programme studies national international federal state city street road avenue campus box
    usa uk china germany france japan india canada italy spain australia netherlands switzerland kingdom states
    republic korea singapore brazil sweden
    norway denmark finland austria poland russia mexico portugal greece ireland
    scotland england wales israel turkey iran taiwan california texas massachusetts illinois ontario bavaria
    museum observatory botanic botanical garden gardens agency ministry
    council
"""
_PLACES = frozenset(_PLACE_WORDS.split())
_OTHER_WORDS = """
    abstract introduction summary keywords contents review article paper open access journal conference proceedings
    workshop annual meeting association volume issue the of for in on with to from by at as an is are we our this
    these using based toward towards approach model models learning data dataset system systems analysis study
    information management health medical medicine biology physics chemistry mathematics statistics economics
    education published received accepted editor editors supervisor advisor committee thesis dissertation master
    doctor philosophy bachelor degree equal equally contribution author authors corresponding correspondence email
    contact project contract service report release strategy staff draft preprint version manuscript submitted
    license licence copyright creative commons archive repository software citation evaluation benchmark networks
    neural survey counting design methods method theory effects social political public high new hong
"""
_NO_NAMES = _PLACES | frozenset(_OTHER_WORDS.split())
_DOUBTFUL_WORDS = """
    january february march april may june july august september october november december monday tuesday wednesday
    thursday friday saturday sunday spring summer autumn fall winter term semester quarter week weeks day days year
    years early earlier late later first second third last next final advanced basic general special simple common
    main major minor local global central upper lower old great little small large long short high low north south
    east west northern southern eastern western red green blue black white golden silver river rivers lake sea ocean
    mountain mountains hill hills valley island islands forest meadow field fields park bridge house hall building
    room tower square court gate station library san santa los las rio buenos hong tel aviv york angeles francisco
    beach springs city town village county province region theory theories lecture lectures notes course courses
    class exercises exercise problem problems question questions answer answers solution solutions example examples
    proof proofs lemma chapter section part parts appendix figure figures table tables list index glossary outline
    overview remarks comments discussion discussions conclusion conclusions outlook motivation related work works
    future past present progress experiment experiments experimental setup test tests result results finding
    findings measurement measurements observation observations sample samples sampling signal signals image images
    video audio text language speech word words number numbers count counts mean median error errors rate rates
    value values total sum time times date name names title type types kind group groups age sex size weight height
    length speed power energy water air light heat wind weather climate animal animals plant plants human people
    user users student students teacher teachers school schools patient patients care treatment control case cases
    market markets price prices trade business finance law rights history art music game games web internet mobile
    digital virtual deep machine random linear dynamic quantum optical visual natural artificial applied modern
    early opening closing keynote press note memo minutes agenda handout handouts slides poster talk tutorial guide
    manual handbook primer essay letter news update bulletin series working technical supporting supplementary
"""
_DOUBTFUL = _NO_NAMES | frozenset(_DOUBTFUL_WORDS.split())
_SUFFIXES = re.compile(r"(?:tions?|ments|ness|olog(?:y|ies)|ities|ical|ious|isms?|ics|ivity|ables?|izing|ising|als)$")
_UNCASED_LABELS = frozenset(
    "摘要 要旨 概要 抄録 要約 序論 序章 緒言 緒論 引言 前言 绪论 导言 背景 方法 結果 结果 結論 结论 考察 讨论 討論 "
    "目次 目录 目錄 関連研究 参考文献 关键词 關鍵詞 謝辞 致谢 はじめに おわりに まとめ 초록 요약 서론 본론 "
    "결론 방법 결과 고찰 목차 참고문헌 키워드 배경".split()
)
_HANGUL = re.compile("[\uac00-\ud7af]")
_KOREAN_SURNAMES = frozenset(
    "김이박최정강조윤장임한오서신권황안송류전홍고문양손배백허유남심노하곽성차주우구민진나지엄채원천방공현함변염여추석선설길"
)
PARTICLES = frozenset("van von der den de del della di da dos du la le el al bin ibn ter ten y e zu af and".split())
_DEGREES = re.compile(
    r"(?:ph\.?d|m\.?d|m\.?sc|b\.?sc|m\.?s|m\.?a|m\.?p\.?h|dr|prof|jr|sr|member|senior member|fellow|student member"
    r"|ieee|orcid|id)\.?", re.I
)  # fmt: skip
_NOBODY = re.compile(
    r"\b(?:latex|hyperref|\w*tex|administrator|admin|user|windows|unknown|anonymous|authors?|microsoft|adobe|acrobat"
    r"|owner|elsevier|springer|wiley|ieee|acm|publisher|print\w*|converter|default)\b|\d", re.I
)  # fmt: skip
_SEPARATORS = re.compile(r"[;,&|·•\t、，；،؛]|(?<![ァ-ヴー])・|・(?![ァ-ヴー])|\b(?:and|und|et|AND)\b")
_JOINED = re.compile(r"(?<=[^\W\d_]{2})\s[ye]\s(?=[^\W\d_a-z][^\W\d_]*\s[^\W\d_a-z])")  # two full names
_DIGITS = re.compile(r"[\d\W]*\d[\d,]*|[" + re.escape(MARKS) + "]")
_TAIL = re.compile(r"(?:\s+(?:(?-i:[a-z])|ph\.?d\.?|m\.?d\.?|m\.?sc\.?))+\W*$", re.I)
BY = re.compile(r"^\W*(?:by|authors?:?|written by|presented by)\s+|\b(?:prof|dr|mr|mrs|ms)\.\s+", re.I)
_ASIDE = re.compile(r"\([^()]*\)|\{[^{}]*\}\s?@\S+|[^\s;,]+@[^\s;,]+")
_NAME = re.compile(r"(?:[dDlLO]['’])?[^\W\d_a-z][^\W\d_]*(?:[-'’.‐][^\W\d_]+)*\.?|(?:[^\W\d_a-z]\.)+|[A-Z]\.?-[A-Z]\.")


_UNCASED_PLACES = re.compile(
    "大学|大學|学院|學院|学校|研究所|研究院|医院|醫院|病院|公司|实验室|대학|연구소|연구원|병원|학과"
)
EAST_ASIAN = re.compile(r"[\u3040-\u30ff\u31f0-\u31ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]")


def people(parts: str) -> list[str]:
    """The persons named in a list of names up to the first place; none where most of it is something else."""
    pieces = [
        _TAIL.sub("", _DIGITS.sub("", piece)).strip(" .,:()[]")
        for piece in _SEPARATORS.split(_JOINED.sub(";", BY.sub("", _ASIDE.sub(";", parts))))
    ]
    pieces = [part for piece in pieces for part in _separated(piece)]
    pieces = [piece for piece in pieces if re.search(r"\w", piece) and not _DEGREES.fullmatch(piece)]
    pieces = list(takewhile(lambda piece: not is_place(piece), pieces))
    names = [cased(piece) for piece in pieces if _is_person(piece)]
    return list(dict.fromkeys(names)) if names and 2 * len(names) >= len(pieces) else []


def _separated(piece: str) -> list[str]:
    """A piece as it is, or the East Asian names in it that only spaces separate: a family name is short."""
    words = piece.split()
    several = len(words) > 1 and (len(words[0]) > 2 or len(words) > 2) and all(len(word) in (2, 3, 4) for word in words)
    return words if several and all(_is_uncased_person([word]) for word in words) else [piece]


def is_place(text: str) -> bool:
    """Whether a text names an institution, a department or a country."""
    return any(word in _PLACES for word in re.findall(r"\w+", text.casefold()))


def is_doubtful(word: str) -> bool:
    """Whether a word is more common in headings, labels and places than in names."""
    folded = word.casefold()
    return folded in _DOUBTFUL or (len(folded) > 5 and bool(_SUFFIXES.search(folded)))


def has_case(text: str) -> bool:
    """Whether the script of a text has capitals."""
    return any(letter.lower() != letter.upper() for letter in text)


def surname(name: str) -> str:
    """The last word of a name, as names are compared."""
    return squeezed(name.split()[-1])


def squeezed(text: str) -> str:
    """A text's letters and digits alone, without case: what two settings of it have in common."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())


def stated_people(stated: Mapping[str, Sequence[str]]) -> list[str]:
    """The persons whom the file names as its authors; none where that is a program, a publisher or a login."""
    lists = [_names_in(text) for text in stated.get("creator", []) if not _NOBODY.search(text)]
    several = list(dict.fromkeys(name for names in lists for name in names))
    first = lists[0] if lists else []
    return first if len(first) > 1 else several


def _names_in(text: str) -> list[str]:
    """The names in a stated list: parted by semicolons, by commas, or one inverted."""
    pieces = [piece.strip() for piece in re.split(r";|\band\b|&", text) if piece.strip()]
    if len(pieces) == 1 and pieces[0].count(",") != 1:
        pieces = [piece.strip() for piece in text.split(",")]
    elif not any(len(part.split()) == 1 for piece in pieces for part in piece.split(",")):
        pieces = [part.strip() for piece in pieces for part in piece.split(",")]
    names = [" ".join(reversed([part.strip() for part in piece.split(",", 1)])) for piece in pieces]
    return [cased(name) for name in names if _is_person(name)]


def _is_person(name: str) -> bool:
    words = name.split()
    if not has_case(name):
        return _is_uncased_person(words)
    if len(words) == 1:
        return False
    full = [word for word in words if len(word.strip(".")) > 1]
    return (
        2 <= len(words) <= 6
        and bool(full)
        and all(_NAME.fullmatch(word) or word.casefold() in PARTICLES for word in words)
        and not any(part in _NO_NAMES for word in words for part in word.casefold().split("-"))
        and words[-1].casefold() not in PARTICLES
        and not (1 < len(words[-1]) < 4 and words[-1].isupper() and not words[0].isupper() and words[-1].strip("I"))
    )


def _is_uncased_person(words: Sequence[str]) -> bool:
    """Whether words of a script without capitals may be a name; in East Asian ones a name has few letters."""
    letters = "".join(words)
    if (
        not letters
        or _UNCASED_PLACES.search(letters)
        or any(unicodedata.category(c)[0] not in "LM" for c in letters)
        or letters in _UNCASED_LABELS
    ):
        return False
    if _HANGUL.match(letters) and letters[0] not in _KOREAN_SURNAMES:
        return False
    if EAST_ASIAN.match(letters):
        short = len(words) == 1 or len(words[0]) < 3
        return len(letters) in range(2, 5 if len(words) == 1 else 7) and len(words) < 3 and short
    return 2 <= len(words) <= 4 and len(letters) < 30


def cased(name: str) -> str:
    """A name set in capitals as it is written."""
    words = name.split()
    if not name.isupper() or not any(len(word) > 3 for word in words):
        return " ".join(words)
    return " ".join(word.title() if len(word.strip(".")) > 1 and "." not in word[:-1] else word for word in words)


def listed_names(text: str, *, several: bool = True) -> list[str]:
    """The names in a field that is sure to hold names, as readers write them: `Moss, Ann; Lee, Bo`.

    Args:
        several: `Ann Moss, Bo Lee` are two persons, not one with the family name first.
    """
    pieces = [piece.strip() for piece in re.split(r";|\s+and\s+" if several else ";", text) if piece.strip()]
    parts = [part.strip() for piece in pieces for part in piece.split(",")]
    if several and all(len(part.split()) > 1 for part in parts):
        return parts
    return [_in_order(piece) for piece in pieces]


def _in_order(name: str) -> str:
    family, comma, given = name.partition(",")
    return f"{given.strip()} {family.strip()}" if comma and "," not in given else name
