"""A disk that is full at any step of any writing command: one clear message, and the library is as it was."""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from helpers.small_library import BIRDS, QUESTION, all_of, fill, open_small

from rag import Assistant
from rag.errors import FootnoteError
from rag.store.integrity import faults_of

_ROOM = (0, 1, 4, 16, 64, 128, 256, 512, 1024, 2048, 8192)  # KB that are left on the disk, until it is enough


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own."""
    mount = tmp_path / "disk"
    mount.mkdir()
    try:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "none", mount], check=True, timeout=20)
    except (subprocess.SubprocessError, OSError):
        pytest.skip("needs the right to mount a disk")
    yield mount
    subprocess.run(["umount", "-l", mount], check=True, timeout=20)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library, a backup and an export of it, and a file to add."""
    root = tmp_path_factory.mktemp("made")
    with open_small(root / "library") as opened:
        fill(opened, root / "papers")
        opened.backup(root / "kept.zip")
        opened.export(root / "kept.jsonl")
    (root / "new.txt").write_text("Owls Listen\n\n" + "Owls hear a mouse under 30 cm of snow. " * 99)
    return root


COMMANDS: dict[str, Callable[[Assistant, Path], object]] = {
    "add": lambda assistant, root: assistant.add(root / "new.txt"),
    "upload": lambda assistant, root: assistant.add_uploads([("owls.txt", root / "new.txt")]),
    "edit": lambda assistant, root: assistant.edit("Tidal Clocks", title="Clocks of the Sea"),
    "remove": lambda assistant, root: assistant.remove(BIRDS),
    "rebuild": lambda assistant, root: assistant.rebuild(),
    "backup": lambda assistant, root: assistant.backup(assistant.library.folder.parent / "kept.zip"),
    "export": lambda assistant, root: assistant.export(assistant.library.folder.parent / "kept.jsonl"),
    "restore": lambda assistant, root: assistant.restore(root / "kept.zip", replace=True),
    "import": lambda assistant, root: assistant.import_library(root / "kept.jsonl", replace=True),
}


@contextlib.contextmanager
def room(disk: Path, kilobytes: int) -> Iterator[None]:
    """Leave so much room on a disk."""
    filler = disk / "filler"
    with contextlib.suppress(OSError), filler.open("wb") as file:
        file.write(bytes(max(shutil.disk_usage(disk).free - 1024 * kilobytes, 0)))
    yield
    filler.unlink()


def test_a_new_library_on_a_full_disk_is_not_there_or_whole(disk: Path, made: Path) -> None:
    messages = []
    for kilobytes in range(0, 3600, 120):
        with room(disk, kilobytes), open_small(disk / "new") as assistant:
            try:
                assistant.add(made / "new.txt")
            except FootnoteError as error:
                messages.append(str(error))
        with open_small(disk / "new") as assistant:
            if assistant.library.exists:
                assert faults_of(assistant.library.records) == []
        shutil.rmtree(disk / "new", ignore_errors=True)
    assert 3 < len(messages) < 27
    assert [each for each in messages if not re.search("[Tt]he disk|No space left", each)] == []


def whole(assistant: Assistant) -> dict[str, object]:
    return {name: value for name, value in all_of(assistant).items() if name != "failures"}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_disk_that_is_full_at_any_step_changes_nothing(disk: Path, made: Path, name: str) -> None:
    shutil.copytree(made / "library", disk / "library")
    shutil.copy(made / "kept.zip", disk)
    messages = []
    with open_small(disk / "library") as assistant:
        before = whole(assistant)
        for kilobytes in _ROOM:
            with room(disk, kilobytes):
                try:
                    result = COMMANDS[name](assistant, made)
                except FootnoteError as error:
                    messages.append(str(error))
                else:
                    if not getattr(result, "failed", []):  # an upload that cannot be copied is a failed file
                        break
                    messages += [failure.reason for failure in result.failed]  # type: ignore[attr-defined]
            assert whole(assistant) == before, messages
            assert (disk / "kept.zip").read_bytes() == (made / "kept.zip").read_bytes() or name == "backup"
            assert not list(disk.rglob(".unfinished-*"))
        else:
            pytest.fail(f"it fails with {_ROOM[-1]} KB left too: {messages}")
        assert assistant.ask(QUESTION).text
        assert messages
        assert [each for each in messages if not re.search(r"[Tt]he disk|No space left|disk is full", each)] == []


@pytest.mark.parametrize("name", ["ask", "rate"])
def test_an_answer_is_given_and_nothing_is_lost_when_it_or_its_rating_cannot_be_saved(
    disk: Path, made: Path, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    shutil.copytree(made / "library", disk / "library")
    with open_small(disk / "library") as assistant:
        before, rated = assistant.history(), assistant.history()[-1].key
        refused = 0
        for kilobytes in _ROOM:
            with room(disk, kilobytes):
                if name == "ask":
                    answer = assistant.ask(QUESTION)
                    assert answer.text
                    is_saved = answer.number is not None
                    assert is_saved or re.search("[Tt]he disk|disk is full", caplog.text), caplog.text
                else:
                    message = ""
                    try:
                        assistant.rate(rated, False, "words " * 600)
                    except FootnoteError as error:
                        message = str(error)
                    is_saved = not message
                    assert is_saved or re.search("[Tt]he disk|disk is full", message)
            if is_saved:
                break
            refused += 1
            assert assistant.history() == before
        assert refused
        assert faults_of(assistant.library.records) == []
        changed = [each for each in assistant.history() if each not in before]
        assert len(changed) == 1
