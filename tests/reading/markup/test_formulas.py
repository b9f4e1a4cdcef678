"""Formulas are one line of text."""

from __future__ import annotations

import pytest

from rag.reading.markup.formulas import formula
from rag.reading.markup.tags import parse_html


@pytest.mark.parametrize(
    ("mathml", "text"),
    [
        ("<msubsup><mi>x</mi><mi>i</mi><mn>2</mn></msubsup>", "x_i^2"),
        ("<msup><mn>10</mn><mrow><mo>−</mo><mn>3</mn></mrow></msup>", "10^−3"),
        ("<msup><mi>e</mi><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow></msup>", "e^(a+b)"),
        ("<msqrt><mi>n</mi><mo>+</mo><mn>1</mn></msqrt>", "√(n+1)"),
        ("<mover><mi>x</mi><mo>^</mo></mover>", "x̂"),
        ("<mi>log</mi><mo>\u2061</mo><mi>n</mi>", "log n"),
        ("<mn>2</mn><mo>\u2062</mo><mi>𝐱</mi>", "2x"),
        ("<mi>p</mi><mo>&lt;</mo><mn>0.05</mn>", "p < 0.05"),
        ("<msup><mn>30</mn><mo>∘</mo></msup>", "30°"),
        ("<mtable><mtr><mtd>1</mtd><mtd>0</mtd></mtr><mtr><mtd>0</mtd><mtd>1</mtd></mtr></mtable>", "1 0; 0 1"),
        ("<semantics><mi>y</mi><annotation>\\why</annotation></semantics>", "y"),
        ("", "α≤ 1"),
    ],
)
def test_a_formula_reads_as_one_line(mathml: str, text: str) -> None:
    tree = parse_html(f"<math alttext='\\alpha\\leq 1'>{mathml}</math>")
    assert formula(tree.math) == text
