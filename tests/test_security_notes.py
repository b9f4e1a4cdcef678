"""SECURITY.md names tests that exist."""

from __future__ import annotations

import re

from helpers.papers import ROOT


def test_every_test_that_the_security_notes_name_exists() -> None:
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    named = re.findall(r"`(?:(tests/[\w/]+\.py)::)?(test_\w+)`", text)
    assert len(named) > 40
    file, missing = "", []
    for stated, name in named:
        file = stated or file
        if f"def {name}(" not in (ROOT / file).read_text(encoding="utf-8"):
            missing.append(f"{file}::{name}")
    assert missing == []
