"""Every exception that a parser library defines is translated into SourceError by the table."""

from __future__ import annotations

import ast
import importlib
import inspect
import sys
from pathlib import Path

import pytest
from helpers.papers import ROOT

from rag.errors import SourceError
from rag.reading.failures import TRANSLATIONS, exceptions_of, translate_errors

# Parsers without exceptions for bad input, or that report it in another way.
WITHOUT_EXCEPTIONS = {
    "bs4",  # with lxml it reads any text
    "markdown_it",  # any text is Markdown
    "charset_normalizer",  # returns None
    "bibtexparser",  # returns failed blocks
    "pylatexenc",  # only its table of symbols is used
    "frontmatter",  # raises exceptions of yaml
    "PIL",  # only for colour names, which raise ValueError
    "numpy",
    "filelock",  # no parser: locks the copy of Zotero's database
    "psutil",  # no parser: measures and ends worker processes
}


def imported_packages() -> set[str]:
    """Return the third-party packages that the readers import, except for those of PDFs."""
    names = set()
    for file in (ROOT / "rag" / "reading").rglob("*.py"):
        if "pdf" in file.relative_to(ROOT).parts:
            continue
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                names.add(node.module)
    return {name.split(".")[0] for name in names} - sys.stdlib_module_names - {"rag"}


def test_no_parser_is_missing_from_the_table() -> None:
    assert imported_packages() - WITHOUT_EXCEPTIONS <= set(TRANSLATIONS)


@pytest.mark.parametrize("package", ["lxml.etree", "yaml", "rispy", "zipfile", "mammoth"])
def test_no_exception_of_a_parser_is_missing_from_the_table(package: str) -> None:
    module = importlib.import_module(package)
    parser = package.partition(".")[0]
    for name, kind in inspect.getmembers(module, inspect.isclass):
        if (
            name[0] != "_"
            and issubclass(kind, Exception)
            and not issubclass(kind, Warning)
            and kind.__module__.startswith(parser)
        ):
            assert issubclass(kind, exceptions_of(parser))


def test_a_translated_error_says_what_failed_without_folders_of_this_machine(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as caught, translate_errors("file"):
        (tmp_path / "missing.txt").read_bytes()
    assert str(caught.value) == "the file cannot be read: No such file or directory"


def test_other_exceptions_and_source_errors_are_not_translated() -> None:
    with pytest.raises(AssertionError, match="a bug"), translate_errors("zipfile", "EPUB"):
        raise AssertionError("a bug")
    with pytest.raises(SourceError, match="it has a password"), translate_errors("zipfile", "EPUB"):
        raise SourceError("it has a password")
