"""Check a record for damage: the SQLite file, the papers and chunks, and the word index."""

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ..errors import LibraryError
from . import schema, word_index
from .papers import Records
from .sqlite_errors import translate_errors
from .vectors import unpack

RESTORE = (
    "restore a copy of the library's folder or a backup (`footnote restore FILE --replace`), or move it away and add "
    "the papers again"
)
REBUILD = "footnote rebuild"
_MAX_EXAMPLES = 3
_SAMPLE = 200  # rows of which the words are looked up
_TOLERANCE = 1e-2  # by which the length of a vector may differ from 1


class Fault(NamedTuple):
    """Damage found in a record, and how to repair it."""

    what: str
    remedy: str


def faults_of(records: Records) -> list[Fault]:
    """Return the damage in a record. Reads all of it: about a second for 500 MB."""
    found: list[Fault] = []
    for check in (_tables, _file, _references, _papers, _chunks, _saved_json, _words):
        try:
            with translate_errors(records.path, ValueError):
                found += check(records)
        except LibraryError as error:
            can_rebuild = check is _words and not any(fault.remedy == RESTORE for fault in found)
            found.append(Fault(str(error), REBUILD if can_rebuild else RESTORE))
        if found and check is _tables:
            break
    return list(dict.fromkeys(found))


def is_word_index_intact(records: Records) -> bool:
    """Return whether the word index is undamaged."""
    try:
        with translate_errors(records.path):
            return not list(_words(records))
    except LibraryError:
        return False


def _tables(records: Records) -> Iterator[Fault]:
    existing = {row[0] for row in records.rows("SELECT name FROM sqlite_master WHERE type = 'table'")}
    words = {f"{table}{suffix}" for table in word_index.TABLES for suffix in ("", *word_index.SHADOW_SUFFIXES)}
    if missing := sorted(set(schema.TABLES) - existing - words):
        yield Fault(f"tables are missing: {', '.join(missing)}", RESTORE)
    if missing := sorted(words - existing):
        yield Fault(f"tables of the word index are missing: {', '.join(missing)}", REBUILD)


def _file(records: Records) -> Iterator[Fault]:
    results = [row[0] for row in records.rows(f"PRAGMA integrity_check({_MAX_EXAMPLES})")]
    if results != ["ok"]:
        problems = "; ".join(" ".join(each.split()) for each in results)
        yield Fault(f"SQLite reports that the file is damaged: {problems}", RESTORE)


def _references(records: Records) -> Iterator[Fault]:
    broken = {row[0] for row in records.rows("PRAGMA foreign_key_check")}
    if broken:
        yield Fault(f"rows whose paper or source is missing, in {', '.join(sorted(broken))}", RESTORE)


def _papers(records: Records) -> Iterator[Fault]:
    bad = []
    last = 0
    while rows := records.rows(
        "SELECT key, id, title, text, read_digest, details FROM papers WHERE key > ? ORDER BY key LIMIT 100", (last,)
    ):
        last = rows[-1]["key"]
        bad += [row["id"] for row in rows if not _is_intact(row)]
    if bad:
        more = f" and {len(bad) - _MAX_EXAMPLES:,} more" if len(bad) > _MAX_EXAMPLES else ""
        yield Fault(f"the text or metadata of papers has changed: {', '.join(bad[:_MAX_EXAMPLES])}{more}", RESTORE)


def _is_intact(row: sqlite3.Row) -> bool:
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
        bad += int(np.count_nonzero(~(np.abs(lengths - 1.0) < _TOLERANCE)))
    if bad:
        yield Fault(f"{bad:,} chunks have damaged vectors", RESTORE)
    rows = records.rows("SELECT vector FROM papers WHERE key IN (SELECT paper FROM chunks)")
    if bad := sum(not abs(float(np.linalg.norm(unpack(row["vector"], 1))) - 1.0) < _TOLERANCE for row in rows):
        yield Fault(f"{bad:,} papers have damaged vectors", RESTORE)


def _saved_json(records: Records) -> Iterator[Fault]:
    answers = records.rows("SELECT count(*) FROM answers WHERE NOT json_valid(request) OR NOT json_valid(answer)")
    if answers[0][0]:
        yield Fault(f"{answers[0][0]:,} saved answers are damaged", RESTORE)
    facts = records.rows("SELECT name FROM meta WHERE name IN ('made_with', 'indexed') AND NOT json_valid(value)")
    if facts:
        yield Fault(f"facts about the library are damaged: {', '.join(row[0] for row in facts)}", RESTORE)


def _words(records: Records) -> Iterator[Fault]:
    for table, indexed in zip(word_index.TABLES, ("chunks", "papers"), strict=True):
        stored = f"{table}_docsize"
        missing = records.rows(f"SELECT count(*) FROM {indexed} WHERE key NOT IN (SELECT id FROM {stored})")[0][0]
        extra = records.rows(f"SELECT count(*) FROM {stored} WHERE id NOT IN (SELECT key FROM {indexed})")[0][0]
        if missing or extra:
            yield Fault(f"the word index lacks {missing:,} {indexed} and has {extra:,} that are removed", REBUILD)
        if lost := sum(not records.is_indexed(table, row["key"], row["title"]) for row in _sample(records, indexed)):
            yield Fault(f"the word index has lost the titles of {indexed}: {lost:,} of a sample", REBUILD)
        if not records.read_only:  # SQLite treats the check as a write
            with records.transaction(of_papers=False) as db:
                db.execute(f"INSERT INTO {table} ({table}) VALUES ('integrity-check')")


def _sample(records: Records, indexed: str) -> list[sqlite3.Row]:
    """Return up to `_SAMPLE` papers, or chunks with the titles of their papers, evenly spread."""
    every = records.rows(f"SELECT max(count(*) / {_SAMPLE}, 1) FROM {indexed}")[0][0]
    titles = {
        "papers": "SELECT key, title FROM papers WHERE key % :every = 0",
        "chunks": "SELECT c.key, p.title FROM chunks c JOIN papers p ON p.key = c.paper WHERE c.key % :every = 0",
    }
    return records.rows(titles[indexed], {"every": every})
