"""Items of a Zotero library: metadata, collections, groups, and the library kept in step with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from helpers.papers import write_plant
from helpers.zotero_folder import ZoteroFolder, stored

from rag.assistant import Assistant
from rag.errors import SourceError

WITHOUT_RERANKING = {"cross_encoder": {"model": "none"}}


def test_an_item_has_all_its_metadata(zotero: ZoteroFolder) -> None:
    number = zotero.item(
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
    zotero.creator(number, "Willow", "Alder", "editor")
    zotero.creator(number, "Ash", "Rowan")
    zotero.creator(number, "", "The River Group")
    zotero.tag(number, "rivers; lakes and ponds")
    zotero.tag(number, "otters", automatic=True)
    zotero.collection("Chapter 2", number, within=zotero.collection("Thesis"))
    zotero.collection("Animals", number)
    zotero.file("BBBB2222", "storage:Rowan - 2021 - Otters.pdf", number)
    item = zotero.only()
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
    assert item.files == (zotero.folder / "storage" / "BBBB2222" / "Rowan - 2021 - Otters.pdf",)
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
    zotero: ZoteroFolder, fields: dict[str, Any], known: dict[str, Any]
) -> None:
    zotero.item("AAAA1111", title="Otters", **fields)
    details = zotero.only().details
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
def test_only_html_is_removed_from_a_title(zotero: ZoteroFolder, title: str, plain: str) -> None:
    zotero.item("AAAA1111", "case", caseName=title)
    assert zotero.only().title == plain


def test_an_item_without_authors_has_its_editors(zotero: ZoteroFolder) -> None:
    number = zotero.item("AAAA1111", "book", title="Otters")
    zotero.creator(number, "Willow", "Alder", "editor")
    zotero.creator(number, "Ash", "Rowan", "translator")
    assert zotero.only().details["authors"] == ("Willow Alder",)


def test_deleted_items_and_notes_are_left_out(zotero: ZoteroFolder) -> None:
    gone = zotero.item("AAAA1111", title="Gone")
    zotero.file("BBBB1111", "storage:gone.pdf", gone)
    zotero.delete(gone)
    kept = zotero.item("AAAA2222", title="Kept")
    zotero.delete(zotero.file("BBBB2222", "storage:old.pdf", kept))
    zotero.file("BBBB3333", "storage:new.pdf", kept)
    zotero.delete(zotero.file("BBBB4444", "storage:alone.pdf"))
    zotero.item("CCCC1111", "note")
    zotero.item("CCCC2222", "annotation")
    zotero.item("CCCC3333", title="News", library=3)
    bin_, inner = zotero.collection("Bin", kept), zotero.collection("Rest")
    zotero.collection("Inner", kept, within=bin_)
    zotero.database.execute("INSERT INTO deletedCollections (collectionID) VALUES (?)", [bin_])
    zotero.database.execute("UPDATE collections SET parentCollectionID = ? WHERE collectionID = ?", [inner, inner])
    item = zotero.only()
    assert (item.key, stored(item), item.details["collections"]) == ("AAAA2222", ["BBBB3333/new.pdf"], ())


def test_groups_are_read_too(zotero: ZoteroFolder) -> None:
    zotero.item("AAAA1111", title="Mine")
    number = zotero.item("AAAA1111", title="Ours", library=2)
    zotero.file("BBBB2222", "storage:ours.pdf", number, library=2)
    mine, ours = zotero.read()
    assert mine.details["zotero"] == "zotero://select/library/items/AAAA1111"
    assert ours.details["zotero"] == "zotero://select/groups/4711/items/AAAA1111"
    assert (mine.files, stored(ours)) == ((), ["BBBB2222/ours.pdf"])


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
    zotero: ZoteroFolder, wanted: list[str], without: list[str], keys: str
) -> None:
    a, b, c, _ = (zotero.item(key, title=key) for key in "abcd")
    thesis, old = zotero.collection("Thesis", a), zotero.collection("Old")
    zotero.collection("Chapter 2", b, within=thesis)
    zotero.collection("Chapter 2", c, within=old)
    zotero.collection("Thesis 2")
    assert "".join(item.key for item in zotero.read(*wanted, without=tuple(without))) == keys


@pytest.mark.parametrize("names", [(("Reed",), ()), ((), ("Reed",))])
def test_an_unknown_collection_is_refused_with_the_known_ones(
    zotero: ZoteroFolder, names: tuple[tuple[str, ...], tuple[str, ...]]
) -> None:
    zotero.collection("Moss", within=zotero.collection("Reeds"))
    with pytest.raises(SourceError, match="no collection 'Reed' in Zotero; its collections are: Reeds, Reeds/Moss"):
        zotero.read(*names[0], without=names[1])


def test_a_zotero_library_is_added_asked_and_synchronised(zotero: ZoteroFolder, tmp_path: Path) -> None:
    oak = zotero.item("OAK00000", title="The Oak, as It Grows", date="2019-00-00 2019", abstractNote="Not this.")
    zotero.creator(oak, "Hazel", "Fern")
    zotero.tag(oak, "roots")
    zotero.file("OAKFILE0", "storage:oak.pdf", oak)
    zotero.file("OAKMORE0", "storage:more.pdf", oak)
    moss = zotero.item("MOSS0000", title="Moss on Roofs", abstractNote="Moss covers 12 of 40 roofs.")
    zotero.file("MOSSFILE", "storage:moss.pdf", moss, there=False)
    zotero.item("BOOK0000", "book", title="A Book without Anything")
    zotero.collection("Thesis", oak)
    storage = zotero.folder / "storage"
    write_plant(tmp_path, "Oak", 12).replace(storage / "OAKFILE0" / "oak.pdf")
    write_plant(tmp_path, "Fern", 13).replace(storage / "OAKMORE0" / "more.pdf")
    zotero.database.commit()
    before = sorted(zotero.folder.rglob("*"))
    with Assistant.open(library=tmp_path / "mine", mode="quote", overrides=WITHOUT_RERANKING) as assistant:
        report = assistant.add(zotero.folder)
        titles = ["Moss on Roofs", "The Oak, as It Grows", "The Oak, as It Grows (more.pdf)"]
        assert sorted(ref.title for ref in report.added) == titles
        assert [str(f) for f in report.failed] == ["Zotero: the file 'moss.pdf' of 'Moss on Roofs' is missing"]
        assert sorted(zotero.folder.rglob("*")) == before
        citations = assistant.ask("How deep did the roots of oak reach in sand?", collections="thesis").citations
        (citation,) = [c for c in citations if "112 cm" in c.quote]
        assert (citation.link, citation.page, citation.year) == ("zotero://select/library/items/OAK00000", 2, 2019)
        assert citation.authors == ("Hazel Fern",)
        assert assistant.search("moss on roofs", tags="roots")[0].title != "Moss on Roofs"
        assert len(assistant.add(zotero.folder).unchanged) == 3
        zotero.delete(oak)
        zotero.database.commit()
        assert sorted(ref.title for ref in assistant.add(zotero.folder).removed) == titles[1:]


def test_a_collection_of_a_zotero_library_can_be_added_alone_or_left_out(zotero: ZoteroFolder, tmp_path: Path) -> None:
    for name in ("Moss", "Fern", "Reed"):
        number = zotero.item(f"{name}0000", title=f"On {name}", abstractNote=f"{name} grows.")
        zotero.collection(name, number)
    zotero.database.commit()
    with Assistant.open(library=tmp_path / "mine", mode="quote", overrides=WITHOUT_RERANKING) as assistant:
        assert [ref.title for ref in assistant.add(zotero.folder, collections="moss").added] == ["On Moss"]
        assert [ref.title for ref in assistant.add(zotero.folder, without_collections=["reed", "moss"]).added] == [
            "On Fern"
        ]
        assert len(assistant.papers()) == 2  # papers left out this time are not removed
        (failure,) = assistant.add(zotero.folder, collections="Algae").failed
        assert "Algae" in failure.reason
