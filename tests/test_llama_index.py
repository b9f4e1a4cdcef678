"""A library inside LlamaIndex: the retriever in LlamaIndex's own query engine, and nodes that say where they stand."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.papers import PAPERS, write_pdf
from llama_index.core.llms import MockLLM
from llama_index.core.query_engine import RetrieverQueryEngine
from llama_index.core.schema import MetadataMode, NodeWithScore

from rag.assistant import Assistant
from rag.errors import QuestionError
from rag.llama_index import FootnoteRetriever

QUESTION = "How many otters does the kite count?"
OTTERS = "Counting Otters from Kites"


def retrieved(assistant: Assistant, question: str = QUESTION, **more: object) -> list[NodeWithScore]:
    return FootnoteRetriever(assistant, **more).retrieve(question)  # type: ignore[arg-type]


def test_a_query_engine_answers_from_the_library(assistant: Assistant) -> None:
    engine = RetrieverQueryEngine.from_args(FootnoteRetriever(assistant, top_k=2), llm=MockLLM())
    response = engine.query(QUESTION)
    assert response.source_nodes[0].metadata["title"] == OTTERS
    assert len(response.source_nodes) == 2
    assert "94.5% of the otters" in str(response)  # the mock model says its prompt again
    assert f"title: {OTTERS}" in str(response)


def test_nodes_carry_title_page_and_section(assistant: Assistant, tmp_path: Path) -> None:
    (tmp_path / "moss.md").write_text("# Moss on Roofs\n\n## Methods\n\nWe counted moss on 40 roofs by ladder.\n")
    write_pdf(
        tmp_path / "lamps.pdf",
        "Lamps for Deep Caves",
        "We carried lamps of four kinds into a deep cave and looked at how each of them did there over a whole winter.",
        "A carbide lamp burns for 190 minutes in a wet cave. Its flame is warm, and it can be lit again with one hand.",
    )
    assert assistant.add([tmp_path / "moss.md", tmp_path / "lamps.pdf"]).failed == []
    for question, title, page, section, source in (
        ("How was moss counted on roofs?", "Moss on Roofs", None, "Methods", "moss.md"),
        ("How long does a carbide lamp burn?", "Lamps for Deep Caves", 2, "1 Introduction", "lamps.pdf"),
        (QUESTION, OTTERS, None, None, "kites.txt"),
    ):
        metadata = retrieved(assistant, question)[0].metadata
        assert metadata == {
            "title": title,
            "page": page,
            "section": section,
            "paper_id": assistant.paper(title).id,
            "source": source,
        }


def test_nodes_are_the_passages_of_a_search_in_its_order(assistant: Assistant) -> None:
    nodes, passages = retrieved(assistant), assistant.search(QUESTION)
    assert [node.metadata["paper_id"] for node in nodes] == [passage.paper_id for passage in passages]
    assert [node.score for node in nodes] == [passage.score for passage in passages]
    assert len({node.node_id for node in nodes}) == len(nodes) == len(PAPERS)


def test_a_node_s_span_is_that_of_its_words_in_the_paper(assistant: Assistant, tmp_path: Path) -> None:
    (tmp_path / "kelp.txt").write_text('Kelp in Na\\"ive Waters\n\nKelp covers 34.0\\% of the bay\'s na\\"ive floor.\n')
    assistant.add([tmp_path / "kelp.txt"])
    node = retrieved(assistant, "How much of the bay does kelp cover?")[0].node
    text = assistant.paper(node.metadata["paper_id"]).text
    assert text[node.start_char_idx : node.end_char_idx] == "Kelp covers 34.0\\% of the bay's na\\\"ive floor."
    assert node.get_content() == "Kelp covers 34.0% of the bay's naïve floor."
    assert node.metadata["title"] == "Kelp in Naïve Waters"


def test_a_model_reads_where_a_node_stands_and_not_how_it_is_stored(assistant: Assistant) -> None:
    node = retrieved(assistant)[0].node
    assert node.get_content(MetadataMode.LLM) == f"title: {OTTERS}\n\n{PAPERS[OTTERS]}"


def test_a_retriever_keeps_to_its_filters_and_count(assistant: Assistant) -> None:
    assert len(retrieved(assistant, top_k=1)) == 1
    birds = "A Grammar of Bird Alarm Calls"
    assert [node.metadata["title"] for node in retrieved(assistant, papers=[birds])] == [birds]


def test_a_bad_question_is_our_error_inside_llamaindex(assistant: Assistant) -> None:
    with pytest.raises(QuestionError, match="The question is empty"):
        retrieved(assistant, "?!")
