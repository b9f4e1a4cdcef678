"""The chat page, of Gradio's components: what stands where, and what each thing does.

The page that a browser loads is the same for every library; what is of the papers comes with the first event. Nothing
of a paper, a question or a model is read as Markdown, HTML or LaTeX: `ui.render` escapes it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder
from gradio_client.utils import is_file_obj_with_meta, traverse

from rag import Assistant

from .admission import Counter
from .api import programs
from .events import place_for_html, told
from .paper_list import Shelves
from .tabs.answers import Asking
from .tabs.ask import make_ask_tab, wire_ask_tab
from .tabs.conversations import make_talks_tab, wire_talks_tab
from .tabs.library import make_library_tab, wire_library_tab
from .tabs.papers import Papers

_QUEUE = 100  # events that wait
_EVENTS = 8  # of one kind at once, but for questions
_CACHE_SECONDS = 3600
_SESSIONS = 100  # browser tabs whose state is kept, about 110 KB each; the one that was used longest ago goes first


class _Page(gr.Blocks):  # type: ignore[misc]
    """Gradio's page, which takes of files only what was uploaded to it.

    Gradio checks that for pages alone that it launches by itself; for others it would copy any file of this machine
    that a request names, and fetch any address.
    """

    async def preprocess_data(self, block_fn: Any, inputs: list[Any], *values: Any, **named: Any) -> Any:
        traverse(inputs, _checked_file, is_file_obj_with_meta)
        return await super().preprocess_data(block_fn, inputs, *values, **named)


def _checked_file(file: dict[str, Any]) -> dict[str, Any]:
    if not Path(file["path"]).resolve().is_relative_to(Path(get_upload_folder()).resolve()):
        raise gr.Error("Only files that were uploaded to this page are taken.", print_exception=False)
    return file


def make_page(assistant: Assistant, counter: Counter) -> gr.Blocks:
    """The page as Gradio blocks."""
    shelves = Shelves(assistant)
    asking, papers = Asking(assistant, counter, shelves), Papers(assistant, shelves)
    with _Page(
        title="Footnote", analytics_enabled=False, fill_width=True, delete_cache=(_CACHE_SECONDS, _CACHE_SECONDS)
    ) as page:
        gr.Markdown("# Footnote")
        head = place_for_html()
        with gr.Tabs() as tabs:
            with gr.Tab("Ask", id="ask"):
                ask = make_ask_tab(head)
            with gr.Tab("Library", id="library") as library_tab:
                library = make_library_tab()
            with gr.Tab("Conversations", id="conversations") as talks_tab:
                talks = make_talks_tab()
        wire_ask_tab(ask, asking, papers, page)
        wire_library_tab(library, library_tab, papers, asking, ask)
        wire_talks_tab(talks, talks_tab, tabs, assistant, asking, ask)
        for function in programs(assistant, counter, shelves):
            gr.api(told(function), api_name=function.__name__, concurrency_limit=None)
    # Who is answered and who waits is counted elsewhere, for all ways of asking; Gradio's own count stands behind it.
    page.state_session_capacity = _SESSIONS
    page.queue(max_size=_QUEUE, default_concurrency_limit=_EVENTS)
    return page


def theme() -> gr.Theme:
    """Gradio's own look in the system's fonts, of which it lacks the bold ones; buttons dark enough for white text."""
    fonts = {"font": ("system-ui", "sans-serif"), "font_mono": ("ui-monospace", "monospace")}
    return gr.themes.Default(primary_hue="blue", secondary_hue="blue", **fonts).set(
        button_primary_background_fill="*primary_700",
        button_primary_background_fill_dark="*primary_700",
        button_primary_background_fill_hover="*primary_800",
        button_primary_background_fill_hover_dark="*primary_800",
        button_cancel_background_fill="#b91c1c",
        button_cancel_background_fill_dark="#b91c1c",
        button_cancel_background_fill_hover="#991b1b",
        button_cancel_background_fill_hover_dark="#991b1b",
    )
