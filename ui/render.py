"""Render the small parts of the page as HTML. Answers are in answer.py, their evidence is in evidence.py."""

import re
from html import unescape

from .html import render


def question_text(question: str) -> str:
    """Return a question as the chat shows it: only tags and entities are escaped, so that it can be edited."""
    return re.sub(r"<(?=[A-Za-z/!?])", "&lt;", re.sub(r"&(?=[A-Za-z#])", "&amp;", question))


def original_question(shown: str) -> str:
    """Return the question for which `question_text` returned `shown`: the chat sends back what it shows."""
    return unescape(shown)


def header_html(papers: int, failed: int, writer: str, notice: str) -> str:
    """Return the state in the bar, and a notice that can be dismissed; no notice if it is empty."""
    return render("header", papers=papers, failed=failed, writer=writer, notice=notice)


def welcome_html() -> str:
    """Return what an empty library shows: the ways to add papers; news.js listens to its buttons."""
    return render("welcome")


def panes_html() -> str:
    """Return the buttons that show one pane each on a narrow page; page.js listens to them."""
    return render("panes")


def scope_html(limits: str) -> str:
    """Return which papers the next question searches; all if `limits` is empty."""
    return render("scope", limits=limits)


def working_html(text: str) -> str:
    """Return what is being done for an answer, where the answer will stand."""
    return render("working", text=text)


def text_html(text: str) -> str:
    """Return plain text as a paragraph."""
    return render("text", text=text)
