"""Retrieve passages of a library in any LlamaIndex application."""

from typing import Any

from llama_index.core.retrievers import BaseRetriever
from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode

from .assistant import Assistant
from .text.readable import readable
from .types import Passage


class FootnoteRetriever(BaseRetriever):
    """Retrieve passages as nodes with `title`, `page`, `section` and the span in the paper.

    Args:
        assistant: an assistant, which must stay open.
        top_k: the number of nodes; default `[retrieval] top_k`.
        filters: `papers`, `years`, `authors`, `sources`, `tags` as in `Assistant.search`.
    """

    def __init__(self, assistant: Assistant, top_k: int | None = None, **filters: Any) -> None:
        super().__init__()
        self._assistant = assistant
        self._top_k = top_k
        self._filters = filters

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        passages = self._assistant.search(query_bundle.query_str, self._top_k, **self._filters)
        return [NodeWithScore(node=as_node(passage), score=passage.score) for passage in passages]


def as_node(passage: Passage) -> TextNode:
    """Return a passage as a node: its readable text, with its position in the paper as metadata."""
    place = {"page": passage.page, "section": passage.section}
    unread = ["paper_id", "source", *(name for name, value in place.items() if value is None)]
    return TextNode(
        id_=f"{passage.paper_id}:{passage.start}-{passage.end}",
        text=readable(passage.text),
        start_char_idx=passage.start,
        end_char_idx=passage.end,
        metadata={"title": readable(passage.title), **place, "paper_id": passage.paper_id, "source": passage.source},
        excluded_embed_metadata_keys=unread,
        excluded_llm_metadata_keys=unread,
    )
