"""Make a Zotero folder: a database with Zotero's tables, and files in its storage."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from rag.reading.bibliography.zotero import read_zotero
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


class ZoteroFolder:
    """A Zotero folder for a test to fill."""

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


def stored(item: Item) -> list[str]:
    return ["/".join(file.parts[-2:]) for file in item.files]
