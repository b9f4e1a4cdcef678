"""Run the commands of `footnote` on an open assistant. Each returns its exit status; parser.py defines the options."""

from __future__ import annotations

import argparse
import contextlib
import difflib
import importlib
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import AnswerModelError, LibraryBusy, UnknownConversation
from .render import byline, print_growing, print_json, print_text, progress, say

if TYPE_CHECKING:
    from .. import AddReport, Answer, Assistant, Paper, SavedAnswer
    from ..types import Failure

DONE, NOT_DONE, WRONG_USE = 0, 1, 2

_PAGE = 500  # papers listed at a time
_MARK = re.compile(r"\[[\d, ]+\]")  # of a citation
_COMPARED = ("refused", "complete", "mode", "model", "prompt_version")  # keys of answers that `again` compares
_EDITABLE = ("title", "authors", "year", "venue", "doi", "arxiv_id", "citekey", "tags")


def add(assistant: Assistant, options: argparse.Namespace) -> int:
    """Run `footnote add`: NOT_DONE if something could not be read, or there was nothing to read."""
    report = _add(assistant, options.paths, options)
    if not any((report.added, report.updated, report.unchanged, report.removed, report.failed, report.failed_before)):
        say("There was nothing to read in it.")
        return NOT_DONE
    say(f"Library: {assistant.status().name}")
    return NOT_DONE if report.failed else DONE


def watch(assistant: Assistant, options: argparse.Namespace) -> int:
    from watchfiles import Change, watch

    folder = Path(options.folder).expanduser()
    if not folder.is_dir():
        say(f"{options.folder!r} is not a folder.")
        return NOT_DONE
    library = assistant.status().folder.resolve()

    def is_outside_library(change: Change, path: str) -> bool:
        return not Path(path).resolve().is_relative_to(library)

    say(f"Watching {folder.name or folder}. Ctrl-C stops.")
    # Yielding on timeout starts the first round only once watching has begun, so that no change is missed.
    rounds = watch(
        folder, watch_filter=is_outside_library, yield_on_timeout=True, rust_timeout=500, step=1000, debounce=10_000
    )
    is_due = True
    failed: list[Failure] | None = None
    with contextlib.suppress(KeyboardInterrupt):
        for changes in rounds:
            if changes or is_due:
                try:
                    failed = _add(assistant, [options.folder], options, failed).failed
                    is_due = False
                except LibraryBusy as error:
                    say(f"{error} Trying again.")
                    is_due = True
    return DONE


def _add(
    assistant: Assistant,
    paths: Sequence[str],
    options: argparse.Namespace,
    failed_before: Sequence[Failure] | None = None,
) -> AddReport:
    """Add and print a report; given the failures of the previous round, print only what is new."""
    from .. import failure_lines, kinds_line

    is_first = failed_before is None
    with progress("Adding") as on_progress:
        report = assistant.add(paths, on_progress, collections=options.collection, without_collections=options.without)
    for line in failure_lines([failure for failure in report.failed if failure not in (failed_before or ())]):
        say(f"not read: {line}")
    if is_first:
        for line in failure_lines(report.failed_before):
            say(f"still not read: {line}")
        if report.passed_over:
            say(f"skipped: {kinds_line(report.passed_over)}")
    if is_first or report.added or report.updated or report.removed:
        print_text(str(report))
    return report


def ask(assistant: Assistant, options: argparse.Namespace) -> int:
    """Run `footnote ask`; a refusal counts as done."""
    from .. import NEW_CONVERSATION

    context = _follow_up(assistant) if options.continued else {"conversation": NEW_CONVERSATION}
    filters = {name: value for name, value in _filters(options).items() if value is not None}
    answers = assistant.stream(" ".join(options.question), **{**context, **filters})
    if options.json:
        *_, answer = answers
        print_json(answer.to_dict())
    else:
        answer = print_growing(answers)
    # Said only at the first question of a library: after that, working without a model is a choice.
    if answer.number == 1 and isinstance(assistant.writer(), AnswerModelError):
        say("Answers are quotes: no local model was found. `footnote doctor` says how to add one.")
    return DONE


def _follow_up(assistant: Assistant) -> dict[str, Any]:
    """Return history, filters and conversation of the last question, for one that follows up on it."""
    last = next(iter(assistant.history(1)), None)
    if last is None:
        raise UnknownConversation("There is nothing to continue: this library has no stored question.")
    from .. import NEW_CONVERSATION

    turns = [tuple(turn) for turn in last.request["history"]]
    scope = {name: values for name, values in last.request["scope"].items() if values}
    conversation = NEW_CONVERSATION if last.conversation is None else last.conversation
    return {"history": [*turns, (last.question, last.answer["text"])], "conversation": conversation, **scope}


