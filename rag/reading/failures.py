"""Translate the exceptions of parser libraries into SourceError, according to one table."""

import contextlib
import zipfile
import zlib
from collections.abc import Iterator
from importlib import import_module

from ..errors import SourceError, reason
from ..text.cleaning import clean

_LONGEST_EXCEPTION = 300  # characters
_ZIP = (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, EOFError, RuntimeError, ValueError, KeyError, OSError)

TRANSLATIONS: dict[str, tuple[str, tuple[type[Exception] | str, ...]]] = {
    "file": ("the file cannot be read: {reason}", (OSError,)),
    "zipfile": ("it is not a valid {kind} ({reason})", _ZIP),
    # mammoth does not validate its input, so an invalid document may fail with any of these.
    "mammoth": (
        "it is not a valid Word document ({reason})",
        (*_ZIP, "xml.parsers.expat.ExpatError", LookupError, AttributeError, TypeError),
    ),
    "lxml": ("it is not valid XML ({error})", ("lxml.etree.Error", ValueError)),
    "yaml": (
        "its front matter{line} is not valid YAML",
        ("yaml.YAMLError", ValueError, RecursionError, TypeError, OverflowError),
    ),
    "rispy": ("broken record: {reason}", (OSError, ValueError, KeyError, IndexError, TypeError)),
}
"""Parser -> message and exceptions for bad input. Exceptions of lazily imported packages are given by name."""


@contextlib.contextmanager
def translate_errors(parser: str, kind: str = "file") -> Iterator[None]:
    """Raise SourceError for the exceptions that TRANSLATIONS lists for a parser; `kind` names the file's format."""
    try:
        yield
    except SourceError:
        raise
    except Exception as error:
        if not isinstance(error, exceptions_of(parser)):
            raise
        mark = getattr(error, "problem_mark", None)  # YAML's
        line = f" (line {mark.line + 1})" if mark else ""
        message = TRANSLATIONS[parser][0].format(reason=reason(error), error=error, kind=kind, line=line)
        raise SourceError(message) from error


def exceptions_of(parser: str) -> tuple[type[Exception], ...]:
    """Return the exceptions that TRANSLATIONS lists for a parser; this imports its package."""
    return tuple(
        getattr(import_module(each.rpartition(".")[0]), each.rpartition(".")[2]) if isinstance(each, str) else each
        for each in TRANSLATIONS[parser][1]
    )


def unexpected(error: BaseException | str) -> str:
    """Return the reason to report for an unexpected exception."""
    text = error if isinstance(error, str) else f"{type(error).__name__}: {error}"
    text = " ".join(clean(text).split()).rstrip(": ")
    return f"reading it failed unexpectedly ({text[:_LONGEST_EXCEPTION]})"
