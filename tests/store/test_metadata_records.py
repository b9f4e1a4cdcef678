"""The record finds papers by authors, years and venues."""

from __future__ import annotations

from pathlib import Path

from helpers.records import record_of

from rag.filters import Filters
from rag.store.papers import Records
from rag.types import Paper


def test_a_record_of_an_older_version_gets_the_labels_and_lists_that_it_lacks(tmp_path: Path) -> None:
    older = record_of(tmp_path)
    with older.transaction() as db:
        db.execute("DELETE FROM labels WHERE kind IN ('name', 'venue', 'citekey')")
        for change in ("DROP TABLE listing", "DROP TABLE cited", "ALTER TABLE labels DROP COLUMN shown"):
            db.execute(change)
        db.execute("PRAGMA user_version = 5")
    assert older.papers_by("Brook") == set()
    older.close()
    records = Records(tmp_path / "footnote.sqlite")
    assert records.papers_by("Brook") == {1, 4}
    assert records.papers_in_venue("journal of river studies") == {1, 3}
    assert records.papers_with_citekeys(["Hill2021"]) == {"hill2021": 2}
    assert records.listed("brook", Filters(), "title", 0, 9) == [4, 1]
    assert records.facet("collections", "", Filters(), 9) == [("Night", 1)]
    records.close()


def test_the_newest_papers_come_first_however_many_there_are(tmp_path: Path) -> None:
    years = [2001, None, 2020, 2010]
    records = record_of(tmp_path, [Paper(f"On Fog {at}", "", year=years[at % 4]) for at in range(1200)])
    newest = records.in_order(range(1, 1201), 3)
    assert newest == records.in_order(None, 3) == [1199, 1195, 1191]
    assert records.in_order([1, 2, 3, 4], 9) == [3, 4, 1, 2]
    assert records.count_without("year", None) == records.count_without("year", set(range(1, 1201))) == 300
    records.close()
