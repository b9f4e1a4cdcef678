"""A Zotero library: small databases with the tables of Zotero, and all that can be unusual in one."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers.papers import write_plant

from rag.assistant import Assistant
from rag.errors import SourceError
from rag.reading.bibliography.zotero import is_zotero, read_zotero
from rag.reading.sources import Item

TABLES = """
CREATE TABLE version (schema TEXT PRIMARY KEY, version INT NOT NULL);
CREATE TABLE libraries (libraryID INTEGER PRIMARY KEY, type TEXT NOT NULL, editable INT NOT NULL,
    filesEditable INT NOT NULL, version INT NOT NULL DEFAULT 0, storageVersion INT NOT NULL DEFAULT 0,
    lastSync INT NOT NULL DEFAULT 0, archived INT NOT NULL DEFAULT 0);
CREATE TABLE groups (groupID INTEGER PRIMARY KEY, libraryID INT NOT NULL UNIQUE, name TEXT NOT NULL,
    description TEXT NOT NULL, version INT NOT NULL, FOREIGN KEY (libraryID) REFERENCES libraries (libraryID));
CREATE TABLE itemTypes (itemTypeID INTEGER PRIMARY KEY, typeName TEXT, templateItemTypeID INT, display INT DEFAULT 1);
CREATE TABLE fields (fieldID INTEGER PRIMARY KEY, fieldName TEXT, fieldFormatID INT);
CREATE TABLE creatorTypes (creatorTypeID INTEGER PRIMARY KEY, creatorType TEXT);
CREATE TABLE items (itemID INTEGER PRIMARY KEY, itemTypeID INT NOT NULL,
    dateAdded TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, dateModified TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    clientDateModified TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, libraryID INT NOT NULL, key TEXT NOT NULL,
    version INT NOT NULL DEFAULT 0, synced INT NOT NULL DEFAULT 0, UNIQUE (libraryID, key),
    FOREIGN KEY (libraryID) REFERENCES libraries (libraryID) ON DELETE CASCADE);
CREATE TABLE itemDataValues (valueID INTEGER PRIMARY KEY, value UNIQUE);
CREATE TABLE itemData (itemID INT, fieldID INT, valueID, PRIMARY KEY (itemID, fieldID),
    FOREIGN KEY (itemID) REFERENCES items (itemID) ON DELETE CASCADE);
CREATE TABLE itemNotes (itemID INTEGER PRIMARY KEY, parentItemID INT, note TEXT, title TEXT);
CREATE TABLE itemAnnotations (itemID INTEGER PRIMARY KEY, parentItemID INT NOT NULL, type INTEGER NOT NULL,
    authorName TEXT, text TEXT, comment TEXT, color TEXT, pageLabel TEXT, sortIndex TEXT NOT NULL,
    position TEXT NOT NULL, isExternal INT NOT NULL);
CREATE TABLE itemAttachments (itemID INTEGER PRIMARY KEY, parentItemID INT, linkMode INT, contentType TEXT,
    charsetID INT, path TEXT, syncState INT DEFAULT 0, storageModTime INT, storageHash TEXT,
    lastProcessedModificationTime INT, FOREIGN KEY (itemID) REFERENCES items (itemID) ON DELETE CASCADE);
CREATE TABLE creators (creatorID INTEGER PRIMARY KEY, firstName TEXT, lastName TEXT, fieldMode INT,
    UNIQUE (lastName, firstName, fieldMode));
CREATE TABLE itemCreators (itemID INT NOT NULL, creatorID INT NOT NULL, creatorTypeID INT NOT NULL DEFAULT 1,
    orderIndex INT NOT NULL DEFAULT 0, PRIMARY KEY (itemID, creatorID, creatorTypeID, orderIndex),
    UNIQUE (itemID, orderIndex));