def search(assistant: Assistant, options: argparse.Namespace) -> int:
    from .. import readable
    from ..types import short_section

    passages = assistant.search(" ".join(options.question), options.top_k, **_filters(options))
    if options.json:
        print_json([passage.to_dict() for passage in passages])
        return DONE
    for rank, passage in enumerate(passages, 1):
        page = passage.page_label or passage.page
        place = ", ".join(filter(None, [f"p. {page}" if page else "", short_section(passage.section or "")]))
        print_text(
            f"{rank:2d}. {readable(passage.title)}{f' ({place})' if place else ''}  "
            f"[{passage.score:.2f}, {passage.paper_id}]\n    {' '.join(readable(passage.text).split())}\n"
        )
    return DONE


def history(assistant: Assistant, options: argparse.Namespace) -> int:
    from ..text.searched import searched_text

    saved = assistant.history(options.most)
    if options.json:
        print_json([each.to_dict() for each in saved])
        return DONE
    for each in reversed(saved):
        answer = each.as_answer()
        notes = ["refused" if answer.refused else each.made_with["model"] or "quotes"]
        notes += [searched_text(answer.searched)] if answer.searched.get("filters") else []
        print_text(f"{each.key:4d}  {each.asked}  {each.question}  [{'; '.join(notes)}]")
    if not saved:
        say("No question has been asked yet.")
    return DONE


def feedback(assistant: Assistant, options: argparse.Namespace) -> int:
    rated = assistant.feedback()
    if options.export:
        _export(rated, assistant.papers())
    elif options.json:
        print_json([each.to_dict() for each in rated])
    else:
        for each in rated:
            print_text(_rating_line(each))
    if not rated:
        say("No answer has been rated yet: use the buttons below an answer on the page.")
    return DONE


def _rating_line(saved: SavedAnswer) -> str:
    assert saved.feedback
    good, comment, given = saved.feedback
    rating = {True: "good", False: "bad ", None: "    "}[good]
    remark = f"  [{' '.join(comment.split())}]" if comment else ""
    return f"{saved.key:4d}  {given}  {rating}  {saved.question}{remark}"


def _export(rated: Sequence[SavedAnswer], papers: Sequence[Paper]) -> None:
    """Print a question set to stdout, and the answers left out of it to stderr."""
    from .. import question_set

    rows, left_out = question_set(rated, papers)
    for row in rows:
        print_json(row, indent=None)
    for saved, reason in left_out:
        say(f"left out: {_rating_line(saved).strip()}\n    {reason}")


def again(assistant: Assistant, options: argparse.Namespace) -> int:
    before, answer = assistant.again(options.number)
    print_text(str(answer))
    digest = assistant.saved_answer(answer.number).made_with["digest"] if answer.number else None
    changes = _changes(before, answer, digest)
    if not changes:
        reworded = before.answer["text"] != answer.text
        changes = [f"The answer is the same as before{', in different words' if reworded else ''}."]
    print_text("\n".join(["", *changes]))
    return DONE


def _changes(before: SavedAnswer, answer: Answer, digest: str | None) -> list[str]:
    """Return the differences between a saved answer and a new one, one per line; `digest` identifies the new model."""
    old, new = before.answer, answer.to_dict()
    changes = [f"{name}: {old[name]} -> {new[name]}" for name in _COMPARED if old.get(name) != new[name]]
    if before.made_with["model"] == answer.model and digest != before.made_with["digest"]:
        changes.append(f"the model with this name has changed: {before.made_with['digest']} -> {digest}")
    if old["mode"] == new["mode"] == "llm" and _stated(old)[0] and _stated(old) == _stated(new):
        return changes  # even with a fixed seed, the words depend on how much of the prompt the server had cached
    if _cited(old) != _cited(new):
        changes.append("the quotes, or how far they support it, have changed")
    lines = difflib.ndiff(old["text"].split(". "), new["text"].split(". "))
    return changes + [line for line in lines if line[:1] in "+-"]


def _cited(answer: dict[str, Any]) -> list[Any]:
    quotes = [(c["paper_id"], c["start"], c["end"]) for c in answer["citations"]]
    return [quotes, [(s["support"], s["citations"]) for s in answer["sentences"]]]


def _stated(answer: dict[str, Any]) -> list[Any]:
    """Return what an answer states, whatever its wording: the quotes, and the numbers of supported sentences."""
    supported = [s for s in answer["sentences"] if s["support"] in ("quoted", "supported")]
    cited = {number for sentence in supported for number in sentence["citations"]}
    quotes = sorted((c["paper_id"], c["start"], c["end"]) for c in answer["citations"] if c["number"] in cited)
    numbers = {number for s in supported for number in re.findall(r"\d+(?:[.,]\d+)*", _MARK.sub("", s["text"]))}
    return [quotes, sorted(numbers)]


