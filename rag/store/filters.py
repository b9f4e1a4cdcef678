"""Find papers by name (id, title, citekey, file name) and by filters (year, author, source, tag, collection)."""

import os
import sqlite3
from collections.abc import Sequence

from .. import arguments
from ..errors import AmbiguousPaper, UnknownPaper
from ..filters import Filters
from ..text.readable import folded, readable
from .search import SearchRecords

_IN_SOURCES = "key IN (SELECT e.paper FROM entries e JOIN sources s ON s.key = e.source WHERE {})"
_CITEKEY = "json_extract(details, '$.citekey')"
# The ways to name a paper, tried in this order until one matches.
_NAME_CONDITIONS = (
    "id = :name",
    f"folded_title = :folded OR {_CITEKEY} = :name OR {_IN_SOURCES.format('s.name = :name OR s.location = :path')}",
    f"{_CITEKEY} = :name COLLATE NOCASE OR {_IN_SOURCES.format('s.name = :name COLLATE NOCASE')}",
    "instr(folded_title, :folded) > 0",
)
_MAX_LISTED = 10  # papers listed for an ambiguous name

_LABEL_CONDITIONS = {"author": "instr(label, ?)", "tag": "label = ?", "collection": "instr(label, ?)"}


class FilterRecords(SearchRecords):
    """The part of the record that finds papers by name and filter."""

    def paper_key(self, name: str) -> int:
        """Return the key of the paper with this id; else title, citekey, file name or path; else part of a title.

        Raise UnknownPaper or AmbiguousPaper if no paper matches, or several do; the message lists their ids and titles.
        """
        arguments.text("paper", name)
        name = name.encode("utf-8", "replace").decode()  # SQLite rejects lone surrogates
        values = {"name": name.strip(), "folded": folded(name), "path": os.path.abspath(os.path.expanduser(name))}
        for condition in _NAME_CONDITIONS if values["folded"] else ():
            rows = self.rows(f"SELECT key, id, title FROM papers WHERE {condition} ORDER BY key", values)
            if len(rows) > 1:
                raise AmbiguousPaper(_ambiguous_message(name, rows))
            if rows:
                return int(rows[0]["key"])
        raise UnknownPaper(
            f"No paper in this library has the id, title, citekey or file name {name!r}, and no title contains it. "
            "`footnote list` shows them all."
        )

    def papers_matching(self, filters: Filters) -> list[int] | None:
        """Return the keys of the papers that match, or None if no filter is set.

        Raise UnknownPaper or AmbiguousPaper if a filter names a paper, year, author, source, tag or collection that no
        paper has.
        """
        if not filters:
            return None
        keys = {self.paper_key(name) for name in filters.papers} if filters.papers else None
        left_out = {self.paper_key(name) for name in filters.without}
        wanted: dict[str, Sequence[str | int]] = {
            "year": filters.years,
            "author": filters.authors,
            "source": filters.sources,
            "tag": filters.tags,
            "collection": filters.collections,
        }
        for kind, values in wanted.items():
            matching = set().union(*(self._matching(kind, value) for value in values))
            if values and not matching:
                names = " or ".join(repr(str(value)) for value in values)
                raise UnknownPaper(f"No paper in this library has the {kind} {names}.")
            if values:
                keys = matching if keys is None else keys & matching
        if keys is None:
            keys = {row[0] for row in self.rows("SELECT key FROM papers")}
        return sorted(keys - left_out)

    def _matching(self, kind: str, value: str | int) -> set[int]:
        if kind == "year":
            rows = self.rows("SELECT key FROM papers WHERE year = ?", (value,))
        elif kind == "source":
            part = str(value).casefold()
            sources = self.rows("SELECT key, name FROM sources")
            wanted = [row["key"] for row in sources if part in row["name"].casefold()]
            rows = self._in("SELECT paper FROM entries WHERE source IN ({})", wanted)
        else:
            sql = f"SELECT paper FROM labels WHERE kind = ? AND {_LABEL_CONDITIONS[kind]}"
            rows = self.rows(sql, (kind, str(value).casefold()))
        return {row[0] for row in rows}


def _ambiguous_message(name: str, rows: Sequence[sqlite3.Row]) -> str:
    shown = [f"  {row['id']}  {readable(row['title'])}" for row in rows[:_MAX_LISTED]]
    more = [f"  and {len(rows) - _MAX_LISTED:,} more"] if len(rows) > _MAX_LISTED else []
    return "\n".join([f"{len(rows):,} papers fit {name!r}; name one by its id:", *shown, *more])
