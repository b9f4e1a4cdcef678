"""Make forty files of about 100 KB, in every readable format, designed to exhaust a reader's time or memory."""

from __future__ import annotations

import io
import json
import zipfile

SIZE = 100_000  # characters

_CONTAINER = (
    '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="a.opf"/></rootfiles></container>'
)
_PACKAGE = (
    '<package><metadata><title>A Title</title></metadata><manifest><item id="a" href="a.xhtml"/></manifest>'
    '<spine><itemref idref="a"/></spine></package>'
)
_WORD = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def hostile_files() -> dict[str, bytes]:
    """Return the files: name -> content."""
    texts = {**_plain(), **_markdown(), **_html(), **_xml(), **_records()}
    return {name: text.encode("utf-8", "surrogatepass") for name, text in texts.items()} | _archives()


def _filled(piece: str, size: int = SIZE) -> str:
    return piece * (size // len(piece))


def _plain() -> dict[str, str]:
    pieces = {
        "one-token": "x", "dots": ".", "numbers": "1.2.3/", "number-line": "3.14 ", "quotes": "a.\"", "blanks": " ",
        "brackets": "[", "backslashes": "\\", "dollars": "$a", "accents": "\\'", "braces": "{a", "ticks": "`a",
        "escapes": "\x1b]0;", "joiners": "a\u200d", "tilde": "a.~", "initials": "A. ", "lines": "a\n", "urls": "http://a.b/",
    }  # fmt: skip
    return {f"{name}.txt": f"A Title of {name}\n\nA text {_filled(piece)}" for name, piece in pieces.items()}


def _markdown() -> dict[str, str]:
    aliases = "".join(f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))
    merged = "".join(f"a{n}: &a{n} {{<<: [{','.join([f'*a{n - 1}'] * 9)}]}}\n" for n in range(1, 12))
    return {
        "aliases.md": f"---\na0: &a0 [x]\n{aliases}title: *a11\nauthors: *a11\n---\n# T\n\nA text.\n",
        "merged.md": f"---\na0: &a0 {{k: v}}\n{merged}title: T\n---\n# T\n\nA text.\n",
        "deep.md": f"---\na: {_filled('[')}\n---\nA text.\n",
        "keys.md": f"---\n{_filled('1: 2' + chr(10))}---\n# T\n\nA text.\n",
        "emphasis.md": f"# T\n\n{_filled('*a _b')}\n",
        "links.md": f"# T\n\n{_filled('[a](')}\n",
        "quotes.md": f"# T\n\n{_filled('>')}\n",
    }


def _html() -> dict[str, str]:
    page = "<html><head><title>A Title</title></head><body><p>A text.</p>{}</body></html>"
    tags = ("sup", "figure", "header", "table", "div", "math", "span class='ltx_note'")
    nested = {f"{tag.split()[0]}.html": page.format(_filled(f"<{tag}>1")) for tag in tags}
    return nested | {
        "attributes.html": page.format(f"<p {_filled('a=b ')}>x</p>"),
        "titles.html": page.format(_filled("<title ")),
        "styles.html": f"<style>{_filled('.a{')}</style>" + page.format("x"),
    }


def _xml() -> dict[str, str]:
    article = "<article><front><article-meta><title-group><article-title>A Title</article-title></title-group>"
    article += "</article-meta></front><body>{}</body></article>"
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    deep = SIZE // 11
    return {
        "laughs.xml": f'<!DOCTYPE a [<!ENTITY a0 "ha">{entities}]>' + article.format("<p>&a11;</p>"),
        "deep.xml": article.format("<sec>" * deep + "x" + "</sec>" * deep),
        "wide.xml": article.format(_filled("<label>1</label><tex-math>a</tex-math>")),
    }


def _records() -> dict[str, str]:
    entry = "@article{{a, title={{A Title}}, abstract={{A text.}}, {}}}"
    return {
        "braces.bib": entry.format(f"note={_filled('{')}"),
        "authors.bib": entry.format(f"author={{Moss, Ann{_filled(' ')}and}}"),
        "files.bib": entry.format(f"file={{{_filled(':;')}}}"),
        "half.jsonl": json.dumps({"title": "A Title", "text": "\ud800 " * (SIZE // 7), "authors": ["\udc00"]}),
        "deep.jsonl": f'{{"title": "A", "text": "b", "c": {_filled("[")}',
        "long-number.jsonl": f'{{"title": "A", "text": "b", "year": {_filled("1")}}}',
        "blanks.ris": f"TY  - JOUR\nTI  - A Title\nAU  - Moss,{_filled(' ')}Ann\nAB  - A text.\nER  - \n",
        "no-end.ris": _filled("TY  - JOUR\nTI  - A Title\n"),
    }


def _archives() -> dict[str, bytes]:
    divs, text = _filled("<div>", 5_000_000), _filled("<w:p><w:r><w:t>a</w:t></w:r></w:p>", 9_000_000)
    return {
        "divs.epub": _zipped(
            {"META-INF/container.xml": _CONTAINER, "a.opf": _PACKAGE, "a.xhtml": f"<html><body>{divs}</body></html>"}
        ),
        "runs.docx": _zipped({"word/document.xml": f"<w:document {_WORD}><w:body>{text}</w:body></w:document>"}),
        "packet.pdf": b"%PDF-1.4\n" + b"<x:xmpmeta" * (SIZE // 10),
    }


def _zipped(files: dict[str, str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return out.getvalue()
