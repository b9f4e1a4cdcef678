"""Make Word documents from paragraphs, and list the sections of a paper."""

from __future__ import annotations

from rag.types import Paper


def sections(paper: Paper) -> list[tuple[str, str | None, str]]:
    return [(s.kind, s.title, paper.text[s.start : s.end]) for s in paper.sections]


WORD = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
)


def line(text: str, style: str = "") -> str:
    return f'<w:p><w:pPr><w:pStyle w:val="{style}"/></w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>'


def docx(*blocks: str, title: str = "") -> dict[str, str | bytes]:
    styles = "".join(
        f'<w:style w:type="paragraph" w:styleId="{key}"><w:name w:val="{name}"/></w:style>'
        for key, name in {"Title": "Title", "H1": "heading 1", "Caption": "caption"}.items()
    )
    note = f'<w:footnote w:id="2">{line("Slowly in winter.")}</w:footnote>'
    return {
        "word/document.xml": f"<w:document {WORD}><w:body>{''.join(blocks)}</w:body></w:document>",
        "word/footnotes.xml": f"<w:footnotes {WORD}>{note}</w:footnotes>",
        "word/styles.xml": f"<w:styles {WORD}>{styles}</w:styles>",
        "docProps/core.xml": '<c xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:creator>Fern Green</dc:creator>'
        f"<dc:title>{title}</dc:title></c>",
    }
