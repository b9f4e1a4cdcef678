"""Read sources in worker processes, and add what a bibliography knows about them."""

import logging
import os
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

from ..errors import SourceError
from ..reading.failures import unexpected
from ..reading.sandbox.requests import read_file_in_sandbox
from ..reading.sources import Item, Reading, make_paper
from ..types import Page, Paper
from .corrections import retitled
from .locate import Source

log = logging.getLogger("footnote")

_BRIEF_PAGES = 2  # of a PDF are read for its abstract
_BRIEF_CHARACTERS = 1500  # stand in for the abstract of a paper without one
_AHEAD = 4  # sources that are read ahead for each worker


def read_ahead(
    sources: Sequence[tuple[Source, str]], brief: bool
) -> Iterator[tuple[Source, str, Reading | SourceError]]:
    """Yield sources and their digests with their readings, in order; one worker process per core reads ahead."""
    workers = os.cpu_count() or 1
    ahead: deque[Future[Reading | SourceError]] = deque()
    following = iter([source for source, _ in sources])
    stop = threading.Event()
    pool = ThreadPoolExecutor(workers)
    try:
        for source, digest in sources:
            while len(ahead) < workers * _AHEAD and (upcoming := next(following, None)):
                ahead.append(pool.submit(_try_reading, upcoming, brief, stop))
            yield source, digest, ahead.popleft().result()
    finally:
        stop.set()
        pool.shutdown(wait=False, cancel_futures=True)


def _try_reading(source: Source, brief: bool, stop: threading.Event) -> Reading | SourceError:
    """Return what a source gave, or why it failed: a bug in a reader must not stop the other sources."""
    try:
        return read_source(source, brief, stop)
    except SourceError as error:
        return error
    except Exception as error:
        log.debug("%s", source.name, exc_info=True)
        return SourceError(unexpected(error))


def read_source(source: Source, brief: bool = False, stop: threading.Event | None = None) -> Reading:
    """Return the papers of a source; `brief` reads only titles and abstracts, from a PDF's first pages.

    Raise SourceError if nothing can be read, and why; or `stop` was set.
    """
    item = source.item
    if item and item.abstract and (brief or source.path is None):
        return Reading([replace(abstract_of(item), brief=source.path is not None)])
    assert source.path is not None
    pages = _BRIEF_PAGES if brief else None
    reading = read_file_in_sandbox(source.path, source.name, pages, outside=source.outside, stop=stop)
    papers = [_described(paper, source) for paper in reading.papers]
    if source.afar:
        note = f"its file lies outside of the added folder: {source.name}"
        papers = [replace(paper, notes=(*paper.notes, note)) for paper in papers]
    return Reading([_in_brief(paper) for paper in papers] if brief else papers, reading.failures)


def abstract_of(item: Item) -> Paper:
    """Return a paper made of a bibliography's title, metadata and abstract."""
    notes = tuple(f"only its abstract is here; its file {name!r} is missing" for name in item.missing)
    return make_paper(item.title, item.abstract or "", **item.details, notes=notes, extent="abstract")


def _described(paper: Paper, source: Source) -> Paper:
    """Return a paper with its bibliography's metadata, which takes precedence over what was read."""
    item = source.item
    if item is None or not item.title:
        return paper
    known = {name: value for name, value in item.details.items() if value}
    title = item.title
    if len(item.files) > 1 and source.path != item.files[0]:  # a supplement: the paper is the first file
        title = f"{title} ({source.name})"
        known = {name: value for name, value in known.items() if name not in ("doi", "arxiv_id")}
    certainty = dict(paper.certainty) | dict.fromkeys(("title", *known), 1.0)
    known_certainty = tuple((name, value) for name, value in certainty.items() if paper.certainty)
    return replace(retitled(paper, title), **known, certainty=known_certainty)


def _in_brief(paper: Paper) -> Paper:
    abstract = next((s for s in paper.sections if s.kind == "abstract"), None)
    start = abstract.start if abstract else len(paper.title)
    end = abstract.end if abstract else min(len(paper.text), start + _BRIEF_CHARACTERS)
    text = f"{paper.title}\n\n{paper.text[start:end].strip()}"
    page = paper.page_at(start + len(paper.text[start:end]) - len(paper.text[start:end].lstrip()))
    pages = (Page(page.number, page.label, len(paper.title) + 2, len(text)),) if page else ()
    return replace(paper, text=text, pages=pages, sections=(), tables=(), boxes=None, brief=True, extent="abstract")