CREATE TABLE tags (tagID INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE itemTags (itemID INT NOT NULL, tagID INT NOT NULL, type INT NOT NULL, PRIMARY KEY (itemID, tagID));
CREATE TABLE collections (collectionID INTEGER PRIMARY KEY, collectionName TEXT NOT NULL,
    parentCollectionID INT DEFAULT NULL, clientDateModified TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    libraryID INT NOT NULL, key TEXT NOT NULL, version INT NOT NULL DEFAULT 0, synced INT NOT NULL DEFAULT 0,
    UNIQUE (libraryID, key));
CREATE TABLE collectionItems (collectionID INT NOT NULL, itemID INT NOT NULL, orderIndex INT NOT NULL DEFAULT 0,
    PRIMARY KEY (collectionID, itemID));
CREATE INDEX collectionItems_itemID ON collectionItems (itemID);
CREATE INDEX itemAttachments_parentItemID ON itemAttachments (parentItemID);
CREATE TABLE deletedItems (itemID INTEGER PRIMARY KEY, dateDeleted DEFAULT CURRENT_TIMESTAMP NOT NULL);
CREATE TABLE deletedCollections (collectionID INTEGER PRIMARY KEY, dateDeleted DEFAULT CURRENT_TIMESTAMP NOT NULL);
INSERT INTO version VALUES ('userdata', 125), ('compatibility', 9);
INSERT INTO libraries (libraryID, type, editable, filesEditable)
    VALUES (1, 'user', 1, 1), (2, 'group', 1, 1), (3, 'feed', 0, 0);
INSERT INTO groups VALUES (4711, 2, 'River group', '', 1);
"""
BETTER_BIBTEX = """
CREATE TABLE citationkey (itemID NOT NULL PRIMARY KEY, itemKey NOT NULL, libraryID NOT NULL,
    citationKey NOT NULL CHECK (citationKey <> ''), pinned CHECK (pinned in (0, 1)), UNIQUE (libraryID, itemKey));
"""

WITHOUT_RERANKING = {"cross_encoder": {"model": "none"}}


class Shelf:
    """Fill a Zotero folder for a test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "storage").mkdir(parents=True)
        self.database = sqlite3.connect(folder / "zotero.sqlite")
        self.database.executescript(TABLES)

    def _number(self, table: str, column: str, value: Any) -> int:
        found = self.database.execute(f"SELECT rowid FROM {table} WHERE {column} = ?", [value]).fetchone()
        if found:
            return int(found[0])
        return int(self.database.execute(f"INSERT INTO {table} ({column}) VALUES (?)", [value]).lastrowid or 0)

    def item(self, key: str, kind: str = "journalArticle", library: int = 1, **fields: Any) -> int:
        number = self.database.execute(
            "INSERT INTO items (itemTypeID, dateAdded, libraryID, key) VALUES (?, '2024-05-06 07:08:09', ?, ?)",
            [self._number("itemTypes", "typeName", kind), library, key],
        ).lastrowid
        for name, value in fields.items():
            self.database.execute(
                "INSERT INTO itemData VALUES (?, ?, ?)",
                [number, self._number("fields", "fieldName", name), self._number("itemDataValues", "value", value)],
            )
        return number or 0

    def creator(self, item: int, first: str, last: str, kind: str = "author") -> None:
        made = self.database.execute("INSERT INTO creators VALUES (NULL, ?, ?, ?)", [first, last, int(not first)])
        (order,) = self.database.execute("SELECT count(*) FROM itemCreators WHERE itemID = ?", [item]).fetchone()
        row = [item, made.lastrowid, self._number("creatorTypes", "creatorType", kind), order]
        self.database.execute("INSERT INTO itemCreators VALUES (?, ?, ?, ?)", row)

    def tag(self, item: int, name: str, automatic: bool = False) -> None:
        self.database.execute(
            "INSERT INTO itemTags VALUES (?, ?, ?)", [item, self._number("tags", "name", name), automatic]
        )

    def collection(self, name: str, *items: int, within: int | None = None, library: int = 1) -> int:
        row = [name, within, library, f"C{name}{within}"]
        made = self.database.execute(
            "INSERT INTO collections (collectionName, parentCollectionID, libraryID, key) VALUES (?, ?, ?, ?)", row
        )
        for item in items:
            self.database.execute("INSERT INTO collectionItems VALUES (?, ?, 0)", [made.lastrowid, item])
        return made.lastrowid or 0

    def file(
        self, key: str, path: str | None, parent: int | None = None, mode: int = 0, library: int = 1, there: bool = True
    ) -> int:
        number = self.item(key, "attachment", library, title="Full Text PDF")
        kind = "application/pdf" if str(path).endswith(".pdf") else "text/html"
        row = [number, parent, mode, kind, path]
        self.database.execute(
            "INSERT INTO itemAttachments (itemID, parentItemID, linkMode, contentType, path) VALUES (?, ?, ?, ?, ?)",
            row,
        )
        if there and path and path.startswith("storage:"):
            place = self.folder / "storage" / key
            place.mkdir()
            (place / path.removeprefix("storage:")).write_text("content")
        return number

    def delete(self, item: int) -> None:
        self.database.execute("INSERT INTO deletedItems (itemID) VALUES (?)", [item])

    def read(self, *collections: str, without: tuple[str, ...] = ()) -> list[Item]:
        self.database.commit()
        items, failures = read_zotero(self.folder, collections, without)
        assert failures == []
        return items

    def only(self) -> Item:
        (item,) = self.read()
        return item


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shelf]:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    made = Shelf(tmp_path / "library" / "Zotero")
    yield made
    made.database.close()


