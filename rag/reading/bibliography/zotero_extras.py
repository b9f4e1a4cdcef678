"""Read what is next to a Zotero database: Better BibTeX's citekeys, and the base folder of linked files."""

import json
import re
import sqlite3
from pathlib import Path

from ...errors import SourceError
from ...types import Failure
from .snapshot import sqlite_snapshot

_PROFILES = (".zotero/zotero", "Library/Application Support/Zotero/Profiles", "AppData/Roaming/Zotero/Zotero/Profiles")


def better_bibtex_citekeys(file: Path, failures: list[Failure]) -> dict[tuple[int, str], str]:
    """Return the citekeys in Better BibTeX's database by library id and item key; older versions keep JSON in it."""
    if not file.is_file():
        return {}
    try:
        with sqlite_snapshot(file) as database:
            if database.execute("SELECT 1 FROM sqlite_master WHERE name = 'citationkey'").fetchone():
                rows = database.execute("SELECT libraryID, itemKey, citationKey FROM citationkey").fetchall()
            else:
                ((data,),) = database.execute("SELECT data FROM 'better-bibtex' WHERE name = 'better-bibtex.citekey'")
                rows = [(row["libraryID"], row["itemKey"], row["citekey"]) for row in json.loads(data)["data"]]
    except (SourceError, sqlite3.DatabaseError, ValueError, KeyError, TypeError) as error:
        failures.append(Failure(file.name, None, f"the citekeys of Better BibTeX cannot be read ({error})"))
        return {}
    return {(library, key): citekey for library, key, citekey in rows}


def linked_files_folder(folder: Path) -> Path | None:
    """Return the base folder of linked files: a setting of the Zotero profile that uses this folder."""
    for file in (folder / "prefs.js", folder.parent / "prefs.js"):
        if base := _settings(file).get("baseAttachmentPath"):
            return Path(base)
    for place in _PROFILES:
        for file in sorted((Path.home() / place).glob("*/prefs.js")):
            settings = _settings(file)
            data = Path(settings.get("dataDir") or Path.home() / "Zotero")
            if settings.get("baseAttachmentPath") and data.resolve() == folder.resolve():
                return Path(settings["baseAttachmentPath"])
    return None


def _settings(file: Path) -> dict[str, str]:
    try:
        text = file.read_text("utf-8", "replace")
    except OSError:  # not readable: then linked files are missing
        return {}
    pairs = re.findall(r'^user_pref\("extensions\.zotero\.(\w+)", "((?:[^"\\]|\\.)*)"\)', text, re.M)
    return {name: re.sub(r"\\(.)", r"\1", value) for name, value in pairs}
