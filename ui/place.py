"""Places of the page: each is a module in `ui.tabs` with a `PLACE`, found without being registered anywhere."""

import importlib
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import TYPE_CHECKING

import gradio as gr
from fastapi import FastAPI

from rag import Assistant

from . import tabs as tabs_package
from .adding import Adding
from .paper_list import PaperCache
from .question_queue import QuestionQueue
from .session import Session

if TYPE_CHECKING:
    from .tabs.ask import AskTab


@dataclass
class PageParts:
    """What a place is built with, and can use of the rest of the page.

    Attributes:
        header: the state in the bar; its value is `session.header()`.
        page, tabs, tab: the page, the navigation, and the place's own entry in it.
        ask: the conversation. The place "Read" sets it, and is built first.
    """

    assistant: Assistant
    session: Session
    papers: PaperCache
    adding: Adding
    header: gr.Markdown
    page: gr.Blocks
    tabs: gr.Tabs
    tab: gr.Tab = field(init=False)
    ask: "AskTab" = field(init=False)


@dataclass(frozen=True)
class Services:
    """What the page, and the routes of a place, are made with."""

    assistant: Assistant
    papers: PaperCache
    queue: QuestionQueue
    adding: Adding

    @classmethod
    def of(cls, assistant: Assistant) -> "Services":
        return cls(assistant, PaperCache(assistant), QuestionQueue(), Adding(assistant))


@dataclass(frozen=True)
class Place:
    """A place of the page.

    Attributes:
        title: its name in the navigation; in lower case its id.
        order: its rank in the navigation, and in the order in which places are built.
        build: adds its components and event handlers.
        add_routes: adds the routes that its scripts use.
        scripts: its scripts in `ui/static`.
    """

    title: str
    order: int
    build: Callable[[PageParts], None]
    add_routes: Callable[[FastAPI, Services], None] | None = None
    scripts: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return self.title.lower()


def places(package: ModuleType = tabs_package) -> Sequence[Place]:
    """Return the places of all modules of a package, in their order."""
    names = [module.name for module in pkgutil.iter_modules(package.__path__)]
    modules = [importlib.import_module(f"{package.__name__}.{name}") for name in names]
    return sorted((module.PLACE for module in modules if hasattr(module, "PLACE")), key=lambda place: place.order)