def stored(item: Item) -> list[str]:
    return ["/".join(file.parts[-2:]) for file in item.files]


# Items


def test_an_item_has_all_its_metadata(shelf: Shelf) -> None:
    number = shelf.item(
        "AAAA1111",
        title="Otters in H<sub>2</sub>O: the <i>Lutra</i> of 10<sup>3</sup> &amp; more rivers",
        abstractNote="<p>We count <b>otters</b> where n < 3.</p>\n\nThey  swim.",
        publicationTitle="Journal of Rivers",
        journalAbbreviation="J. Riv.",
        date="2021-03-00 March 2021",
        DOI="https://doi.org/10.1/otter",
        url="https://rivers.example/otter",
        extra="Citation Key: willow2021\narXiv: 2103.00001v2 [q-bio]",
    )
    shelf.creator(number, "Willow", "Alder", "editor")
    shelf.creator(number, "Ash", "Rowan")
    shelf.creator(number, "", "The River Group")
    shelf.tag(number, "rivers; lakes and ponds")
    shelf.tag(number, "otters", automatic=True)
    shelf.collection("Chapter 2", number, within=shelf.collection("Thesis"))
    shelf.collection("Animals", number)
    shelf.file("BBBB2222", "storage:Rowan - 2021 - Otters.pdf", number)
    item = shelf.only()
    assert (item.key, item.title) == ("AAAA1111", "Otters in H2O: the Lutra of 10^3 & more rivers")
    assert item.abstract == "We count otters where n < 3.\n\nThey swim."
    assert item.details == {
        "authors": ("Ash Rowan", "The River Group"),
        "year": 2021,
        "venue": "Journal of Rivers",
        "doi": "10.1/otter",
        "arxiv_id": "2103.00001v2",
        "url": "https://rivers.example/otter",
        "citekey": "willow2021",
        "tags": ("otters", "rivers; lakes and ponds"),
        "collections": ("Animals", "Thesis/Chapter 2"),
        "zotero": "zotero://select/library/items/AAAA1111",
    }
    assert item.files == (shelf.folder / "storage" / "BBBB2222" / "Rowan - 2021 - Otters.pdf",)
    assert (item.missing, item.added, item.line) == ((), "2024-05-06T07:08:09Z", None)


@pytest.mark.parametrize(
    ("fields", "known"),
    [
        ({"bookTitle": "Rivers", "publisher": "A Press"}, {"venue": "Rivers"}),
        ({"proceedingsTitle": "Proc. of Otters", "conferenceName": "Otters 9"}, {"venue": "Proc. of Otters"}),
        ({"university": "U of Reeds"}, {"venue": "U of Reeds"}),
        ({"journalAbbreviation": "J. Riv."}, {"venue": "J. Riv."}),
        ({"date": "1998-00-00 1998"}, {"year": 1998}),
        ({"date": "0000-00-00 in press"}, {"year": None}),
        ({"dateEnacted": "2003-01-02 2 Jan 2003"}, {"year": 2003}),
        ({"date": 2011}, {"year": 2011}),
        ({"extra": "tldr: 1\ndoi: 10.5/x"}, {"doi": "10.5/x"}),
        ({"DOI": "10.48550/arXiv.2103.00002"}, {"arxiv_id": "2103.00002", "doi": "10.48550/arXiv.2103.00002"}),
        ({"archiveID": "arXiv:hep-th/9901001"}, {"arxiv_id": "hep-th/9901001"}),
        ({"url": "http://arxiv.org/abs/2103.00003v1"}, {"arxiv_id": "2103.00003v1"}),
        ({"url": "https://rivers.example/2103.00003"}, {"arxiv_id": None}),
        ({"citationKey": "native", "extra": "Citation Key: extra"}, {"citekey": "native"}),
    ],
)
def test_fields_are_found_under_each_of_their_names(
    shelf: Shelf, fields: dict[str, Any], known: dict[str, Any]
) -> None:
    shelf.item("AAAA1111", title="Otters", **fields)
    details = shelf.only().details
    assert {key: details[key] for key in known} == known


