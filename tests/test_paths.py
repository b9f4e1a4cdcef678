"""No message, answer or page shows where anything is on this machine."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest
from helpers.papers import PAPERS

from rag.assistant import Assistant
from rag.errors import FootnoteError, reason
from ui.adding import Adding

OTTERS = next(iter(PAPERS))


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (FileExistsError(17, "File exists", "/home/ada/papers"), "File exists"),
        (PermissionError(13, "Permission denied", "/a", None, "/b"), "Permission denied"),
        (shutil.Error([("/a/b", "/c/d", "[Errno 13] Permission denied: '/c d/e.txt'")]), "Permission denied: 'e.txt'"),
        (
            shutil.SameFileError("'/home/ada/x.pdf' and '/home/ada/y.pdf' are the same"),
            "'x.pdf' and 'y.pdf' are the same",
        ),
        (OSError("no room at /home/ada/papers now"), "no room at papers now"),
        (OSError(5, "cannot read /home/ada/papers"), "cannot read papers"),
        (ValueError('bad "C:\\Users\\Ada B\\x.txt" and D:/y/z.txt'), 'bad "x.txt" and z.txt'),
        (RuntimeError("\n  first\nsecond"), "first"),
        (ValueError("1/2, and/or, 3 / 4, http://site.example/a/b"), "1/2, and/or, 3 / 4, http://site.example/a/b"),
        (ValueError("file:///home/ada/x.pdf"), "x.pdf"),
        (OSError(), "OSError"),
    ],
)
def test_the_reason_of_an_error_contains_no_folder(error: Exception, text: str) -> None:
    assert reason(error).removeprefix("[Errno 13] ") == text


def failing(error: Exception) -> Callable[..., NoReturn]:
    def fail(*_: Any, **__: Any) -> NoReturn:
        raise error

    return fail


def told(assistant: Assistant, file: Path) -> str:
    """All that is said of an upload: on the page, and as an error of `add`."""
    adding = Adding(assistant)
    adding.add_uploads([str(file)], lambda progress: None)
    state = adding.state()
    assert state is not None
    return "\n".join([state["text"], *state["failed"]])


ERRORS: list[Callable[[str], Exception]] = [
    lambda path: FileExistsError(17, "File exists", path),
    lambda path: PermissionError(13, "Permission denied", path),
    lambda path: OSError(28, "No space left on device", path, None, f"{path}/more"),
    lambda path: shutil.Error([(path, f"{path}/more", f"[Errno 1] Operation not permitted: '{path}'")]),
    lambda path: shutil.SameFileError(f"{path!r} and {path!r} are the same file"),
]


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize(
    ("owner", "name"),
    [(Path, "mkdir"), (Path, "replace"), (Path, "open"), (shutil, "copyfileobj"), (os, "fsync")],
)
def test_a_failed_upload_is_reported_without_paths(
    assistant: Assistant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str,
    error: Callable[[str], Exception],
) -> None:  # fmt: skip
    file = tmp_path / "otters2.txt"
    file.write_text("Otters Again\n\nOtters swim.\n")
    monkeypatch.setattr(owner, name, failing(error(f"{tmp_path}/library/uploads")))
    text = told(assistant, file)
    assert "otters2.txt: " in text
    assert str(tmp_path) not in text


@pytest.mark.parametrize("place", ["library", "library/uploads", "library/footnote.sqlite"])
def test_a_file_in_place_of_a_folder_is_reported_without_paths(tmp_path: Path, place: str) -> None:
    in_the_way = tmp_path / place
    if place.endswith(".sqlite"):
        in_the_way.mkdir(parents=True)
    else:
        in_the_way.parent.mkdir(exist_ok=True)
        in_the_way.write_text("a file")
    file = tmp_path / "otters.txt"
    file.write_text(f"{OTTERS}\n\n{PAPERS[OTTERS]}\n")
    with Assistant.open(library=tmp_path / "library", mode="quote") as assistant:
        text = told(assistant, file)
        if place != "library/uploads":
            with pytest.raises(FootnoteError, match="library") as error:
                assistant.add(file)
            text += str(error.value)
    assert str(tmp_path) not in text
    assert "cannot be" in text


def test_a_copy_that_cannot_be_deleted_is_reported_without_paths(
    assistant: Assistant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "otters2.txt"
    file.write_text("Otters Again\n\nOtters swim in rivers all day long.\n")
    assert told(assistant, file) == "1 added."
    monkeypatch.setattr(Path, "unlink", failing(PermissionError(13, "Permission denied", f"{tmp_path}/x")))
    with pytest.raises(FootnoteError, match=r"'otters2.txt' could not be deleted \(Permission denied\)") as error:
        assistant.remove("Otters Again")
    assert str(tmp_path) not in str(error.value)


def test_a_page_whose_file_is_gone_is_reported_without_paths(assistant: Assistant, tmp_path: Path) -> None:
    with pytest.raises(FootnoteError) as error:
        assistant.draw_page(OTTERS, 1)
    assert str(tmp_path) not in str(error.value)
