"""Fill the page's templates. Every text of a paper, a question or a model goes through a template that escapes it."""

import re
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader
from markupsafe import Markup, escape

from rag import readable


def render(template: str, **values: Any) -> str:
    """Render a template to one line. Gradio reads it as Markdown, where a line break may begin a new paragraph."""
    html = _environment().get_template(f"{template}.html.jinja").render(values)
    return " ".join(line.strip() for line in re.split(r"[\r\n]", html) if line.strip())


def readable_lines(text: str) -> Markup:
    """Return a passage in readable form, line breaks as entities because `render` joins lines."""
    return Markup("&#10;").join(re.split(r"\r\n?|\n", readable(text)))


@cache
def _environment() -> Environment:
    environment = Environment(loader=PackageLoader("ui"), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["with_code"] = _with_code
    return environment


def _with_code(text: str) -> Markup:
    """Return a message of the program with its commands as code."""
    return Markup(re.sub(r"`((?:footnote|ollama) [^`]+)`", r"<code>\1</code>", str(escape(text))))
