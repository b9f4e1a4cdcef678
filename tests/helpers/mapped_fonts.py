"""Make PDF fonts with wrong character maps, as in old journals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reportlab.pdfbase import pdfdoc, pdfmetrics
from reportlab.pdfgen.canvas import Canvas

_CMAP = """/CIDInit /ProcSet findresource begin
12 dict begin
begincmap
/CMapType 2 def
1 begincodespacerange
<00> <FF>
endcodespacerange
%s
endcmap
end
end"""


class _MappedFont(pdfmetrics.Font):  # type: ignore[misc]
    def __init__(self, name: str, face: str, claims: Mapping[int, str]) -> None:
        super().__init__(name, face, "SymbolEncoding" if face == "Symbol" else "WinAnsiEncoding")
        self._claims = claims

    def addObjects(self, doc: Any) -> None:
        super().addObjects(doc)
        fonts = doc.idToObject["BasicFonts"].dict
        key = doc.fontMapping[self.fontName].lstrip("/")
        codes = [f"<{code:02X}> <{claim.encode('utf-16-be').hex()}>" for code, claim in self._claims.items()]
        blocks = [codes[at : at + 100] for at in range(0, len(codes), 100)]
        lines = "\n".join(f"{len(each)} beginbfchar\n" + "\n".join(each) + "\nendbfchar" for each in blocks)
        stream = pdfdoc.PDFStream(content=_CMAP % lines)
        fonts[key] = pdfdoc.PDFDictionary(
            {
                "Type": pdfdoc.PDFName("Font"),
                "Subtype": pdfdoc.PDFName("Type1"),
                "BaseFont": pdfdoc.PDFName(self.face.name),
                "ToUnicode": doc.Reference(stream),
                **({} if self.face.name == "Symbol" else {"Encoding": pdfdoc.PDFName("WinAnsiEncoding")}),
            }
        )


def use_font(canvas: Canvas, face: str, claims: Mapping[int, str], size: float = 10) -> None:
    """Set a standard font on a canvas, with a character map that is wrong for some codes."""
    name = f"{face}-{abs(hash(tuple(claims.items())))}"
    if name not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(_MappedFont(name, face, claims))
    canvas.setFont(name, size)
