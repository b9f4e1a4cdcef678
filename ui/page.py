"""Build the page with Gradio: its places, the endpoints for programs, and the look.

The page is the same for every library; papers come with its first event. No text of a paper, a question or a model is
read as Markdown, HTML or LaTeX: the templates escape it.
"""

from collections.abc import Callable, Sequence
from typing import Any

import gradio as gr
from gradio_client.utils import is_file_obj_with_meta, traverse

from .events import html_area, show_errors
from .place import PageParts, Services, places
from .session import Session
from .state_route import NOT_UPLOADED, is_uploaded

_MAX_QUEUED_EVENTS = 100
_PARALLEL_EVENTS = 8  # of one kind; questions have a limit of their own
_CACHE_SECONDS = 3600
_MAX_TABS = 100  # browser tabs whose state is kept, about 110 KB each; the least recently used is dropped first


class _Page(gr.Blocks):  # type: ignore[misc]
    """Accept only files that were uploaded to the page.

    Gradio checks this only for pages that it launches itself. For others it would copy any file of this machine that
    a request names, and fetch any address.
    """

    async def preprocess_data(self, block_fn: Any, inputs: list[Any], *values: Any, **named: Any) -> Any:
        traverse(inputs, _check_uploaded, is_file_obj_with_meta)
        return await super().preprocess_data(block_fn, inputs, *values, **named)


def _check_uploaded(file: dict[str, Any]) -> dict[str, Any]:
    if not is_uploaded(file["path"]):
        raise gr.Error(NOT_UPLOADED, print_exception=False)
    return file


def make_page(services: Services, functions: Sequence[Callable[..., Any]] = ()) -> gr.Blocks:
    """Return the page, with `functions` as its named endpoints."""
    session = Session(services.assistant, services.queue, services.papers, services.adding.unread)
    with _Page(
        title="Footnote", analytics_enabled=False, fill_width=True, delete_cache=(_CACHE_SECONDS, _CACHE_SECONDS)
    ) as page:
        with gr.Row(elem_id="bar"):
            gr.Markdown("# Footnote")
            header = html_area(elem_id="state")
        with gr.Tabs(elem_id="places") as tabs:
            parts = PageParts(services.assistant, session, services.papers, services.adding, header, page, tabs)
            for place in places():
                with gr.Tab(place.title, id=place.id) as parts.tab:
                    place.build(parts)
        for function in functions:
            gr.api(show_errors(function), api_name=function.__name__, concurrency_limit=None)
    page.state_session_capacity = _MAX_TABS
    page.queue(max_size=_MAX_QUEUED_EVENTS, default_concurrency_limit=_PARALLEL_EVENTS)
    return page


def theme() -> gr.Theme:
    """Return Gradio's theme in the system's fonts, with buttons dark enough for white text."""
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
