"""What each command of `footnote` does; see cli.py for what it takes. Each returns its exit status."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import AnswerModelError, LibraryBusy, UnknownConversation
from .render import byline, print_answer, print_json, print_json_line, print_text, progress, say

if TYPE_CHECKING:
    from .. import AddReport, Assistant, Paper, SavedAnswer
    from ..types import Failure

DONE, NOT_DONE, WRONG_USE = 0, 1, 2


def add(options: argparse.Namespace) -> int:
    """`footnote add`: 1 where something that was asked for could not be read now, or there was nothing to read."""
    with _assistant(options) as assistant:
        report = _added(assistant, options.paths, options)
        name = assistant.status().name
    if not any((report.added, report.updated, report.unchanged, report.removed, report.failed, report.failed_before)):
        say("There was nothing to read in it.")
        return NOT_DONE
    say(f"Library: {name}")
    return NOT_DONE if report.failed else DONE


def watch(options: argparse.Namespace) -> int:
    from watchfiles import Change, watch

    folder = Path(options.folder).expanduser()
    if not folder.is_dir():
        say(f"{options.folder!r} is no folder that could be followed.")
        return NOT_DONE
    with _assistant(options) as assistant:
        library = assistant.status().folder.resolve()  # what is written there is no change of the papers

        def is_outside(change: Change, path: str) -> bool:
            return not Path(path).resolve().is_relative_to(library)

        say(f"Following {folder.name or folder}. Ctrl-C ends it.")
        is_due = True
        with contextlib.suppress(KeyboardInterrupt):
            # The first round comes after the timeout: what changes while it is added is then noticed already.
            rounds = watch(
                folder, watch_filter=is_outside, yield_on_timeout=True, rust_timeout=500, step=1000, debounce=10_000
            )
            before: list[Failure] | None = None
            for changes in rounds:
                if not (changes or is_due):
                    continue
                try:
                    before = _added(assistant, [options.folder], options, before).failed
                    is_due = False
                except LibraryBusy as error:
                    say(f"{error} Trying again.")
                    is_due = True
    return DONE


def _added(
    assistant: Assistant, paths: Sequence[str], options: argparse.Namespace, before: Sequence[Failure] | None = None
) -> AddReport:
    """Adds and reports; where it is not the first time, of what failed and of what is unchanged only what is new."""
    from .. import failure_lines, kinds_line

    with progress("Adding") as on_progress:
        report = assistant.add(paths, on_progress, collections=options.collection, without_collections=options.without)
    for line in failure_lines([failure for failure in report.failed if failure not in (before or ())]):
        say(f"not read: {line}")
    if before is None:
        for line in failure_lines(report.failed_before):
            say(f"still not read: {line}")
        if report.passed_over:
            say(f"passed over: {kinds_line(report.passed_over)} (not read)")
    if before is None or report.added or report.updated or report.removed:
        print_text(str(report))
    return report


def ask(options: argparse.Namespace) -> int:
    """`footnote ask`: a refusal is done too."""
    from .. import NEW_CONVERSATION

    with _assistant(options, {"answer": {"mode": options.mode}}) as assistant:
        more = _continued(assistant) if options.continued else {"conversation": NEW_CONVERSATION}
        filters = {name: value for name, value in _filters(options).items() if value is not None}
        answer = assistant.ask(" ".join(options.question), **{**more, **filters})
        # To work without a model is a choice: a library's first question says so, and then `footnote doctor` alone.
        without_model = answer.number == 1 and isinstance(assistant.writer(), AnswerModelError)
    if options.json:
        print_json(answer.to_dict())
    elif sys.stdout.isatty():
        print_answer(answer)
    else:
        print_text(str(answer))
    if without_model:
        say("Answers are quotes: no local model was found. `footnote doctor` says how to add one.")
    return DONE


def _continued(assistant: Assistant) -> dict[str, Any]:
    """What a follow-up to the question that was asked last takes over from it: history, filters, conversation."""
    from .. import NEW_CONVERSATION

    last = next(iter(assistant.history(1)), None)
    if last is None:
        raise UnknownConversation("There is nothing to continue: no question of this library is kept.")
    turns = [tuple(turn) for turn in last.request["history"]]
    scope = {name: values for name, values in last.request["scope"].items() if values}
    conversation = NEW_CONVERSATION if last.conversation is None else last.conversation
    return {"history": [*turns, (last.question, last.answer["text"])], "conversation": conversation, **scope}


def history(options: argparse.Namespace) -> int:
    from ..types import searched_text

    with _assistant(options) as assistant:
        kept = assistant.history(options.most)
    if options.json:
        print_json([each.to_dict() for each in kept])
        return DONE
    for each in reversed(kept):
        answer = each.as_answer()
        about = ["refused" if answer.refused else each.made_with["model"] or "quotes"]
        about += [searched_text(answer.searched)] if answer.searched.get("filters") else []
        print_text(f"{each.key:4d}  {each.asked}  {each.question}  [{'; '.join(about)}]")
    if not kept:
        say("Nothing was asked yet.")
    return DONE


def feedback(options: argparse.Namespace) -> int:
    with _assistant(options) as assistant:
        rated = assistant.feedback()
        papers = assistant.papers() if options.export else []
    if options.export:
        _export(rated, papers)
    elif options.json:
        print_json([each.to_dict() for each in rated])
    else:
        for each in rated:
            print_text(_said_of(each))
    if not rated:
        say("No answer was rated yet: the page has buttons for it below each.")
    return DONE


def _said_of(kept: SavedAnswer) -> str:
    assert kept.feedback
    good, comment, given = kept.feedback
    verdict = {True: "good", False: "bad ", None: "    "}[good]
    said = f"  [{' '.join(comment.split())}]" if comment else ""
    return f"{kept.key:4d}  {given}  {verdict}  {kept.question}{said}"


def _export(rated: Sequence[SavedAnswer], papers: Sequence[Paper]) -> None:
    """A question set on stdout; on stderr what is not in it, for a person to write."""
    from .. import question_set

    rows, left_out = question_set(rated, papers)
    for row in rows:
        print_json_line(row)
    for kept, reason in left_out:
        say(f"left out: {_said_of(kept).strip()}\n    {reason}")


_COMPARED = ("refused", "complete", "mode", "model", "prompt_version")


def _cited(answer: dict[str, Any]) -> list[Any]:
    """Where the quotes of an answer stand, and how far they support each sentence."""
    quotes = [(c["paper_id"], c["start"], c["end"]) for c in answer["citations"]]
    return [quotes, [(s["support"], s["citations"]) for s in answer["sentences"]]]


def again(options: argparse.Namespace) -> int:
    import difflib

    with _assistant(options, {"answer": {"mode": options.mode}}) as assistant:
        before, answer = assistant.again(options.number)
        digest = assistant.saved_answer(answer.number).made_with["digest"] if answer.number else None
    print_text(str(answer))
    was, now = before.answer, answer.to_dict()
    made = [f"{name}: {was[name]} -> {now[name]}" for name in _COMPARED if was.get(name) != now[name]]
    if before.made_with["model"] == answer.model and digest != before.made_with["digest"]:
        made.append(f"the model is another one of the same name: {before.made_with['digest']} -> {digest}")
    made += ["the quotes, or how far they support it, are others"] if _cited(was) != _cited(now) else []
    old, new = (text.split(". ") for text in (was["text"], now["text"]))
    changes = [line for line in difflib.ndiff(old, new) if line[:1] in "+-"]
    print_text("\n".join(["", *(made + changes or ["It is the same answer as before."])]))
    return DONE


def search(options: argparse.Namespace) -> int:
    with _assistant(options) as assistant:
        passages = assistant.search(" ".join(options.question), options.top_k, **_filters(options))
    if options.json:
        print_json([passage.to_dict() for passage in passages])
        return DONE
    from .. import readable
    from ..types import short_section

    for rank, passage in enumerate(passages, 1):
        place = ", ".join(
            [
                *([f"p. {passage.page_label or passage.page}"] if passage.page else []),
                *([short_section(passage.section)] if passage.section else []),
            ]
        )
        print_text(
            f"{rank:2d}. {readable(passage.title)}{f' ({place})' if place else ''}  "
            f"[{passage.score:.2f}, {passage.paper_id}]"
        )
        print_text(f"    {' '.join(readable(passage.text).split())}\n")
    return DONE


def list_papers(options: argparse.Namespace) -> int:
    with _assistant(options) as assistant:
        papers = assistant.papers()
        problem = assistant.status().problem
    if options.json:
        print_json([paper.to_dict() for paper in papers])
        return DONE
    from .. import readable

    for paper in papers:
        notes = [*(["only the abstract so far"] if paper.brief else []), *paper.notes]
        print_text(
            f"{paper.id}  {readable(paper.title)}{byline(paper)}  [{', '.join(paper.sources)}]"
            + "".join(f"\n    note: {note}" for note in notes)
        )
    if not papers:
        say(problem or "The library is empty. Add papers: `footnote add PATH`.")
    return DONE


def show(options: argparse.Namespace) -> int:
    with _assistant(options) as assistant:
        paper = assistant.paper(" ".join(options.paper))
    from .. import readable

    for name, value in paper.to_dict().items():
        if name != "paper_id" and value not in (None, [], "", 0):
            print_text(f"{name}: {', '.join(map(str, value)) if isinstance(value, list) else value}")
    print_text(f"\n{readable(paper.text)}")
    return DONE


def edit(options: argparse.Namespace) -> int:
    names = ("title", "authors", "year", "venue", "doi", "arxiv_id", "citekey", "tags")
    changes = {name: value for name in names if (value := getattr(options, name)) is not None}
    if not changes:
        say("Nothing to change: name a field, such as --title.")
        return WRONG_USE
    with _assistant(options) as assistant:
        paper = assistant.edit(" ".join(options.paper), **changes)
    print_text(f"{paper.id}  {paper.title}{byline(paper)}")
    return DONE


def remove(options: argparse.Namespace) -> int:
    with _assistant(options) as assistant:
        ref = assistant.remove(" ".join(options.paper))
    print_text(f"removed {ref.id}  {ref.title}")
    return DONE


def rebuild(options: argparse.Namespace) -> int:
    with _assistant(options) as assistant:
        with progress("Rebuilding") as on_progress:
            assistant.rebuild(on_progress)
        status = assistant.status()
    print_text(f"rebuilt: {status.papers} papers, {status.chunks} chunks")
    return DONE


def doctor(options: argparse.Namespace) -> int:
    with _assistant(options) as assistant:
        findings = assistant.check()
    for finding in findings:
        print_text(
            f"{'ok ' if finding.well else 'NO '} {finding.what}{f'  -> {finding.remedy}' if finding.remedy else ''}"
        )
    return DONE if all(finding.well for finding in findings) else NOT_DONE


def chat(options: argparse.Namespace) -> int:
    import importlib

    with _assistant(options, {"ui": {"port": options.port}}) as assistant:
        importlib.import_module("ui.server").serve(assistant, options.mcp)
    return DONE


# Around them


def _assistant(options: argparse.Namespace, overrides: dict[str, dict[str, Any]] | None = None) -> Assistant:
    from .. import Assistant

    return Assistant.open(options.library, config=options.config, overrides=overrides)


def _filters(options: argparse.Namespace) -> dict[str, Any]:
    return {
        "papers": options.paper,
        "years": [year for years in options.year for year in years] if options.year else None,
        "authors": options.author,
        "sources": options.source,
        "tags": options.tag,
        "collections": options.collection,
    }