def list_papers(assistant: Assistant, options: argparse.Namespace) -> int:
    from .. import readable

    words = " ".join(options.words)
    papers = _listed(assistant, words, options.sort, _filters(options))
    if options.json:
        print_json([paper.to_dict() for paper in papers])
        return DONE
    for paper in papers:
        notes = [*(["only the abstract so far"] if paper.brief else []), *paper.notes]
        line = f"{paper.id}  {readable(paper.title)}{byline(paper)}  [{', '.join(paper.sources)}]"
        print_text("".join([line, *(f"\n    note: {note}" for note in notes)]))
    status = assistant.status()
    if not status.papers:
        say(status.problem or "The library is empty. Add papers: `footnote add PATH`.")
    return DONE


def _listed(assistant: Assistant, words: str, sort: str, filters: dict[str, Any]) -> Iterator[Paper]:
    """Yield the matching papers, fetched a page at a time."""
    first = 0
    while page := assistant.papers_page(words, sort=sort, offset=first, limit=_PAGE, **filters).papers:
        yield from page
        first += _PAGE


def show(assistant: Assistant, options: argparse.Namespace) -> int:
    from .. import readable

    if options.tables:
        return _show_tables(assistant, options)
    if options.csv:
        say("--csv prints tables: add --tables.")
        return WRONG_USE
    paper = assistant.paper(" ".join(options.paper))
    for name, value in paper.to_dict().items():
        if name != "paper_id" and value not in (None, [], "", 0):
            print_text(f"{name}: {', '.join(map(str, value)) if isinstance(value, list) else value}")
    print_text(f"\n{readable(paper.text)}")
    return DONE


def _show_tables(assistant: Assistant, options: argparse.Namespace) -> int:
    from .. import tables_csv
    from .tables import table_text

    tables = assistant.tables(" ".join(options.paper))
    if not tables:
        say("No table was found in this paper.")
    elif options.csv:
        sys.stdout.write(tables_csv(tables))
    else:
        print_text("\n\n".join(map(table_text, tables)))
    return DONE


def edit(assistant: Assistant, options: argparse.Namespace) -> int:
    changes = {name: value for name in _EDITABLE if (value := getattr(options, name)) is not None}
    if not changes:
        say("Nothing to change: name a field, such as --title.")
        return WRONG_USE
    paper = assistant.edit(" ".join(options.paper), **changes)
    print_text(f"{paper.id}  {paper.title}{byline(paper)}")
    return DONE


def remove(assistant: Assistant, options: argparse.Namespace) -> int:
    ref = assistant.remove(" ".join(options.paper))
    print_text(f"removed {ref.id}  {ref.title}")
    return DONE


def rebuild(assistant: Assistant, options: argparse.Namespace) -> int:
    with progress("Rebuilding") as on_progress:
        assistant.rebuild(on_progress)
    status = assistant.status()
    print_text(f"rebuilt: {status.papers} papers, {status.chunks} chunks")
    return DONE


def backup(assistant: Assistant, options: argparse.Namespace) -> int:
    print_text(f"backed up: {assistant.backup(options.file)}")
    return DONE


def restore(assistant: Assistant, options: argparse.Namespace) -> int:
    contents = assistant.restore(options.file, replace=options.replace)
    print_text(f"restored: {contents}")
    say(f"Library: {assistant.status().name}")
    return DONE


def export(assistant: Assistant, options: argparse.Namespace) -> int:
    print_text(f"exported: {assistant.export(options.file)}")
    return DONE


def import_library(assistant: Assistant, options: argparse.Namespace) -> int:
    contents = assistant.import_library(options.file, replace=options.replace)
    print_text(f"imported: {contents}")
    say(f"Library: {assistant.status().name}")
    return DONE


def doctor(assistant: Assistant, options: argparse.Namespace) -> int:
    findings = assistant.check()
    for finding in findings:
        remedy = f"  -> {finding.remedy}" if finding.remedy else ""
        print_text(f"{'ok ' if finding.ok else 'NO '} {finding.what}{remedy}")
    return DONE if all(finding.ok for finding in findings) else NOT_DONE


def chat(assistant: Assistant, options: argparse.Namespace) -> int:
    importlib.import_module("ui.server").serve(assistant, options.mcp)
    return DONE


def _filters(options: argparse.Namespace) -> dict[str, Any]:
    return {
        "papers": options.paper,
        "years": [year for years in options.year for year in years] if options.year else None,
        "authors": options.author,
        "sources": options.source,
        "tags": options.tag,
        "collections": options.collection,
    }