@pytest.mark.parametrize(
    ("title", "plain"),
    [
        ("If a < b and c > d, then <em>Salix</em>", "If a < b and c > d, then Salix"),
        ('<span style="font-variant:small-caps;">Reeds</span> in  rows\n', "Reeds in rows"),
        ("<sup>13</sup>C in reeds", "13C in reeds"),
        ("AT&T and <unknown>", "AT&T and <unknown>"),
    ],
)
def test_only_html_is_removed_from_a_title(shelf: Shelf, title: str, plain: str) -> None:
    shelf.item("AAAA1111", "case", caseName=title)
    assert shelf.only().title == plain


def test_an_item_without_authors_has_its_editors(shelf: Shelf) -> None:
    number = shelf.item("AAAA1111", "book", title="Otters")
    shelf.creator(number, "Willow", "Alder", "editor")
    shelf.creator(number, "Ash", "Rowan", "translator")
    assert shelf.only().details["authors"] == ("Willow Alder",)


def test_deleted_items_and_notes_are_left_out(shelf: Shelf) -> None:
    gone = shelf.item("AAAA1111", title="Gone")
    shelf.file("BBBB1111", "storage:gone.pdf", gone)
    shelf.delete(gone)
    kept = shelf.item("AAAA2222", title="Kept")
    shelf.delete(shelf.file("BBBB2222", "storage:old.pdf", kept))
    shelf.file("BBBB3333", "storage:new.pdf", kept)
    shelf.delete(shelf.file("BBBB4444", "storage:alone.pdf"))
    shelf.item("CCCC1111", "note")
    shelf.item("CCCC2222", "annotation")
    shelf.item("CCCC3333", title="News", library=3)
    bin_, inner = shelf.collection("Bin", kept), shelf.collection("Rest")
    shelf.collection("Inner", kept, within=bin_)
    shelf.database.execute("INSERT INTO deletedCollections (collectionID) VALUES (?)", [bin_])
    shelf.database.execute("UPDATE collections SET parentCollectionID = ? WHERE collectionID = ?", [inner, inner])
    item = shelf.only()
    assert (item.key, stored(item), item.details["collections"]) == ("AAAA2222", ["BBBB3333/new.pdf"], ())


def test_groups_are_read_too(shelf: Shelf) -> None:
    shelf.item("AAAA1111", title="Mine")
    number = shelf.item("AAAA1111", title="Ours", library=2)
    shelf.file("BBBB2222", "storage:ours.pdf", number, library=2)
    mine, ours = shelf.read()
    assert mine.details["zotero"] == "zotero://select/library/items/AAAA1111"
    assert ours.details["zotero"] == "zotero://select/groups/4711/items/AAAA1111"
    assert (mine.files, stored(ours)) == ((), ["BBBB2222/ours.pdf"])


# Files


def test_pdfs_come_first_and_pages_count_only_without_one(shelf: Shelf) -> None:
    both = shelf.item("AAAA1111", title="Both")
    shelf.file("BBBB1111", "storage:page.html", both, mode=1)
    shelf.file("BBBB2222", "storage:main.pdf", both)
    shelf.file("BBBB3333", "storage:supplement.PDF", both)
    shelf.file("BBBB4444", "storage:lost.pdf", both, there=False)
    shelf.file("BBBB5555", "storage:data.zip", both)
    shelf.file("BBBB6666", None, both, mode=3)
    page = shelf.item("AAAA2222", title="Page")
    shelf.file("CCCC1111", "storage:page.html", page, mode=1)
    shelf.file("CCCC2222", "storage:lost.pdf", page, there=False)
    first, second = shelf.read()
    assert (stored(first), first.missing) == (["BBBB2222/main.pdf", "BBBB3333/supplement.PDF"], ("lost.pdf",))
    assert (stored(second), second.missing) == (["CCCC1111/page.html"], ("lost.pdf",))


def test_a_file_without_an_item_has_no_title(shelf: Shelf) -> None:
    number = shelf.file("BBBB1111", "storage:scan of a paper.pdf")
    shelf.collection("Reeds", number)
    shelf.tag(number, "new")
    shelf.file("BBBB2222", "storage:picture.png")
    shelf.file("BBBB3333", None, mode=3)
    item = shelf.only()
    assert (item.key, item.title, item.abstract) == ("BBBB1111", "", None)
    assert stored(item) == ["BBBB1111/scan of a paper.pdf"]
    assert (item.details["collections"], item.details["tags"]) == (("Reeds",), ("new",))


