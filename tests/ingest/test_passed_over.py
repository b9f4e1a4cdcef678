"""What an `add` does not read: unsupported files, unchanged failures, and many similar failures."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.commands import footnote_here
from helpers.papers import CASES

from rag.assistant import Assistant
from rag.ingest.failures import as_reason, failure_lines, from_reason, grouped, kinds_line
from rag.ingest.locate import locate
from rag.types import Failure


@pytest.fixture
def assistant(tmp_path: Path) -> Iterator[Assistant]:
    with Assistant.open(library=tmp_path / "library", mode="quote") as assistant:
        yield assistant


def write(folder: Path, *names: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).write_text("Moss on Roofs\n\nMoss grows on 12 of 40 roofs.\n")
    return folder


# Kinds that are not read


def test_kinds_that_are_passed_over_are_counted_but_not_lock_files(tmp_path: Path) -> None:
    folder = shutil.copytree(CASES / "23-kinds-passed-over", tmp_path / "kinds")
    (folder / "EXPECTED.md").unlink()
    done = footnote_here("add", "kinds", "--library", "library", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "0 added\n")
    assert done.stderr.splitlines()[-2:] == [
        "skipped: 1 .djvu, 1 .doc, 1 .enw, 1 .json, 1 .nbib, 1 .tex",
        "There was nothing to read in it.",
    ]
    assert "~$" not in done.stderr


def test_a_library_in_its_papers_folder_is_not_counted(tmp_path: Path) -> None:
    folder = write(tmp_path / "papers", "moss.txt")
    for library in (folder, folder / "library"):
        with Assistant.open(library=library, mode="quote") as assistant:
            assistant.add([folder])
            report = assistant.add([folder])
        assert (len(report.unchanged), report.passed_over, report.failed) == (1, {}, [])


def test_files_of_other_kinds_are_counted_once_by_kind(tmp_path: Path) -> None:
    folder = write(
        tmp_path / "papers", "a.txt", "b.doc", "c.DOC", "d.odt", "noname", "Smith 2007. A long name", ".x.doc"
    )
    write(folder / "deeper", "e.doc", "~$e.docx", ".~lock.e.odt#", "Thumbs.db", "desktop.ini")
    located = locate([folder])
    assert dict(located.passed_over) == {".doc": 3, ".odt": 1, "without a known suffix": 2}
    assert [source.name for source in located.sources] == ["a.txt"]


@pytest.mark.parametrize(
    "name",
    [
        "README.md", "readme.txt", "README", "README.de.md", "LICENSE", "License.txt", "LICENCE-MIT.md", "SOURCE.md",
        "SOURCES.txt", "CHANGELOG.md", "COPYING", "NOTICE.txt", "requirements.txt",
    ],
)  # fmt: skip
def test_a_readme_is_read_only_if_it_is_named(tmp_path: Path, name: str) -> None:
    folder = write(tmp_path / "papers", name, "moss.txt")
    located = locate([folder])
    assert dict(located.passed_over) == {name: 1}
    assert [source.name for source in located.sources] == ["moss.txt"]
    assert [source.name for source in locate([folder / name]).sources] == [name]


@pytest.mark.parametrize(
    "name", ["license-plates.md", "sources-of-error.txt", "readmes.md", "README.pdf", "changes.bib"]
)
def test_a_paper_whose_name_only_starts_like_a_readme_is_read(tmp_path: Path, name: str) -> None:
    assert [source.name for source in locate([write(tmp_path / "papers", name)]).sources] == [name]


def test_a_lock_file_named_by_a_shell_pattern_is_not_a_failure(tmp_path: Path) -> None:
    located = locate([write(tmp_path, "~$paper.docx") / "~$paper.docx"])
    assert (located.failures, located.sources, dict(located.passed_over)) == ([], [], {"lock file": 1})


def test_at_most_twelve_kinds_are_listed() -> None:
    kinds = {f".x{n:02}": n for n in range(1, 15)}
    assert kinds_line(kinds) == ", ".join(f"{n} .x{n:02}" for n in range(14, 2, -1)) + " and 3 of 2 other kinds"


# Failures that were reported before


def test_an_old_failure_in_a_folder_is_reported_but_does_not_fail_the_add(tmp_path: Path) -> None:
    folder = write(tmp_path / "papers", "moss.txt")
    (folder / "bad.pdf").write_bytes(b"none")
    rows = [{"title": "Fern", "text": "Fern grows."}, {"title": "Oak"}, {"title": "Ivy"}]
    (folder / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (folder / "gone.txt").symlink_to(tmp_path / "nowhere")
    (folder / "mine.bib").write_text("@article{a, title={Bark}, abstract={Bark is brown.}, file={:bark.pdf:PDF}}")
    words = ["add", "papers", "--library", "library"]
    reasons = [
        "bad.pdf: it is damaged or not a PDF",
        "gone.txt: there is no such file or folder (or the link leads nowhere)",
        "mine.bib, line 1: the file 'bark.pdf' of 'Bark' is missing",
        "rows.jsonl, line 2: the title 'Oak' has no text",
        "rows.jsonl, line 3: the title 'Ivy' has no text",
    ]
    first, second = footnote_here(*words, cwd=tmp_path), footnote_here(*words, cwd=tmp_path)
    assert (first.returncode, first.stdout) == (1, "3 added, 5 failed\n")
    assert sorted(line for line in first.stderr.splitlines() if line.startswith("not read")) == [
        f"not read: {r}" for r in reasons
    ]
    assert (second.returncode, second.stdout) == (0, "0 added, 3 unchanged, 5 failed before\n")
    assert sorted(line for line in second.stderr.splitlines() if "not read" in line) == [
        f"still not read: {r}" for r in reasons
    ]
    # Files named explicitly are tried again.
    assert footnote_here("add", "papers/bad.pdf", "--library", "library", cwd=tmp_path).returncode == 1
    named = footnote_here("add", "papers/rows.jsonl", "--library", "library", cwd=tmp_path)
    assert (named.returncode, named.stdout) == (1, "0 added, 1 unchanged, 2 failed\n")
    # Changed files are tried again, and fixed failures are forgotten.
    (folder / "bad.pdf").write_bytes(b"none as well")
    (folder / "gone.txt").unlink()
    (folder / "mine.bib").write_text("@article{a, title={Bark}, abstract={Bark is brown.}}")
    (folder / "rows.jsonl").write_text(json.dumps(rows[0]))
    third = footnote_here(*words, cwd=tmp_path)
    assert (third.returncode, third.stdout) == (1, "0 added, 3 unchanged, 1 failed\n")
    assert footnote_here(*words, cwd=tmp_path).stdout == "0 added, 3 unchanged, 1 failed before\n"


def test_a_file_that_cannot_be_read_or_found_is_counted_once(tmp_path: Path, assistant: Assistant) -> None:
    folder = write(tmp_path / "papers", "moss.txt")
    (folder / "gone.txt").symlink_to(tmp_path / "nowhere")
    (folder / "rows.jsonl").write_text('{"title": "Fern", "text": "Fern grows."}\n{"title": "Oak"}')
    assistant.add(folder)
    searched = assistant.library.records.searched()
    assert (searched["papers"], searched["failed"]) == (2, 0)
    os.unlink(folder / "gone.txt")
    assistant.add(folder)
    assert [failed.name for failed in assistant.library.records.failures().values()] == ["rows.jsonl"]


def test_progress_counts_each_new_file_once(tmp_path: Path, assistant: Assistant) -> None:
    folder = write(tmp_path / "papers", *(f"{n}.txt" for n in range(3)))
    for n in range(3):
        (folder / f"{n}.txt").write_text(f"Moss {n}\n\nMoss grows on {n} roofs.\n")
    (folder / "empty.txt").write_text("")
    steps = []
    assistant.add(folder, steps.append)
    named = [(step.done, step.total, step.name, step.failed) for step in steps if step.name]
    assert named[0] == (1, 4, "empty.txt", True)
    assert [(done, total, failed) for done, total, _, failed in named[1:]] == [(n, 4, False) for n in (2, 3, 4)]
    assert {name for *_, name, _ in named} == {"0.txt", "1.txt", "2.txt", "empty.txt"}
    assert all(step.papers == 3 for step in steps if step.name.endswith("0.txt"))
    steps.clear()
    assistant.add(folder, steps.append)
    assert [step.name for step in steps if step.name] == []


# Many failures


def test_many_similar_failures_of_a_file_are_one_line_with_a_count_and_an_example() -> None:
    alike = [Failure("a.bib", n, f"the title 'Paper {n}' has no text") for n in range(1, 3001)]
    other = Failure("a.bib", 7, "the entry is broken")
    few = [Failure("b.bib", n, f'the title "It\'s {n}" has no text') for n in range(5)]
    assert failure_lines([*alike, other, *few]) == [
        "a.bib: 3,000 entries, the first in line 1: the title 'Paper 1' has no text",
        "a.bib, line 7: the entry is broken",
        *map(str, few),
    ]


def test_many_files_that_fail_for_one_reason_share_a_line() -> None:
    files = [Failure(f"{n}.pdf", None, "it is damaged") for n in range(25)]
    (line,) = failure_lines(files)
    assert line == "25 files: it is damaged: " + ", ".join(f"{n}.pdf" for n in range(20)) + " and 5 more"


def test_stored_failures_are_restored_unchanged() -> None:
    failures = [Failure("a.bib", 3, "line 4: odd"), Failure("a.bib", None, "two\nlines")]
    assert from_reason("a.bib", as_reason(failures)) == [
        failures[0],
        failures[1]._replace(reason="two lines"),
    ]
    many = [Failure("a.bib", n, f"'{n}' has no text") for n in range(9)]
    assert from_reason("a.bib", as_reason(many)) == grouped(many)
