"""Decide what an `add` does: pure functions from what was found or read, and what is stored, to lists of actions.

Nothing here touches the record or the disk. `run` carries the actions out.
"""

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, NamedTuple

from ..store.sources import PARTLY, Failed
from ..text.readable import folded
from ..types import Paper
from .corrections import corrected
from .locate import ITEM, Located, Source

PaperKey = tuple[str, str]
"""What identifies a paper as read from its source: the folded title, and the digest of the text after the title."""


def key_of(paper: Paper) -> PaperKey:
    """Return the key of a paper as it was read."""
    return folded(paper.title), hashlib.sha256(paper.text[len(paper.title) :].encode()).hexdigest()


class SourceAction(NamedTuple):
    """What to do with a source.

    read: it is new or has changed; `detail` is its digest. unchanged: it is stored as it is. rename: its file moved
    here from the location `detail`. failed before: it could not be read and has not changed; `detail` says why.
    removed: the user removed one of its papers.
    """

    do: Literal["read", "unchanged", "rename", "failed before", "removed"]
    source: Source
    detail: str = ""


class StoredSources(NamedTuple):
    """What is stored about sources, by location.

    `digests` has None for a source that was not read completely; `missing` are locations whose file is gone;
    `removals` counts papers that the user removed.
    """

    digests: Mapping[str, str | None]
    failures: Mapping[str, Failed]
    missing: Collection[str]
    removals: Mapping[str, int]


def plan_sources(found: Iterable[tuple[Source, str]], stored: StoredSources) -> list[SourceAction]:
    """Return what to do with the sources that were found, each given with its digest."""
    digests, removals = dict(stored.digests), dict(stored.removals)
    actions: list[SourceAction] = []
    for source, digest in found:
        location = source.location
        failed = stored.failures.get(location)
        if failed and failed.digest in ((digest,) if source.named else (digest, PARTLY + digest)):
            actions.append(SourceAction("failed before", source, failed.reason))
            continue
        if not failed and location not in digests:
            moved = (old for old, known in digests.items() if known == digest and old in stored.missing)
            if old := next(moved, None):
                actions.append(SourceAction("rename", source, old))
                digests[location] = digests.pop(old)
                removals[location] = removals.get(location, 0) + removals.pop(old, 0)
        is_unchanged = not failed and digests.get(location) == digest
        removed = removals.get(location, 0) if is_unchanged else 0
        if is_unchanged:
            actions.append(SourceAction("unchanged", source))
        if not is_unchanged or (removed and source.named):
            actions.append(SourceAction("read", source, digest))
        else:
            actions += [SourceAction("removed", source)] * removed
    return actions


def sources_to_drop(located: Located, locations: Iterable[str], is_missing: Callable[[str], bool]) -> list[str]:
    """Return which of the stored locations are gone from the folders that were searched.

    A folder without any source drops nothing: its disk may not be mounted.
    """
    here = {source.location for source in located.sources}
    folders = [folder for folder in located.all_folders if any(Path(each).is_relative_to(folder) for each in here)]
    return [
        location
        for location in locations
        if location not in here
        and any(
            Path(location).is_relative_to(folder)
            and (
                folder in located.zotero
                or (ITEM not in location and is_missing(location))
                or any(book in Path(location).parents for book in located.books)  # a chapter that was read as a page
            )
            for folder in folders
        )
    ]


def failures_to_forget(located: Located, locations: Iterable[str]) -> list[str]:
    """Return which of the stored locations of found failures lie in the searched folders and no longer fail."""
    failing = located.found_failures.keys() | {source.location for source in located.sources}
    return [
        location
        for location in locations
        if location not in failing and any(Path(location).is_relative_to(folder) for folder in located.all_folders)
    ]


class PaperAction(NamedTuple):
    """What to do with a paper that was read; `stored` is the key of a stored paper.

    add: embed and store it. update: embed it and replace `stored`. link: the library has it. refresh: the library has
    it and takes its metadata from this source, see `plan_refresh`. describe: store its metadata, as title and text are
    the same. leave out: the user removed it.
    """

    do: Literal["add", "update", "link", "refresh", "describe", "leave out"]
    paper: Paper
    key: PaperKey
    stored: int | None = None


class StoredPapers(NamedTuple):
    """What is stored of the papers of one source, by the keys of the record.

    `known` has the papers of the whole library that the source shares; None for one that is not stored yet, but planned
    to be. `replaceable` are papers that only this source holds, or that are abstracts so far. `described` are papers
    that take their metadata from this source. `removed` are the papers that the user removed, `surely_removed` those
    with the same title and text. `held` is how many papers the source held so far.
    """

    known: Mapping[PaperKey, int | None]
    replaceable: Mapping[int, PaperKey]
    described: Collection[int]
    removed: Collection[PaperKey]
    surely_removed: Collection[PaperKey]
    held: int


def plan_papers(papers: Sequence[Paper], stored: StoredPapers) -> list[PaperAction]:
    """Return what to do with each paper of a source.

    Same title and text: the library has it. Same source and changed text: an update. Else a new paper, unless the user
    has removed it.
    """
    replaceable = dict(stored.replaceable)
    planned: set[PaperKey] = set()
    actions = []
    for paper in papers:
        key = key_of(paper)
        known = stored.known.get(key)
        if key in planned or key in stored.known:
            is_described = known in stored.described and key not in planned
            actions.append(PaperAction("refresh" if is_described else "link", paper, key, known))
            planned.add(key)
            continue
        old = _older_version(replaceable, key, is_only_paper=len(papers) == stored.held == 1)
        if key in stored.surely_removed or (old is None and key in stored.removed):
            actions.append(PaperAction("leave out", paper, key))
            continue
        planned.add(key)
        if old is not None:
            del replaceable[old]
        actions.append(PaperAction("add" if old is None else "update", paper, key, old))
    return actions


def plan_refresh(action: PaperAction, stored: Paper, corrections: dict[str, Any]) -> PaperAction:
    """Return how a stored paper gets the metadata of its source; the user's corrections stay."""
    wanted = corrected(replace(action.paper, id=stored.id, sources=stored.sources), corrections)
    if wanted == stored:
        return action._replace(do="link")
    if wanted.title != stored.title:
        return action._replace(do="update")
    return action._replace(do="describe", paper=wanted)


def _older_version(replaceable: Mapping[int, PaperKey], key: PaperKey, *, is_only_paper: bool) -> int | None:
    """Return which stored paper `key` is a new version of: by title, by text, or as the only paper of its source."""
    by_title = [stored for stored, (title, _) in replaceable.items() if title == key[0]]
    by_text = [stored for stored, (_, digest) in replaceable.items() if digest == key[1]]
    return next(iter([*by_title, *by_text, *(replaceable if is_only_paper else ())]), None)
