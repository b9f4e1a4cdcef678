"""Whether a record is whole: what SQLite can tell, and what papers, chunks and the word index must have in common."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ..errors import LibraryError
from . import schema
from .connection import ERRORS, translated
from .papers import Records

RESTORE = "restore a copy of the library's folder, or move it away and add the papers again"
REBUILD = "footnote rebuild"
_MOST = 3  # findings of one kind that are told
_UNIT = 1e-2  # by how much a vector's length may differ from 1


class Fault(NamedTuple):
    """Something in a record that is not as it must be, and what to do about it."""

    what: str
    remedy: str


def faults_of(records: Records) -> list[Fault]:
    """Return what is wrong with a record; all of it is read, which takes about a second for 500 MB."""
    found: list[Fault] = []
    for check in (_tables, _file, _references, _papers, _chunks, _kept, _words):
        try:
            found += check(records)
        except (LibraryError, *ERRORS, ValueError) as error:
            text = str(error if isinstance(error, LibraryError) else translated(error, records.path))
            can_rebuild = check is _words and not any(fault.remedy == RESTORE for fault in found)
            found.append(Fault(text, REBUILD if can_rebuild else RESTORE))
        if found and check is _tables:
            break
    return list(dict.fromkeys(found))


def are_words_whole(records: Records) -> bool:
    """Return whether the word index is whole; it can be made again from the papers."""
    try:
        return not list(_words(records))
    except (LibraryError, *ERRORS):
        return False


def _tables(records: Records) -> Iterator[Fault]:
    there = {row[0] for row in records.rows("SELECT name FROM sqlite_master WHERE type = 'table'")}
    words = {f"{table}{part}" for table in schema.WORD_TABLES for part in ("", *schema.WORD_PARTS)}
    if lost := sorted(set(schema.TABLES) - there - words):
        yield Fault(f"tables are missing: {', '.join(lost)}", RESTORE)
    if lost := sorted(words - there):
        yield Fault(f"the word index lacks tables: {', '.join(lost)}", REBUILD)


def _file(records: Records) -> Iterator[Fault]:
    said = [row[0] for row in records.rows(f"PRAGMA integrity_check({_MOST})")]
    if said != ["ok"]:
        yield Fault(f"SQLite finds the file damaged: {'; '.join(' '.join(each.split()) for each in said)}", RESTORE)


def _references(records: Records) -> Iterator[Fault]:
    broken = {row[0] for row in records.rows("PRAGMA foreign_key_check")}
    if broken:
        yield Fault(f"rows without the paper or source that they belong to, in {', '.join(sorted(broken))}", RESTORE)


def _papers(records: Records) -> Iterator[Fault]:
    """The text of each paper against the digest that was made when it was read."""
    bad = []
    last = 0
    while rows := records.rows(
        "SELECT key, id, title, text, read_digest, details FROM papers WHERE key > ? ORDER BY key LIMIT 100", (last,)
    ):
        last = rows[-1]["key"]
        bad += [row["id"] for row in rows if not _is_sound(row)]
    if bad:
        more = f" and {len(bad) - _MOST:,} more" if len(bad) > _MOST else ""
        yield Fault(f"the text or metadata of papers has changed: {', '.join(bad[:_MOST])}{more}", RESTORE)


def _is_sound(row: sqlite3.Row) -> bool:
    title, text = row["title"], row["text"]
    digest = hashlib.sha256(text[len(title) :].encode("utf-8", "surrogatepass")).hexdigest()
    try:
        return text.startswith(title) and digest == row["read_digest"] and bool(json.loads(row["details"]))
    except ValueError:
        return False


def _chunks(records: Records) -> Iterator[Fault]:
    bad = 0
    for _, _, vectors in records.vectors():
        lengths = np.linalg.norm(vectors, axis=1)
        bad += int(np.count_nonzero(~(np.abs(lengths - 1.0) < _UNIT)))
    if bad:
        yield Fault(f"{bad:,} chunks have damaged vectors", RESTORE)
    rows = records.rows("SELECT vector FROM papers WHERE key IN (SELECT paper FROM chunks)")
    norms = [float(np.linalg.norm(np.frombuffer(row["vector"], "<f4"))) for row in rows]
    if bad := sum(not abs(norm - 1.0) < _UNIT for norm in norms):
        yield Fault(f"{bad:,} papers have damaged vectors", RESTORE)


def _kept(records: Records) -> Iterator[Fault]:
    """What is kept as JSON beside the papers: answers, and facts about the library as a whole."""
    answers = records.rows("SELECT count(*) FROM answers WHERE NOT json_valid(request) OR NOT json_valid(answer)")
    if answers[0][0]:
        yield Fault(f"{answers[0][0]:,} kept answers are damaged", RESTORE)
    facts = records.rows("SELECT name FROM meta WHERE name IN ('made_with', 'indexed') AND NOT json_valid(value)")
    if facts:
        yield Fault(f"what is noted of the library is damaged: {', '.join(row[0] for row in facts)}", RESTORE)


def _words(records: Records) -> Iterator[Fault]:
    for table, of in zip(schema.WORD_TABLES, ("chunks", "papers"), strict=True):
        without = records.rows(f"SELECT count(*) FROM {of} WHERE key NOT IN (SELECT id FROM {table}_content)")[0][0]
        beyond = records.rows(f"SELECT count(*) FROM {table}_content WHERE id NOT IN (SELECT key FROM {of})")[0][0]
        if without or beyond:
            yield Fault(f"the word index lacks {without:,} {of} and has {beyond:,} that are gone", REBUILD)
        if not records.read_only:  # SQLite counts the check as a write
            with records.transaction(of_papers=False) as db:
                db.execute(f"INSERT INTO {table} ({table}) VALUES ('integrity-check')")
