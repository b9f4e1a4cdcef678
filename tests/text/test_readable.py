"""Leftover LaTeX is resolved, and nothing else is changed."""

from __future__ import annotations

import pytest
from helpers.growth import growth
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.text.readable import folded, from_latex, readable


@pytest.mark.parametrize(
    ("text", "form"),
    [
        (r"na\"ive na{\"i}ve na\"{\i}ve", "naïve naïve naïve"),
        (r"Erd\H{o}s, \'{E}mile, {\c c}a, \v{S}, \o re, stra\ss{}e", "Erdős, Émile, ça, Š, øre, straße"),
        (r"34.0\% of R\&D, item \#1, \$5, a\_b", "34.0% of R&D, item #1, $5, a_b"),
        ("``quotes'' and `single' ones", "\"quotes\" and 'single' ones"),
        (r"\ours{} beats \ours", "ours beats ours"),
        (r"\textbf{a \emph{b}}, {\em c} and {\bf d}", "a b, c and d"),
        (r"10$\times$ faster, $O(n \log n)$, $\alpha$-cut, $$x_{i}^{2}$$", "10× faster, O(n log n), α-cut, x_i^2"),
        (r"\frac{1}{2} of \sqrt{2}, 10$^{-3}$, H\textsubscript{2}O", "1/2 of √2, 10^(-3), H2O"),
        (r"code\url{https://x.org/~me/a_b}", "codehttps://x.org/~me/a_b"),
        (r"\href{https://x.org}{here}, as \citep{lee20} says", "here, as [lee20] says"),
        (r"Fig.~3, 5--6, x---y, 5\,cm", "Fig. 3, 5–6, x–y, 5 cm"),
        (r"{{{{DNA}}}} and \\ next", "DNA and  next"),
        (r"30\textdegree{} C, \pounds 5, \textless{}5, 20$^\circ$C", "30° C, £5, <5, 20°C"),
        (r"{\DJ}or{\dj}evi\'c, Nguy{\~{\^e}}n, Th{\d i}, Garc\'\i a", "Đorđević, Nguyễn, Thị, García"),
        (r"\SI{3}{\micro\metre}, \qty{5}{\kilo\gram\per\metre}, \ang{30}", "3 μm, 5 kg/m, 30°"),
        (r"{\ours}, pre\-historic {\textquotedblleft}North{\textquotedblright}", "ours, prehistoric “North”"),
        (r"$x_{in}$, $\frac{\sqrt{2}}{3}$, \emph{{S} x}, $f:\alpha\to\R$", "x_in, √2/3, S x, f:α→R"),
        (r"\$5 and \$6, 10\textsuperscript{3}, \revised{this} one", "$5 and $6, 10^3, this one"),
    ],
)
def test_leftover_latex_is_resolved(text: str, form: str) -> None:
    assert readable(text) == form


@pytest.mark.parametrize(
    "text",
    [
        "It costs $5 here and $6 there.",
        "The set {1, 2} and the object {'a': 1}.",
        "Call `f(x)` with --flag on https://x.org/~me.",
        "Don't: it's 3.5% of ~100, e.g. a_b or x^2 [3].",
        "naïve – “quoted” … 标题 🦦\n\nsecond",
        r"Let {S} be the set, {in} its entries, {Delta} and {le} two names; read C:\temp\new first.",
        r"See \\server\share\alpha, D:\data\in\times, C:\\temp\\new, a\sub\x.txt, C:\Program Files\in and CORP\alice.",
        r"It\'s \"quoted\", say \d+, \w*, \S+ or \n and \u00e9.",
        "Set $HOME/a_b:$PATH for $5; y~x in {DNA}.",
    ],
)
def test_text_without_latex_is_unchanged(text: str) -> None:
    assert readable(text) == text


@pytest.mark.parametrize(
    ("field", "printed"),
    [
        (r"5\ensuremath{\mu}m", "5μm"),
        (r"\textalpha{}-helix and {\upmu}m", "α-helix and μm"),
        (r"\og{}Rives\fg{}, \glqq{}Ufer\grqq{}, \lq{}a\rq{}", "«Rives», „Ufer“, ‘a’"),
        (r"Fran\c cois, \k a, B{\h{a}}o, Sm\u\i th", "François, ą, Bảo, Smĭth"),
        (r"\protect\rmfamily A {\upshape b} \noindent c", "A b c"),
        (r"a.\par b", "a. b"),
        (r"\textcolor{red}{Red} {\color{blue}blue} \hbox{H}", "Red blue H"),
        (r"Title\thanks{Paid by X}, see \ref{fig}", "Title, see "),
        (r"It holds\footnote{Mostly.}.", "It holds (Mostly.)."),
        (r"$-5$ and $n-1$ of $100$", "-5 and n-1 of 100"),
        (r"$\left( x \ne 0 \right)$ and $\|x\|$", "( x ≠ 0 ) and ‖x‖"),
        (r"\numrange{1}{3}, \SIlist{1;2}{\metre}, \numlist{4;5}", "1–3, 1, 2 m, 4, 5"),
        (r"\isotope[14]{C}, $\sqrt[3]{x}$", "14C, 3√x"),
        (r"{\textbackslash}n {\textasciitilde}x", r"\n ~x"),
        (r"\textdagger \ddag{} \dag{}", "†‡ †"),
    ],
)
def test_latex_commands_leave_no_names_behind(field: str, printed: str) -> None:
    assert from_latex(field) == printed


PIECES = r"\ { } $ ` ' ~ ^ _ - -- % \" \textbf{ \em \c \o \alpha \frac{ \cite{ }{ a B 1 é".split()
LATEX = st.lists(st.sampled_from([*PIECES, " ", "\n"])).map("".join)


@settings(deadline=None)
@given(st.one_of(LATEX, st.text()))
def test_the_readable_form_is_idempotent(text: str) -> None:
    once = readable(text)
    assert readable(once) == once


@settings(deadline=None)
@given(st.text(st.characters(exclude_characters="\\{}$`~'-")))
def test_text_without_latex_characters_is_unchanged(text: str) -> None:
    assert readable(text) == text


def test_titles_are_compared_without_case_punctuation_or_latex() -> None:
    assert folded(r"The {DNA} of  Na\"ive Otters!") == folded("the dna of naïve otters") == "the dna of naïve otters"


@pytest.mark.parametrize(
    "piece", ["a.", "$a", "\\emph{", "C:\\a", '\\"a', "\\(", "{a", "^{a", "a\\b", "\\frac{a}{", "`a", "\\SI{", "{\\em "]
)
def test_the_time_for_the_readable_form_is_linear(piece: str) -> None:
    assert growth(lambda count: readable("\\% " + piece * count), 5_000) < 8
