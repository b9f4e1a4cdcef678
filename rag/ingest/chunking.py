"""Split papers into chunks that fit the embedder, at sentence ends and within one section, and embed them."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .. import config
from ..models.protocols import Embedder, MarkedText
from ..store.papers import StoredChunk
from ..text.kinds import BACK_MATTER, TABLE
from ..text.readable import readable
from ..types import Chunk, Paper, Section, Span
from .sentences import split_sentences, split_table

_PAUSES = tuple(",;:|—，、；：")
_MAX_HEADER_TOKENS = 80  # of title and section; also at most a third of what the model reads


class _Part(NamedTuple):
    """A span of a paper within one section, with the section's title and kind."""

    span: Span
    title: str | None
    kind: str


def chunk_paper(paper: Paper, embedder: Embedder, settings: config.Chunking) -> list[Chunk]:
    """Return the chunks of a paper in order; each fits into the model's input together with title and section.

    The title is in no chunk, as it is embedded with each of them; nor are sections of the kinds that the settings leave
    out. The chunks of a section have about the same length. A chunk can continue on the next page; its page is that of
    its beginning.
    """
    return [chunk for chunk, _ in _chunks_with_kinds(paper, embedder, settings)]


def _chunks_with_kinds(paper: Paper, embedder: Embedder, settings: config.Chunking) -> list[tuple[Chunk, str]]:
    """Return the chunks of a paper with the kind of text that each is of."""
    parts = [part for part in _parts(paper) if paper.text[slice(*part.span)].strip()]
    searched = [part for part in parts if part.kind not in settings.left_out]
    chunks = [
        (chunk, part.kind)
        for part in searched
        for chunk in _chunks_of(
            paper,
            part,
            split_table(paper, *part.span) if part.kind == TABLE else split_sentences(paper.text, *part.span),
            embedder,
            settings,
        )
    ]
    if chunks:
        return chunks
    # A paper of nothing but references, or of tables without rows, is searched after all.
    sentences = [(part, split_sentences(paper.text, *part.span)) for part in parts]
    return [(c, part.kind) for part, spans in sentences for c in _chunks_of(paper, part, spans, embedder, settings)]


