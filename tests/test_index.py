"""The index: what it is built of, what it survives, and what it costs."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

from rag.records import Records


def change(records: Records) -> str:
    """A change of papers; returns the identity after it."""
    with records.transaction():
        pass
    return records.identity


def test_an_identity_of_the_record_never_repeats_after_a_backup_was_restored(tmp_path: Path) -> None:
    records = Records(tmp_path / "footnote.sqlite")
    change(records)
    records.close()
    shutil.copy(tmp_path / "footnote.sqlite", tmp_path / "backup")
    later = change(records)
    with records.indexing() as indexed:
        assert indexed == later
    assert records.was_indexed(later)
    records.close()
    shutil.copy(tmp_path / "backup", tmp_path / "footnote.sqlite")
    restored = change(records)
    assert restored.split("-")[0] == later.split("-")[0]
    assert restored != later
    assert not records.was_indexed(later)


def test_a_change_that_holds_no_papers_keeps_the_identity(tmp_path: Path) -> None:
    records = Records(tmp_path / "footnote.sqlite")
    before = change(records)
    with records.transaction(of_papers=False) as db:
        records.set_meta(db, "something", "else")
    assert records.identity == before


def test_the_view_that_an_index_is_built_from_does_not_change_meanwhile(tmp_path: Path) -> None:
    records = Records(tmp_path / "footnote.sqlite")
    with records.indexing() as identity:
        other = threading.Thread(target=change, args=(records,))
        other.start()
        other.join()
        assert records.identity == identity
    assert records.identity != identity
    assert records.was_indexed(identity)