def test_linked_files_are_followed_where_they_are(shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "linked.pdf").write_text("content")
    number = shelf.item("AAAA1111", title="Linked")
    shelf.file("BBBB1111", str(tmp_path / "papers" / "linked.pdf"), number, mode=2)
    shelf.file("BBBB2222", r"C:\Users\rowan\lost.pdf", number, mode=2)
    shelf.file("BBBB3333", "/nowhere/gone.pdf", number, mode=2)
    shelf.file("BBBB4444", "attachments:papers/linked.pdf", number, mode=2)
    item = shelf.only()
    assert item.files == (tmp_path / "papers" / "linked.pdf",)
    assert item.missing == ("lost.pdf", "gone.pdf", "linked.pdf")


@pytest.mark.parametrize("place", ["library/Zotero", "library", "home/.zotero/zotero/ab12.default"])
@pytest.mark.parametrize("data", ["library/Zotero", "elsewhere"])
def test_the_base_folder_of_linked_files_is_a_setting_of_the_profile(
    shelf: Shelf, tmp_path: Path, place: str, data: str
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
    shelf.file("BBBB1111", "attachments:in/linked.pdf", shelf.item("AAAA1111", title="Linked"), mode=2)
    item = shelf.only()
    found = (
        place.startswith("library") or data == "library/Zotero"
    )  # another library's profile says nothing of this one
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
    shelf: Shelf, tmp_path: Path, key: str, path: str, mode: int
) -> None:
    (tmp_path / "library" / "prefs.js").write_text(
        f'user_pref("extensions.zotero.baseAttachmentPath", "{tmp_path / "papers"}");\n'
    )
    (tmp_path / "papers").mkdir()
    for folder in (tmp_path, shelf.folder.parent, shelf.folder):
        (folder / "secret.pdf").write_text("content")
    (shelf.folder / "storage" / "BBBB1111").mkdir()
    shelf.file(key, path.format(root=tmp_path), shelf.item("AAAA1111", title="Hostile"), mode, there=False)
    shelf.database.execute("UPDATE itemAttachments SET linkMode = ?, parentItemID = 1", [mode])
    shelf.database.commit()
    (item,), failures = read_zotero(shelf.folder)
    assert item.files == ()
    assert [failure.source for failure in failures] == ["zotero.sqlite"]
    assert "names a file outside its folder" in failures[0].reason


