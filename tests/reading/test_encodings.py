"""Files in encodings other than UTF-8: declared, unless the bytes contradict it, or detected."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers.papers import ROOT
from helpers.reader import read

from rag.reading.encodings import bibtex_encoding, codec_of, decode, encoding_of, markup_encoding

CASES = ROOT / "tests" / "cases" / "04-declared-encoding"
TEXTS = {
    "Russian": "Учёт выдр с воздушных змеев\n\nКамера на змее насчитала девяносто четыре выдры на трёх реках.",
    "Polish": "Liczenie wydr nad łąką\n\nKamera policzyła dziewięćdziesiąt cztery wydry; błąd wyniósł pięć procent.",
    "Czech": "Zimní počítání vyder na Šumavě\n\nV zimě kamera našla čtyřicet vyder a dvě norky na šesti řekách.",
    "German": "Zählung von Fischottern\n\nDie Kamera zählte sie an drei Flüssen – „groß“ und naïve Café-Gäste.",
    "French": "Comptage des loutres\n\nLa caméra a compté l’hiver passé, déjà très faible — naïf, cœur, où, à, ça.",
    "English": "Counting otters\n\nThe camera’s count was “ninety-four”, 5 ± 1 µm, by Müller, Señor and the naïve.",
    "Turkish": "Su samurlarının sayımı\n\nUçurtmadaki kamera üç nehirde saydı; yüzde beşti ve şimdiye kadar en düşüğü.",
    "Greek": "Καταμέτρηση βιδρών\n\nΗ κάμερα στον χαρταετό μέτρησε ενενήντα τέσσερις βίδρες σε τρία ποτάμια.",
    "Chinese": "水獭数量的风筝调查\n\n我们用风筝相机在三条河上数了九十四只水獭，误差为百分之五点五。",
    "Japanese": "空からのカワウソの調査\n\n凧のカメラで上の川から九十四頭のカワウソを数えた。誤差は小さい。",
    "Korean": "연으로 수달을 세다\n\n연에 단 카메라로 세 강에서 수달 아흔네 마리를 세었고 오차는 오 퍼센트였다.",
    "Hebrew": "ספירת לוטרות מעפיפון\n\nהמצלמה ספרה תשעים וארבע לוטרות בשלושה נהרות והשגיאה הייתה חמישה אחוזים.",
}
ENCODINGS = [
    *(("Russian", codec) for codec in ("windows-1251", "koi8-r", "ISO-8859-5", "ibm866")),
    *((language, codec) for language in ("Polish", "Czech") for codec in ("windows-1250", "ISO-8859-2")),
    *((language, "windows-1252") for language in ("German", "French", "English")),
    ("Turkish", "windows-1254"),
    *(("Greek", codec) for codec in ("windows-1253", "ISO-8859-7")),
    ("Chinese", "gb2312"),
    *(("Japanese", codec) for codec in ("Shift_JIS", "EUC-JP", "ISO-2022-JP")),
    ("Korean", "euc-kr"),
    ("Hebrew", "windows-1255"),
]


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("cp1251.html", "Учёт выдр с воздушных змеев"),
        ("gbk.html", "水獭数量的风筝调查"),
        ("latin2.html", "Liczenie wydr z latawców nad Łyną"),
        ("sjis.html", "凧によるカワウソの調査"),
        ("jabref1251.bib", "Учёт выдр зимой"),
        ("jabref8859_2.bib", "Zimní počítání vyder na Šumavě"),
    ],
)
def test_a_title_is_read_in_the_encoding_that_its_file_declares(tmp_path: Path, name: str, title: str) -> None:
    assert read(tmp_path, name, (CASES / name).read_bytes()).title == title


@pytest.mark.parametrize("suffix", ["html", "xhtml", "xml", "epub", "bib"])
def test_every_format_with_a_declaration_is_read_as_declared(tmp_path: Path, suffix: str) -> None:
    for language, label in ENCODINGS:
        title, _, body = TEXTS[language].partition("\n\n")
        page = f"<html><head><meta charset='{label}'><title>{title}</title></head><body><p>{body}</p></body></html>"
        xml = f"<?xml version='1.0' encoding='{label}'?>"
        content = {
            "html": page,
            "xhtml": f"{xml}<html xmlns='http://www.w3.org/1999/xhtml'><head><title>{title}</title></head>"
            f"<body><p>{body}</p></body></html>",
            "xml": f"{xml}<article><front><article-meta><title-group><article-title>{title}</article-title>"
            f"</title-group></article-meta></front><body><p>{body}</p></body></article>",
            "epub": page,
            "bib": f"% Encoding: {label}\n\n@article{{a, title={{{title}}}, abstract={{{body}}}}}\n",
        }[suffix].encode(codec_of(label) or "")
        paper = read(tmp_path, f"a.{suffix}", book(title, content) if suffix == "epub" else content)
        assert paper.text == f"{title}\n\n{body}", label


@pytest.mark.parametrize("suffix", ["txt", "md", "ris", "jsonl"])
def test_a_text_without_a_declaration_is_read_in_the_encoding_that_it_looks_like(tmp_path: Path, suffix: str) -> None:
    for language, label in ENCODINGS:
        if (suffix, label) == ("jsonl", "ISO-2022-JP"):
            continue  # its escapes are control characters, which JSON does not allow
        title, _, body = TEXTS[language].partition("\n\n")
        content = {
            "txt": f"{title}\r\n\r\n{body}",
            "md": f"# {title}\n\n{body}",
            "ris": f"TY  - JOUR\nTI  - {title}\nAB  - {body}\nER  - \n",
            "jsonl": json.dumps({"title": title, "text": body}, ensure_ascii=False) + "\n",
        }[suffix]
        paper = read(tmp_path, f"a.{suffix}", content.encode(codec_of(label) or ""))
        assert paper.text == f"{title}\n\n{body}", label


@pytest.mark.parametrize("declared", ["utf-8", "windows-1251", "gb2312", "no-such-label", "utf-16", "hex"])
def test_a_wrong_declaration_does_not_spoil_utf8(declared: str) -> None:
    for language in ("Polish", "Chinese", "French"):
        assert decode(TEXTS[language].encode(), declared) == TEXTS[language]


@pytest.mark.parametrize(("language", "real"), [("Russian", "cp1251"), ("Japanese", "cp932"), ("Czech", "cp1250")])
def test_a_declaration_that_the_bytes_contradict_is_ignored(language: str, real: str) -> None:
    for declared in ("utf-8", "no-such-label", "utf-16"):
        assert decode(TEXTS[language].encode(real), declared) == TEXTS[language]


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be", "utf-8-sig"])
def test_unicode_is_read_with_and_without_a_bom(codec: str) -> None:
    for text in TEXTS.values():
        assert decode(text.encode(codec), "windows-1252") == text


@pytest.mark.parametrize(
    ("raw", "label"),
    [
        (b"<META HTTP-EQUIV=Content-Type CONTENT='text/html; charset=koi8-r'>", "koi8-r"),
        (b"<!-- <meta charset=gbk> --><meta charset = windows-1250 >", "windows-1250"),
        (b"<meta charset=big5><meta charset=utf-8>", "big5"),
        (b"<?xml version='1.0' encoding='ISO-8859-2'?><html>", "iso-8859-2"),
        (b"<p>charset=gbk</p>", None),
    ],
)
def test_markup_declares_its_encoding_in_a_prolog_or_a_meta(raw: bytes, label: str | None) -> None:
    assert markup_encoding(raw) == label


@pytest.mark.parametrize(
    ("raw", "label"),
    [
        (b"% Encoding: windows-1251\n", "windows-1251"),
        (b"%Encoding:ISO8859_2\r\n@article{}", "ISO8859_2"),
        (b"This file was created with JabRef 2.9.\nEncoding: Cp1250\n", "Cp1250"),
        (b"%% -*- mode: bibtex; coding: koi8-r -*-\n", "koi8-r"),
        (b"@article{a, title={Encoding: text}}", None),
    ],
)
def test_a_bibliography_declares_its_encoding_in_a_comment(raw: bytes, label: str | None) -> None:
    assert bibtex_encoding(raw) == label


@pytest.mark.parametrize(
    ("label", "codec"),
    [
        ("ISO-8859-1", "cp1252"),
        ("us-ascii", "cp1252"),
        ("Latin1", "cp1252"),
        ("iso-8859-9", "cp1254"),
        ("gb2312", "gb18030"),
        ("x-sjis", "cp932"),
        ("windows-31j", "cp932"),
        ("ks_c_5601-1987", "cp949"),
        ("windows-874", "cp874"),
        ("MacRoman", "mac-roman"),
        ("rot13", None),
        ("unicode_escape", None),
        ("", None),
    ],
)
def test_a_label_means_what_it_means_to_a_browser(label: str, codec: str | None) -> None:
    assert codec_of(label) == codec


def test_a_long_page_of_markup_with_few_words_is_read_in_its_encoding() -> None:
    raw = b"<div class='x'></div>" * 20_000 + f"<p>{TEXTS['Russian']}</p>".encode("cp1251")
    assert encoding_of(raw) == "cp1251"


def book(title: str, chapter: bytes) -> dict[str, str | bytes]:
    """Return an EPUB with one chapter."""
    return {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": '<container><rootfiles><rootfile full-path="o.opf"/></rootfiles></container>',
        "o.opf": f'<package xmlns:dc="d"><metadata><dc:title>{title}</dc:title></metadata><manifest>'
        '<item id="a" href="a.xhtml"/></manifest><spine><itemref idref="a"/></spine></package>',
        "a.xhtml": chapter,
    }
