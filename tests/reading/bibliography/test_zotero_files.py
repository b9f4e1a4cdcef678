"""Files of a Zotero library: stored, linked, missing, and paths that must not be followed."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from helpers.zotero_folder import ZoteroFolder, stored

from rag.reading.bibliography.zotero import read_zotero


def test_pdfs_come_first_and_pages_count_only_without_one(zotero: ZoteroFolder) -> None:
    both = zotero.item("AAAA1111", title="Both")
    zotero.file("BBBB1111", "storage:page.html", both, mode=1)
    zotero.file("BBBB2222", "storage:main.pdf", both)
    zotero.file("BBBB3333", "storage:supplement.PDF", both)
    zotero.file("BBBB4444", "storage:lost.pdf", both, there=False)
    zotero.file("BBBB5555", "storage:data.zip", both)
    zotero.file("BBBB6666", None, both, mode=3)
    page = zotero.item("AAAA2222", title="Page")
    zotero.file("CCCC1111", "storage:page.html", page, mode=1)
    zotero.file("CCCC2222", "storage:lost.pdf", page, there=False)
    first, second = zotero.read()
    assert (stored(first), first.missing) == (["BBBB2222/main.pdf", "BBBB3333/supplement.PDF"], ("lost.pdf",))
    assert (stored(second), second.missing) == (["CCCC1111/page.html"], ("lost.pdf",))


def test_a_file_without_an_item_has_no_title(zotero: ZoteroFolder) -> None:
    number = zotero.file("BBBB1111", "storage:scan of a paper.pdf")
    zotero.collection("Reeds", number)
    zotero.tag(number, "new")
    zotero.file("BBBB2222", "storage:picture.png")
    zotero.file("BBBB3333", None, mode=3)
    item = zotero.only()
    assert (item.key, item.title, item.abstract) == ("BBBB1111", "", None)
    assert stored(item) == ["BBBB1111/scan of a paper.pdf"]
    assert (item.details["collections"], item.details["tags"]) == (("Reeds",), ("new",))


def test_linked_files_are_followed_where_they_are(zotero: ZoteroFolder, tmp_path: Path) -> None:
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "linked.pdf").write_text("content")
    number = zotero.item("AAAA1111", title="Linked")
    zotero.file("BBBB1111", str(tmp_path / "papers" / "linked.pdf"), number, mode=2)
    zotero.file("BBBB2222", r"C:\Users\rowan\lost.pdf", number, mode=2)
    zotero.file("BBBB3333", "/nowhere/gone.pdf", number, mode=2)
    zotero.file("BBBB4444", "attachments:papers/linked.pdf", number, mode=2)
    item = zotero.only()
    assert item.files == (tmp_path / "papers" / "linked.pdf",)
    assert item.missing == ("lost.pdf", "gone.pdf", "linked.pdf")


@pytest.mark.parametrize("place", ["library/Zotero", "library", "home/.zotero/zotero/ab12.default"])
@pytest.mark.parametrize("data", ["library/Zotero", "elsewhere"])
def test_the_base_folder_of_linked_files_is_a_setting_of_the_profile(
    zotero: ZoteroFolder, tmp_path: Path, place: str, data: str
) -> None:
    base = tmp_path / 'pa"pers'
    file = base / "in" / "linked.pdf"
    file.parent.mkdir(parents=True)
    file.write_text("content")
    (tmp_path / place).mkdir(parents=True, exist_ok=True)
    (tmp_path / place / "prefs.js").write_text(
        "// Mozilla User Preferences\n\n"
        f'user_pref("extensions.zotero.baseAttachmentPath", {json.dumps(str(base))});\n'
        f'user_pref("extensions.zotero.dataDir", {json.dumps(str(tmp_path / data))});\n'
    )
    zotero.file("BBBB1111", "attachments:in/linked.pdf", zotero.item("AAAA1111", title="Linked"), mode=2)
    item = zotero.only()
    found = place.startswith("library") or data == "library/Zotero"  # a profile of another library is ignored
    assert (item.files, item.missing) == (((file,), ()) if found else ((), ("linked.pdf",)))


@pytest.mark.parametrize(
    ("key", "path", "mode"),
    [
        ("BBBB1111", "storage:../../../secret.pdf", 0),
        ("BBBB1111", "storage:{root}/secret.pdf", 1),
        ("BBBB1111", r"storage:..\..\..\secret.pdf", 0),
        ("..", "storage:../secret.pdf", 0),
        ("../..", "storage:secret.pdf", 0),
        ("BBBB1111", "attachments:../secret.pdf", 2),
        ("BBBB1111", "attachments:{root}/secret.pdf", 2),
    ],
)
def test_a_path_outside_its_folder_is_not_followed(
    zotero: ZoteroFolder, tmp_path: Path, key: str, path: str, mode: int
) -> None:
    (tmp_path / "library" / "prefs.js").write_text(
        f'user_pref("extensions.zotero.baseAttachmentPath", "{tmp_path / "papers"}");\n'
    )
    (tmp_path / "papers").mkdir()
    for folder in (tmp_path, zotero.folder.parent, zotero.folder):
        (folder / "secret.pdf").write_text("content")
    (zotero.folder / "storage" / "BBBB1111").mkdir()
    zotero.file(key, path.format(root=tmp_path), zotero.item("AAAA1111", title="Hostile"), mode, there=False)
    zotero.database.execute("UPDATE itemAttachments SET linkMode = ?, parentItemID = 1", [mode])
    zotero.database.commit()
    (item,), failures = read_zotero(zotero.folder)
    assert item.files == ()
    assert [failure.source for failure in failures] == ["zotero.sqlite"]
    assert "names a file outside its folder" in failures[0].reason


@pytest.mark.parametrize("path", [r"\\server\share\x.pdf", "//server/share/x.pdf", r"/\server\x.pdf"])
def test_no_other_machine_is_contacted_for_a_linked_file(
    zotero: ZoteroFolder, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    zotero.file("BBBB1111", path, zotero.item("AAAA1111", title="Far"), mode=2)
    asked: list[str] = []
    isfile = os.path.isfile
    monkeypatch.setattr(os.path, "isfile", lambda path: asked.append(str(path)) or isfile(path))
    assert zotero.only().missing == ("x.pdf",)
    assert not [name for name in asked if re.search(r"[/\\]{2}server", name)]


def test_a_link_out_of_the_storage_is_followed(zotero: ZoteroFolder, tmp_path: Path) -> None:
    (tmp_path / "elsewhere.pdf").write_text("content")
    zotero.file("BBBB1111", "storage:a.pdf", zotero.item("AAAA1111", title="Linked"), there=False)
    (zotero.folder / "storage" / "BBBB1111").mkdir()
    (zotero.folder / "storage" / "BBBB1111" / "a.pdf").symlink_to(tmp_path / "elsewhere.pdf")
    assert stored(zotero.only()) == ["BBBB1111/a.pdf"]


@pytest.mark.parametrize(
    ("written", "kept"), [("u\u0308ber.pdf", "\u00fcber.pdf"), ("\u00fcber.pdf", "u\u0308ber.pdf")]
)
def test_a_name_is_found_in_either_form_of_its_accents(zotero: ZoteroFolder, written: str, kept: str) -> None:
    zotero.file("BBBB1111", f"storage:{written}", zotero.item("AAAA1111", title="Reeds"), there=False)
    (zotero.folder / "storage" / "BBBB1111").mkdir()
    (zotero.folder / "storage" / "BBBB1111" / kept).write_text("content")
    assert stored(zotero.only()) == [f"BBBB1111/{kept}"]
