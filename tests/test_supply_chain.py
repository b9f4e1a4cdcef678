"""CI fails for a known vulnerability, and says so if none can be looked up."""

from __future__ import annotations

import importlib.util
from typing import Any

import pytest
from helpers.papers import ROOT

CLEAN = {"name": "numpy", "version": "2.4.0", "vulns": []}
HOLE = {"name": "pillow", "version": "9.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["9.1"]}]}
UNKNOWN = {"name": "ours", "skip_reason": "Dependency not found on PyPI"}


@pytest.mark.parametrize(
    ("packages", "status", "text"),
    [
        ([CLEAN], 0, "1 packages were looked up; 0 holes."),
        ([CLEAN, UNKNOWN], 0, "1 packages were looked up, 1 are not known there; 0 holes."),
        ([CLEAN, HOLE], 1, "2 packages were looked up; 1 holes.\npillow 9.0: PYSEC-1, mended in 9.1"),
        ([UNKNOWN], 0, "Vulnerabilities were not looked up: PyPI's service for them cannot be reached from here."),
        ([], 0, "Vulnerabilities were not looked up: PyPI's service for them cannot be reached from here."),
    ],
)
def test_the_verdict_on_what_was_looked_up(packages: list[dict[str, Any]], status: int, text: str) -> None:
    specification = importlib.util.spec_from_file_location("supply_chain", ROOT / ".ci" / "supply_chain.py")
    assert specification
    assert specification.loader
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    assert module.verdict({"dependencies": packages}) == (status, text)