def _chunks_of(
    paper: Paper, part: _Part, spans: list[Span], embedder: Embedder, settings: config.Chunking
) -> Iterator[Chunk]:
    """Yield the chunks of a part of a paper, given the spans of its sentences."""
    max_tokens = min(settings.max_tokens, embedder.card.max_tokens) - (embedder.card.max_tokens - embedder.room)
    header = embedder.count_tokens([_header(paper.title, part.title, embedder)])[0]
    room = max(max_tokens - header, max_tokens // 4)
    for group in _grouped(_fitting(paper.text, spans, room, embedder), room, settings.overlap_sentences):
        page = paper.page_at(group[0].start)
        yield Chunk(
            start=group[0].start,
            end=group[-1].end,
            sentences=tuple(group),
            page=page.number if page else None,
            page_label=page.label if page else None,
            section=part.title,
        )


def embedded_text(paper: Paper, chunk: Chunk, embedder: Embedder) -> MarkedText:
    """Return what is embedded for a chunk: title, section and sentences in readable form, the sentences marked."""
    text = _header(paper.title, chunk.section, embedder) + "\n"
    marks = []
    for start, end in chunk.sentences:
        sentence = readable(paper.text[start:end])
        marks.append(Span(len(text), len(text) + len(sentence)))
        text += sentence + " "
    return MarkedText(text.rstrip(), tuple(marks))


def embed_papers(
    papers: Sequence[Paper], embedder: Embedder, settings: config.Chunking
) -> list[tuple[list[StoredChunk], NDArray[np.float32]]]:
    """Return each paper's chunks with their vectors, and the vector of the whole, (dimensions,) of length 1.

    The whole is without back matter, which says nothing about the paper's topic. That of a paper without text is (1,).
    """
    chunks = [_chunks_with_kinds(paper, embedder, settings) for paper in papers]
    pairs = [(paper, chunk) for paper, of_paper in zip(papers, chunks, strict=True) for chunk, _ in of_paper]
    encoded = iter(embedder.encode_texts([embedded_text(paper, chunk, embedder) for paper, chunk in pairs]))
    results = []
    for of_paper in chunks:
        parts = [(next(encoded), chunk, kind) for chunk, kind in of_paper]
        about = [part for part, _, kind in parts if kind != BACK_MATTER] or [part for part, _, _ in parts]
        whole = np.atleast_1d(np.sum([part.vector * part.tokens for part in about], axis=0, dtype=np.float32))
        stored = [StoredChunk(chunk, part.vector, part.marks) for part, chunk, _ in parts]
        results.append((stored, np.asarray(whole / max(float(np.linalg.norm(whole)), 1e-12), np.float32)))
    return results


def _header(title: str, section: str | None, embedder: Embedder) -> str:
    header = readable(title) + (f": {readable(section)}" if section else "")
    tokens = embedder.token_spans(header)
    most = min(_MAX_HEADER_TOKENS, embedder.room // 3)
    return header if len(tokens) <= most else header[: tokens[most - 1].end]


def _parts(paper: Paper) -> Iterator[_Part]:
    """Yield the spans after the title that lie within one section."""
    first = len(paper.title) if paper.text.startswith(paper.title) else 0
    cuts = {first, len(paper.text), *(s.start for s in paper.sections), *(s.end for s in paper.sections)}
    edges = sorted(cut for cut in cuts if first <= cut <= len(paper.text))
    sections = sorted(paper.sections, key=lambda section: section.start)
    starts = [section.start for section in sections]
    for start, end in itertools.pairwise(edges):
        at = bisect.bisect_right(starts, start) - 1
        section = sections[at] if at >= 0 and start < sections[at].end else Section(None, start, end)
        yield _Part(Span(start, end), section.title, section.kind)


def _fitting(text: str, sentences: list[Span], room: int, embedder: Embedder) -> list[tuple[Span, int]]:
    """Return sentences with their token counts; cut those that are too long for a chunk between words."""
    counts = embedder.count_tokens([readable(text[a:b]) for a, b in sentences]) if sentences else []
    fitting: list[tuple[Span, int]] = []
    for span, count in zip(sentences, counts, strict=True):
        fitting += [(span, count)] if count <= room else _cut(text, span, room, embedder)
    return fitting


def _cut(text: str, span: Span, room: int, embedder: Embedder) -> list[tuple[Span, int]]:
    starts = [span.start + start for start, _ in embedder.token_spans(text[span.start : span.end])] + [span.end]
    pieces: list[tuple[Span, int]] = []
    first, begin = 0, span.start
    while begin < span.end:
        last = min(first + room, len(starts) - 1)
        # Go back to the start of a word, unless the word takes half the room.
        words = (i for i in range(last, first + room // 2, -1) if i == len(starts) - 1 or text[starts[i] - 1].isspace())
        last = _at_a_pause(text, starts, first + room // 2, next(words, last))
        # Half a word, or the readable form, can have more tokens than counted.
        while (count := embedder.count_tokens([readable(text[begin : starts[last]])])[0]) > room and last > first + 1:
            last = max(first + 1, min(last - 1, first + (last - first) * room // count))
        piece = text[begin : starts[last]]
        end = starts[last] - len(piece) + len(piece.rstrip())
        pieces.append((Span(begin + len(piece) - len(piece.lstrip()), end), count))
        first, begin = last, starts[last]
    return pieces


def _at_a_pause(text: str, starts: list[int], least: int, last: int) -> int:
    """Return the last index up to `last` where a clause or a table cell ends, or `last` if there is none."""
    if last == len(starts) - 1:
        return last
    return next((i for i in range(last, least, -1) if text[starts[i] - 2 : starts[i]].rstrip()[-1:] in _PAUSES), last)


def _grouped(sentences: list[tuple[Span, int]], room: int, overlap: int) -> list[list[Span]]:
    """Group adjacent sentences evenly, in as few groups as fit into `room` tokens each."""
    full = _filled(sentences, room, overlap, 1)
    even = _filled(sentences, room, overlap, len(full))
    return even if len(even) <= len(full) else full


def _filled(sentences: list[tuple[Span, int]], room: int, overlap: int, groups_left: int) -> list[list[Span]]:
    """Fill groups one after another, each with its share of the remaining tokens; the last ones as far as they fit."""
    left = sum(count for _, count in sentences)  # tokens of the sentences that are in no group yet
    groups: list[list[Span]] = []
    current: list[tuple[Span, int]] = []
    repeated = 0  # sentences of `current` that are in the previous group too
    used = fresh = 0  # tokens of `current`, and of its sentences that are in no group yet
    for span, count in sentences:
        if len(current) > repeated and (used + count > room or fresh + count / 2 > left / max(groups_left, 1)):
            groups.append([s for s, _ in current])
            left -= fresh
            groups_left -= 1
            current = current[-overlap:] if overlap else []
            used, fresh = sum(c for _, c in current), 0
            while current and used + count > room:
                used -= current.pop(0)[1]
            repeated = len(current)
        current.append((span, count))
        used, fresh = used + count, fresh + count
    if current:
        groups.append([s for s, _ in current])
    return groups
