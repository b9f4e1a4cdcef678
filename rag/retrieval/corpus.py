"""The papers, index, models and settings that retrieval and answering work with."""

from pathlib import Path
from typing import Protocol

from ..config import Settings
from ..models.protocols import Embedder, Reranker
from ..store.index import Index
from ..store.papers import Records


class Corpus(Protocol):
    """What a question is answered from; implemented by `rag.library.Library`."""

    @property
    def settings(self) -> Settings: ...

    @property
    def folder(self) -> Path: ...

    @property
    def records(self) -> Records: ...

    @property
    def index(self) -> Index: ...

    @property
    def embedder(self) -> Embedder: ...

    @property
    def reranker(self) -> Reranker | None: ...

    def check_settings(self) -> None: ...
