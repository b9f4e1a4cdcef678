"""The plan of an `add`, without a database: which sources are read, renamed or dropped, and what becomes of papers."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.ingest.locate import Located, Source
from rag.ingest.plan import (
    PaperAction,
    SourceAction,
    StoredPapers,
    StoredSources,
    failures_to_forget,
    key_of,
    plan_papers,
    plan_refresh,
    plan_sources,
    sources_to_drop,
)
from rag.store.sources import NOT_FOUND, PARTLY, Failed
from rag.types import Failure, Paper

NEW = StoredPapers(known={}, replaceable={}, described=(), removed=(), surely_removed=(), held=0)
EMPTY = StoredSources(digests={}, failures={}, missing=(), removals={})


def source(name: str, *, named: bool = False) -> Source:
    return Source(f"/papers/{name}", name, Path("/papers", name), named=named)


def paper(title: str, text: str = "It grows.", **more: object) -> Paper:
    return Paper(title, f"{title}\n\n{text}", **more)  # type: ignore[arg-type]


OAK, ELM, FIR = paper("Oak"), paper("Elm", "It sways."), paper("Fir", "It stands.")
NEWER_OAK = paper("Oak", "It grew.")

# Sources


def test_a_new_or_changed_source_is_read_and_another_is_unchanged() -> None:
    new, changed, same, unfinished = (source(f"{name}.txt") for name in ("new", "changed", "same", "unfinished"))
    stored = EMPTY._replace(digests={changed.location: "1", same.location: "2", unfinished.location: None})
    found = [(new, "0"), (changed, "9"), (same, "2"), (unfinished, "3")]
    assert plan_sources(found, stored) == [
        SourceAction("read", new, "0"),
        SourceAction("read", changed, "9"),
        SourceAction("unchanged", same),
        SourceAction("read", unfinished, "3"),
    ]


def test_a_renamed_file_is_followed_once_and_only_if_the_old_one_is_gone() -> None:
    old, new, copy = (source(f"{name}.txt") for name in ("old", "new", "copy"))
    stored = EMPTY._replace(digests={old.location: "1"}, missing={old.location}, removals={old.location: 1})
    assert plan_sources([(new, "1"), (copy, "1")], stored) == [
        SourceAction("rename", new, old.location),
        SourceAction("unchanged", new),
        SourceAction("removed", new),
        SourceAction("read", copy, "1"),
    ]
    assert plan_sources([(new, "1")], stored._replace(missing=())) == [SourceAction("read", new, "1")]


@pytest.mark.parametrize(
    ("named", "digest", "do"),
    [
        (True, "1", "failed before"),
        (False, "1", "failed before"),
        (True, "2", "read"),
        (True, f"{PARTLY}1", "read"),
        (False, f"{PARTLY}1", "failed before"),
        (False, NOT_FOUND, "read"),
    ],
)
def test_a_failure_is_not_retried_until_the_file_changes(named: bool, digest: str, do: str) -> None:
    broken = source("broken.pdf", named=named)
    failed = Failed(broken.location, broken.name, digest, "it is empty")
    stored = EMPTY._replace(failures={broken.location: failed}, digests={broken.location: "1"})
    assert [action.do for action in plan_sources([(broken, "1")], stored)] == [do]


def test_removed_papers_come_back_only_if_their_file_is_named() -> None:
    stored = EMPTY._replace(digests={"/papers/a.txt": "1"}, removals={"/papers/a.txt": 2})
    for named, then in ((False, ["removed", "removed"]), (True, ["read"])):
        actions = plan_sources([(source("a.txt", named=named), "1")], stored)
        assert [action.do for action in actions] == ["unchanged", *then]


def test_a_source_is_dropped_only_if_its_file_is_gone_and_its_folder_is_not_empty() -> None:
    located = Located(folders=[Path("/papers")], sources=[source("here.txt")])
    locations = ["/papers/here.txt", "/papers/gone.txt", "/papers/unreadable.txt", "/elsewhere/gone.txt"]
    gone = {"/papers/gone.txt", "/elsewhere/gone.txt"}
    assert sources_to_drop(located, locations, gone.__contains__) == ["/papers/gone.txt"]
    located.sources.clear()  # an unmounted disk
    assert sources_to_drop(located, locations, gone.__contains__) == []


def test_an_item_removed_from_a_zotero_library_is_dropped_although_its_file_exists() -> None:
    located = Located(folders=[Path("/papers")], zotero=[Path("/papers/zotero")])
    located.sources = [Source("/papers/zotero/a.pdf", "a.pdf", Path("/papers/zotero/a.pdf"))]
    dropped = sources_to_drop(located, ["/papers/zotero/zotero.sqlite#KEY", "/papers/b.pdf"], lambda _: False)
    assert dropped == ["/papers/zotero/zotero.sqlite#KEY"]


def test_a_found_failure_is_forgotten_when_its_folder_no_longer_has_it() -> None:
    located = Located(folders=[Path("/papers")], sources=[source("here.txt")])
    located.found_failures["/papers/locked"] = Failure("locked", None, "it may not be read")
    locations = ["/papers/locked", "/papers/here.txt", "/papers/unlocked", "/elsewhere/locked"]
    assert failures_to_forget(located, locations) == ["/papers/unlocked"]


# The papers of a source


def planned(papers: list[Paper], stored: StoredPapers) -> list[tuple[str, int | None]]:
    actions = plan_papers(papers, stored)
    assert [(action.paper, action.key) for action in actions] == [(paper, key_of(paper)) for paper in papers]
    return [(action.do, action.stored) for action in actions]


def test_new_papers_are_added_and_one_that_is_read_twice_is_linked() -> None:
    assert planned([OAK, ELM, OAK], NEW) == [("add", None), ("add", None), ("link", None)]


def test_an_existing_paper_is_linked_and_refreshed_only_from_its_first_source() -> None:
    stored = NEW._replace(known={key_of(OAK): 1, key_of(ELM): 2, key_of(FIR): None}, described={1})
    assert planned([OAK, ELM, FIR, OAK], stored) == [("refresh", 1), ("link", 2), ("link", None), ("link", 1)]


@pytest.mark.parametrize(
    ("replaceable", "held", "papers", "expected"),
    [
        ({1: key_of(OAK)}, 2, [NEWER_OAK, ELM], [("update", 1), ("add", None)]),  # by title
        ({1: (key_of(ELM)[0], key_of(NEWER_OAK)[1])}, 2, [NEWER_OAK, FIR], [("update", 1), ("add", None)]),  # by text
        ({1: key_of(ELM)}, 1, [NEWER_OAK], [("update", 1)]),  # as the only paper
        ({1: key_of(ELM)}, 2, [NEWER_OAK], [("add", None)]),
        ({1: key_of(OAK)}, 2, [NEWER_OAK, paper("Oak", "It fell.")], [("update", 1), ("add", None)]),  # only once
    ],
)
def test_a_changed_paper_updates_its_older_version(
    replaceable: dict[int, tuple[str, str]],
    held: int,
    papers: list[Paper],
    expected: list[tuple[str, int | None]],
) -> None:
    assert planned(papers, NEW._replace(replaceable=replaceable, held=held)) == expected


def test_a_removed_paper_is_left_out_unless_it_updates_another_one() -> None:
    key = key_of(NEWER_OAK)
    assert planned([NEWER_OAK], NEW._replace(removed={key})) == [("leave out", None)]
    old = NEW._replace(removed={key}, replaceable={1: key_of(OAK)}, held=1)
    assert planned([NEWER_OAK], old) == [("update", 1)]
    assert planned([NEWER_OAK], old._replace(surely_removed={key})) == [("leave out", None)]


def test_a_refresh_keeps_corrections_and_embeds_only_a_new_title() -> None:
    stored = paper("Oak", id="ab", sources=("a.txt",), year=2020)

    def refreshed(read: Paper) -> PaperAction:
        return plan_refresh(PaperAction("refresh", read, key_of(OAK), 1), stored, {"year": 2020})

    assert refreshed(paper("Oak", year=2021)).do == "link"
    described = refreshed(paper("Oak", year=2021, venue="Trees"))
    assert (described.do, described.paper.year, described.paper.venue) == ("describe", 2020, "Trees")
    spelled = paper("OAK", year=2021)
    assert refreshed(spelled) == PaperAction("update", spelled, key_of(OAK), 1)
