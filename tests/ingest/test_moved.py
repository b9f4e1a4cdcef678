"""A library that was moved, with or without its papers, finds their files again by content."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest
from helpers.papers import write_plant
from helpers.small_library import open_small

from rag import Assistant
from rag.errors import FootnoteError
from rag.ingest.moved import relocated

FERN = "On the Growth of Fern in Shade"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a library and a folder of papers next to it."""
    root = tmp_path_factory.mktemp("made") / "workdir"
    (root / "papers" / "plants").mkdir(parents=True)
    write_plant(root / "papers" / "plants", "Fern", 12)
    (root / "papers" / "moss.txt").write_text("Moss on Roofs\n\nMoss grows on 12 of 40 roofs.\n")
    with open_small(root / "library") as opened:
        opened.add(root / "papers")
    return root


@pytest.fixture
def workdir(made: Path, tmp_path: Path) -> Path:
    """Return a copy of that folder, with a library that was created in the copy."""
    shutil.copytree(made, tmp_path / "workdir")
    with sqlite3.connect(tmp_path / "workdir" / "library" / "footnote.sqlite") as db:
        db.execute("UPDATE sources SET location = replace(location, ?, ?)", (str(made), str(tmp_path / "workdir")))
        db.execute("UPDATE meta SET value = replace(value, ?, ?)", (str(made), str(tmp_path / "workdir")))
    db.close()
    return tmp_path / "workdir"


def findings(assistant: Assistant) -> list[str]:
    return [finding.what for finding in assistant.check() if "not where" in finding.what]


def locations(assistant: Assistant) -> set[str]:
    return set(assistant.library.records.sources())


def test_files_that_moved_with_the_library_are_found_without_another_add(workdir: Path, tmp_path: Path) -> None:
    workdir = workdir.rename(tmp_path / "elsewhere")
    with open_small(workdir / "library") as opened:
        assert findings(opened) == []
        assert opened.can_draw(FERN)
        assert opened.draw_page(FERN, 1).startswith(b"\x89PNG")


def test_an_add_after_a_move_reads_and_embeds_nothing_again(workdir: Path, tmp_path: Path) -> None:
    workdir = workdir.rename(tmp_path / "elsewhere")
    with open_small(workdir / "library") as opened:
        ids = {paper.id for paper in opened.papers()}
        (workdir / "new.txt").write_text("Owls Listen\n\nOwls hear a mouse under 30 cm of snow.\n")
        assert len(opened.add(workdir / "new.txt").added) == 1
        assert all(location.startswith(str(workdir)) for location in locations(opened))
        report = opened.add(workdir / "papers")
        assert (len(report.added), len(report.updated), len(report.unchanged)) == (0, 0, 2)
        assert ids < {paper.id for paper in opened.papers()}
    workdir = workdir.rename(tmp_path / "third")
    with open_small(workdir / "library") as opened:
        assert findings(opened) == []
        assert opened.can_draw(FERN)


def test_files_that_moved_elsewhere_are_named_and_found_by_their_content(workdir: Path, tmp_path: Path) -> None:
    shutil.move(workdir / "papers", tmp_path / "shelf")
    (tmp_path / "shelf" / "plants" / "Fern.pdf").rename(tmp_path / "shelf" / "growth.pdf")
    with open_small(workdir / "library") as opened:
        assert findings(opened) == ["2 files are not where they were read: Fern.pdf, moss.txt"]
        assert not opened.can_draw(FERN)
        with pytest.raises(FootnoteError, match="the folder where it is now"):
            opened.draw_page(FERN, 1)
        report = opened.add(tmp_path / "shelf")
        assert (len(report.added), len(report.updated), len(report.unchanged)) == (0, 0, 2)
        assert findings(opened) == []
        assert opened.can_draw(FERN)
        assert opened.paper(FERN).sources == ("growth.pdf",)


def test_another_file_in_the_place_of_a_moved_one_is_not_shown_as_it(workdir: Path, tmp_path: Path) -> None:
    workdir = workdir.rename(tmp_path / "elsewhere")
    write_plant(workdir / "papers" / "plants", "Fern", 13)
    with open_small(workdir / "library") as opened:
        with pytest.raises(FootnoteError, match="it has changed since it was read"):
            opened.draw_page(FERN, 1)
        (workdir / "new.txt").write_text("Owls Listen\n\nOwls hear a mouse under 30 cm of snow.\n")
        opened.add(workdir / "new.txt")
        assert len([each for each in locations(opened) if each.startswith(str(workdir))]) == 2


def test_a_moved_library_beside_its_original_uses_the_original_s_files(workdir: Path, tmp_path: Path) -> None:
    shutil.copytree(workdir / "library", tmp_path / "copy" / "library")
    with open_small(tmp_path / "copy" / "library") as opened:
        assert opened.can_draw(FERN)
        assert opened.add(workdir / "papers").added == []
        assert len(locations(opened)) == 2


@pytest.mark.parametrize(
    ("location", "home", "found"),
    [
        ("/home/ada/papers/a.pdf", "/home/ada/library", "/mnt/disk/papers/a.pdf"),
        ("/home/ada/library/a.pdf", "/home/ada/library", "/mnt/disk/lib/a.pdf"),
        (r"C:\Users\Ada\papers\a.pdf", r"C:\Users\Ada\library", "/mnt/disk/papers/a.pdf"),
        (r"D:\papers\a.pdf", r"C:\Users\Ada\library", None),
        ("/a.pdf", "/very/deep/below/the/root", None),
        ("/home/ada/papers/a.pdf", "", None),
        ("/mnt/disk/papers/a.pdf", "/mnt/disk/lib", None),
    ],
)
def test_the_place_of_a_file_is_kept_relative_to_the_library(location: str, home: str, found: str | None) -> None:
    assert relocated(location, home, Path("/mnt/disk/lib")) == (found and Path(found))