@pytest.mark.parametrize("path", [r"\\server\share\x.pdf", "//server/share/x.pdf", r"/\server\x.pdf"])
def test_no_other_machine_is_contacted_for_a_linked_file(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    shelf.file("BBBB1111", path, shelf.item("AAAA1111", title="Far"), mode=2)
    asked: list[str] = []
    isfile = os.path.isfile
    monkeypatch.setattr(os.path, "isfile", lambda path: asked.append(str(path)) or isfile(path))
    assert shelf.only().missing == ("x.pdf",)
    assert not [name for name in asked if re.search(r"[/\\]{2}server", name)]


def test_a_link_out_of_the_storage_is_followed(shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "elsewhere.pdf").write_text("content")
    shelf.file("BBBB1111", "storage:a.pdf", shelf.item("AAAA1111", title="Linked"), there=False)
    (shelf.folder / "storage" / "BBBB1111").mkdir()
    (shelf.folder / "storage" / "BBBB1111" / "a.pdf").symlink_to(tmp_path / "elsewhere.pdf")
    assert stored(shelf.only()) == ["BBBB1111/a.pdf"]


@pytest.mark.parametrize(
    ("written", "kept"), [("u\u0308ber.pdf", "\u00fcber.pdf"), ("\u00fcber.pdf", "u\u0308ber.pdf")]
)
def test_a_name_is_found_in_either_form_of_its_accents(shelf: Shelf, written: str, kept: str) -> None:
    shelf.file("BBBB1111", f"storage:{written}", shelf.item("AAAA1111", title="Reeds"), there=False)
    (shelf.folder / "storage" / "BBBB1111").mkdir()
    (shelf.folder / "storage" / "BBBB1111" / kept).write_text("content")
    assert stored(shelf.only()) == [f"BBBB1111/{kept}"]


# Collections


@pytest.mark.parametrize(
    ("wanted", "without", "keys"),
    [
        ([], [], "abcd"),
        (["thesis"], [], "ab"),
        (["Thesis/CHAPTER 2"], [], "b"),
        (["Chapter 2"], [], "bc"),
        (["Chapter 2", "/Thesis/"], [], "abc"),
        ([], ["Thesis"], "cd"),
        (["Chapter 2"], ["Old"], "b"),
    ],
)
def test_collections_choose_items_by_name_or_path(
    shelf: Shelf, wanted: list[str], without: list[str], keys: str
) -> None:
    a, b, c, _ = (shelf.item(key, title=key) for key in "abcd")
    thesis, old = shelf.collection("Thesis", a), shelf.collection("Old")
    shelf.collection("Chapter 2", b, within=thesis)
    shelf.collection("Chapter 2", c, within=old)
    shelf.collection("Thesis 2")
    assert "".join(item.key for item in shelf.read(*wanted, without=tuple(without))) == keys


@pytest.mark.parametrize("names", [(("Reed",), ()), ((), ("Reed",))])
def test_an_unknown_collection_is_refused_with_the_known_ones(
    shelf: Shelf, names: tuple[tuple[str, ...], tuple[str, ...]]
) -> None:
    shelf.collection("Moss", within=shelf.collection("Reeds"))
    with pytest.raises(SourceError, match="no collection 'Reed' in Zotero; its collections are: Reeds, Reeds/Moss"):
        shelf.read(*names[0], without=names[1])


# Better BibTeX


def test_better_bibtex_gives_citekeys_for_each_library(shelf: Shelf) -> None:
    for library in (1, 2):
        shelf.item("AAAA1111", title="Otters", library=library)
    with sqlite3.connect(shelf.folder / "better-bibtex.sqlite") as keys:
        keys.executescript(BETTER_BIBTEX)
        keys.executemany(
            "INSERT INTO citationkey VALUES (?, 'AAAA1111', ?, ?, 0)", [(1, 1, "mine2021"), (2, 2, "ours2021")]
        )
    keys.close()
    assert [item.details["citekey"] for item in shelf.read()] == ["mine2021", "ours2021"]


def test_an_older_better_bibtex_kept_them_as_json(shelf: Shelf) -> None:
    shelf.item("AAAA1111", title="Otters")
    row = {"citekey": "reed1999", "pinned": True, "itemID": 1, "libraryID": 1, "itemKey": "AAAA1111"}
    with sqlite3.connect(shelf.folder / "better-bibtex.sqlite") as keys:
        keys.execute('CREATE TABLE "better-bibtex" (name TEXT PRIMARY KEY NOT NULL, data TEXT NOT NULL)')
        keys.execute(
            'INSERT INTO "better-bibtex" VALUES (?, ?)', ["better-bibtex.citekey", json.dumps({"data": [row]})]
        )
    keys.close()
    assert shelf.only().details["citekey"] == "reed1999"


@pytest.mark.parametrize("content", [b"", b"no database at all" * 100, b"SQLite format 3\0" + bytes(4096)])
def test_a_broken_better_bibtex_only_costs_the_citekeys(shelf: Shelf, content: bytes) -> None:
    shelf.item("AAAA1111", title="Otters")
    (shelf.folder / "better-bibtex.sqlite").write_bytes(content)
    shelf.database.commit()
    (item,), (failure,) = read_zotero(shelf.folder)
    assert (item.title, item.details["citekey"]) == ("Otters", None)
    assert failure.source == "better-bibtex.sqlite"
    assert failure.reason.startswith("the citekeys of Better BibTeX cannot be read (")


# The database


HOLD = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("PRAGMA locking_mode = EXCLUSIVE")
database.execute(f"PRAGMA journal_mode = {sys.argv[2]}")
database.execute("PRAGMA wal_autocheckpoint = 0")
database.execute("PRAGMA cache_size = 1")
database.execute("BEGIN EXCLUSIVE")
database.execute("UPDATE itemDataValues SET value = 'Written while Zotero is open' WHERE value = 'Otters'")
database.execute("COMMIT")
database.execute("BEGIN EXCLUSIVE")
database.execute("UPDATE itemDataValues SET value = 'Not yet committed ' || value || valueID")
database.execute("CREATE TABLE filler (x)")
database.executemany("INSERT INTO filler VALUES (?)", [("x" * 4000,)] * 50)
print("held", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("journal", ["wal", "delete"])
def test_a_database_that_zotero_holds_is_read_as_it_was_last_committed(shelf: Shelf, journal: str) -> None:
    shelf.item("AAAA1111", title="Otters")
    shelf.database.commit()
    shelf.database.close()
    # In another process: within one, POSIX drops a lock whenever any handle on the file is closed.
    command = [sys.executable, "-c", HOLD, str(shelf.folder / "zotero.sqlite"), journal]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as zotero:
        assert zotero.stdout is not None
        assert zotero.stdout.readline() == "held\n"
        other = sqlite3.connect(shelf.folder / "zotero.sqlite", timeout=0)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("SELECT * FROM items").fetchall()
        other.close()
        before = {file.name: file.read_bytes() for file in shelf.folder.glob("zotero.sqlite*")}
        assert len(before) == 2  # so there is something beside the database
        assert is_zotero(shelf.folder)
        items, failures = read_zotero(shelf.folder)
        assert {file.name: file.read_bytes() for file in shelf.folder.glob("*") if file.is_file()} == before
        zotero.communicate()
    assert ([item.title for item in items], failures) == (["Written while Zotero is open"], [])


@pytest.mark.parametrize("times", [1, 9])
def test_a_database_that_changes_while_it_is_copied_is_copied_again(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    shelf.item("AAAA1111", title="Before")
    copy, copies = shutil.copyfile, []

    def copied_and_changed(source: Path, target: Path) -> None:
        copies.append(copy(source, target))
        if len(copies) <= times:
            shelf.database.execute("UPDATE itemDataValues SET value = value || ' and after'")
            shelf.database.commit()
            os.utime(source, ns=(len(copies), len(copies)))

    monkeypatch.setattr(shutil, "copyfile", copied_and_changed)
    if times == 1:
        assert shelf.only().title == "Before and after"
    else:
        with pytest.raises(SourceError, match=r"zotero\.sqlite keeps changing; wait until Zotero is idle"):
            shelf.read()


def test_a_database_is_found_through_a_link_and_missed_without_one(shelf: Shelf, tmp_path: Path) -> None:
    shelf.item("AAAA1111", title="Otters")
    shelf.database.commit()
    assert shelf.database.execute("PRAGMA journal_mode = wal").fetchone() == ("wal",)
    (tmp_path / "link").mkdir()
    with pytest.raises(SourceError, match=r"zotero\.sqlite cannot be copied: No such file or directory"):
        read_zotero(tmp_path / "link")
    (tmp_path / "link" / "zotero.sqlite").symlink_to(shelf.folder / "zotero.sqlite")
    shelf.item("AAAA2222", title="Reeds")
    shelf.database.commit()
    assert [item.title for item in read_zotero(tmp_path / "link")[0]] == ["Otters", "Reeds"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("DROP TABLE itemAttachments", "(tables 125) does not have the tables of Zotero 5 to 8 (no such table"),
        (
            "UPDATE version SET version = 77; ALTER TABLE itemAttachments RENAME parentItemID TO sourceItemID",
            "is from a Zotero before 5 (tables 77); open it once in a newer Zotero, then try again",
        ),
        ("DROP TABLE version; DROP TABLE items", "is damaged or not a Zotero database (no such table: "),
    ],
)
def test_unknown_tables_are_refused_with_a_remedy(shelf: Shelf, change: str, reason: str) -> None:
    shelf.database.executescript(change)
    with pytest.raises(SourceError, match=re.escape(reason)):
        shelf.read()


@pytest.mark.parametrize("damage", ["empty", "text", "cut off", "zeros in it"])
def test_a_damaged_database_is_refused_with_a_remedy(shelf: Shelf, damage: str) -> None:
    for number in range(300):
        shelf.item(f"K{number}", title=f"Otters of the river number {number}")
    shelf.database.commit()
    shelf.database.close()
    file = shelf.folder / "zotero.sqlite"
    raw = file.read_bytes()
    file.write_bytes(
        {
            "empty": b"",
            "text": b"no database",
            "cut off": raw[:9000],
            "zeros in it": raw[:4096] + bytes(len(raw) - 4096),
        }[damage]
    )
    with pytest.raises(
        SourceError, match=r"is damaged or not a Zotero database \(.*replace it with zotero\.sqlite\.bak"
    ):
        read_zotero(shelf.folder)


def test_broken_characters_only_cost_themselves(shelf: Shelf) -> None:
    shelf.item("AAAA1111", title="Otters")
    shelf.database.execute("UPDATE itemDataValues SET value = CAST(x'4f740074ff65' AS TEXT)")
    assert shelf.only().title == "Ot t\ufffde"


@pytest.mark.parametrize(
    ("names", "answer"),
    [
        (["zotero.sqlite", "storage/"], True),
        (["storage/"], False),
        (["zotero.sqlite"], False),
        (["zotero.sqlite/", "storage/"], False),
        ([], False),
    ],
)
def test_a_zotero_folder_is_recognised_by_its_database(tmp_path: Path, names: list[str], answer: bool) -> None:
    for name in names:
        (tmp_path / name).mkdir() if name.endswith("/") else (tmp_path / name).write_text("no database")
    assert is_zotero(tmp_path) == answer


def test_a_database_without_storage_is_recognised_by_its_tables(shelf: Shelf) -> None:
    (shelf.folder / "storage").rmdir()
    assert is_zotero(shelf.folder)
    shelf.database.executescript("DROP TABLE itemAttachments")
    assert not is_zotero(shelf.folder)


def test_thousands_of_items_are_read(shelf: Shelf) -> None:
    inner = shelf.collection("Rivers")
    for number in range(2000):
        item = shelf.item(f"I{number}", title=f"Otters {number}", date=f"{1900 + number % 120}-00-00")
        shelf.creator(item, "Ash", f"Rowan {number}")
        shelf.file(f"F{number}", f"storage:{number}.pdf", item, there=number < 5)
        shelf.database.execute("INSERT INTO collectionItems VALUES (?, ?, 0)", [inner, item])
    items = shelf.read("rivers")
    assert len(items) == len({item.key for item in items}) == 2000
    assert sum(len(item.files) for item in items) == 5
    assert items[1999].details["authors"] == ("Ash Rowan 1999",)


# In a library


def test_a_zotero_library_is_added_asked_and_synchronised(shelf: Shelf, tmp_path: Path) -> None:
    oak = shelf.item("OAK00000", title="The Oak, as It Grows", date="2019-00-00 2019", abstractNote="Not this.")
    shelf.creator(oak, "Hazel", "Fern")
    shelf.tag(oak, "roots")
    shelf.file("OAKFILE0", "storage:oak.pdf", oak)
    shelf.file("OAKMORE0", "storage:more.pdf", oak)
    moss = shelf.item("MOSS0000", title="Moss on Roofs", abstractNote="Moss covers 12 of 40 roofs.")
    shelf.file("MOSSFILE", "storage:moss.pdf", moss, there=False)
    shelf.item("BOOK0000", "book", title="A Book without Anything")
    shelf.collection("Thesis", oak)
    storage = shelf.folder / "storage"
    write_plant(tmp_path, "Oak", 12).replace(storage / "OAKFILE0" / "oak.pdf")
    write_plant(tmp_path, "Fern", 13).replace(storage / "OAKMORE0" / "more.pdf")
    shelf.database.commit()
    before = sorted(shelf.folder.rglob("*"))
    with Assistant.open(library=tmp_path / "mine", mode="quote", overrides=WITHOUT_RERANKING) as desk:
        report = desk.add(shelf.folder)
        titles = ["Moss on Roofs", "The Oak, as It Grows", "The Oak, as It Grows (more.pdf)"]
        assert sorted(ref.title for ref in report.added) == titles
        assert [str(f) for f in report.failed] == ["Zotero: the file 'moss.pdf' of 'Moss on Roofs' is missing"]
        assert sorted(shelf.folder.rglob("*")) == before
        citations = desk.ask("How deep did the roots of oak reach in sand?", collections="thesis").citations
        (citation,) = [c for c in citations if "112 cm" in c.quote]
        assert (citation.link, citation.page, citation.year) == ("zotero://select/library/items/OAK00000", 2, 2019)
        assert citation.authors == ("Hazel Fern",)
        assert desk.search("moss on roofs", tags="roots")[0].title != "Moss on Roofs"
        assert len(desk.add(shelf.folder).unchanged) == 3
        shelf.delete(oak)
        shelf.database.commit()
        assert sorted(ref.title for ref in desk.add(shelf.folder).removed) == titles[1:]


def test_a_collection_of_a_zotero_library_can_be_added_alone_or_left_out(shelf: Shelf, tmp_path: Path) -> None:
    for name in ("Moss", "Fern", "Reed"):
        number = shelf.item(f"{name}0000", title=f"On {name}", abstractNote=f"{name} grows.")
        shelf.collection(name, number)
    shelf.database.commit()
    with Assistant.open(library=tmp_path / "mine", mode="quote", overrides=WITHOUT_RERANKING) as desk:
        assert [ref.title for ref in desk.add(shelf.folder, collections="moss").added] == ["On Moss"]
        assert [ref.title for ref in desk.add(shelf.folder, without_collections=["reed", "moss"]).added] == ["On Fern"]
        assert len(desk.papers()) == 2  # what was left out this time is not taken away
        (failure,) = desk.add(shelf.folder, collections="Algae").failed
        assert "Algae" in failure.reason
