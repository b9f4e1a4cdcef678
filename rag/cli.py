"""The command `footnote`. Results go to stdout, progress and messages to stderr; nothing heavy is loaded for --help."""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import logging
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import __version__
from .cleaning import clean, escape
from .errors import FootnoteError, LibraryBusy

if TYPE_CHECKING:
    from .adding import Progress
    from .asked import Kept
    from .assistant import Assistant
    from .types import AddReport, Answer, Failure, Paper

DONE, NOT_DONE, WRONG_USE = 0, 1, 2
_MOST = 1_000_000_000  # of anything that is counted


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; the exit status is 0 done, 1 something asked for was not done, 2 wrong use."""
    parser = _parser()
    options = parser.parse_args(arguments)
    log = logging.getLogger("footnote")
    log.setLevel(logging.DEBUG if options.debug else logging.INFO)
    log.handlers = [_Stderr(options.debug)]
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal without a letter shows "?" for it
    command: Callable[[argparse.Namespace], int] = options.run
    try:
        status = command(options)
        sys.stdout.flush()  # a broken pipe has to show here, not when Python ends
        return status
    except FootnoteError as error:
        return _told(error, options)
    except KeyboardInterrupt:
        if options.debug:
            raise
        _say("Stopped.")
        return NOT_DONE
    except BrokenPipeError:  # `footnote list | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except Exception as error:
        if options.debug:
            raise
        _say(f"An error that Footnote did not foresee ({type(error).__name__}: {error}). --debug shows where.")
        return NOT_DONE


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--library", metavar="DIR", help="the library's folder (default: [library] path)")
    common.add_argument("--config", metavar="FILE", help="a configuration file (default: the nearest config.toml)")
    common.add_argument("--debug", action="store_true", help="show tracebacks")
    parser = argparse.ArgumentParser(
        prog="footnote", description="Answers from your own papers, each sentence with a footnote to the exact words."
    )
    parser.add_argument("--version", action="version", version=f"footnote {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def command(name: str, run: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, parents=[common], help=text, description=text)
        sub.set_defaults(run=run)
        return sub

    add = command("add", _add, "add files, folders and Zotero libraries, and bring changed ones up to date")
    add.add_argument("paths", nargs="+", metavar="PATH")
    watch = command("watch", _watch, "add a folder, and again whenever something in it changes, until Ctrl-C")
    watch.add_argument("folder", metavar="FOLDER")
    for sub in (add, watch):
        for option, what in (("collection", "only items in this collection"), ("without", "none of this collection")):
            sub.add_argument(f"--{option}", action="append", metavar="NAME", help=f"of a Zotero library {what}")
    for name, run, text in (
        ("ask", _ask, "answer a question with quotes and their places"),
        ("search", _search, "show the passages nearest to a question"),
    ):
        sub = command(name, run, text)
        sub.add_argument("question")
        sub.add_argument("--json", action="store_true", help="print JSON")
        for option, what in (
            ("paper", "id or title"), ("author", "author"), ("source", "file name"), ("tag", "tag"),
            ("collection", "collection"),
        ):  # fmt: skip
            sub.add_argument(
                f"--{option}", action="append", metavar=option.upper(), help=f"only papers with this {what}"
            )
        sub.add_argument(
            "--year", action="append", type=_years, metavar="YEAR", help="only papers of this year, or of 2019-2023"
        )
        if name == "ask":
            sub.add_argument("--mode", choices=("auto", "quote", "llm"), help="who writes (default: [answer] mode)")
        else:
            sub.add_argument("--top-k", type=_count, metavar="N", help="how many passages (default: [retrieval] top_k)")
    past = command("history", _history, "show what was asked, newest last")
    past.add_argument("--json", action="store_true", help="print JSON")
    past.add_argument("--most", type=_count, default=50, metavar="N", help="how many (default: 50)")
    feedback = command("feedback", _feedback, "show what was said of answers on the page, newest last")
    form = feedback.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON")
    form.add_argument("--export", action="store_true", help="print a question set for the evaluation: the good answers")
    again = command("again", _again, "ask a question of the history again, and show what changed")
    again.add_argument("number", type=_count, help="as `footnote history` shows it")
    again.add_argument("--mode", choices=("auto", "quote", "llm"), help="who writes (default: [answer] mode)")
    listing = command("list", _list, "list the papers")
    listing.add_argument("--json", action="store_true", help="print JSON")
    command("show", _show, "show a paper's metadata and text").add_argument("paper", help="its id or title")
    edit = command("edit", _edit, "correct a paper's metadata, for good")
    edit.add_argument("paper", help="its id or title")
    edit.add_argument("--title")
    edit.add_argument("--author", action="append", dest="authors", metavar="AUTHOR", help="one for each author")
    edit.add_argument("--year", type=int)
    for option in ("venue", "doi", "arxiv-id", "citekey"):
        edit.add_argument(f"--{option}")
    edit.add_argument("--tag", action="append", dest="tags", metavar="TAG", help="one for each tag")
    command("remove", _remove, "remove a paper").add_argument("paper", help="its id or title")
    command("rebuild", _rebuild, "make the index anew, and with changed settings all vectors too")
    command("doctor", _doctor, "check the installation and the library, with a remedy for what is wrong")
    chat = command("chat", _chat, "open the chat page")
    chat.add_argument("--port", type=int)
    chat.add_argument("--mcp", action="store_true", help="be an MCP server too: ask, search, list_papers, read_passage")
    return parser


# Commands


def _add(options: argparse.Namespace) -> int:
    with _assistant(options) as assistant:
        report = _added(assistant, options.paths, options)
        if not (report.added or report.updated or report.unchanged or report.failed):
            _say("There was nothing to read in it.")
            return NOT_DONE
    return NOT_DONE if report.failed else DONE


def _watch(options: argparse.Namespace) -> int:
    from watchfiles import Change, watch

    folder = Path(options.folder).expanduser()
    if not folder.is_dir():
        _say(f"{options.folder!r} is no folder that could be followed.")
        return NOT_DONE
    with _assistant(options) as assistant:
        library = assistant.library.folder.resolve()  # what is written there is no change of the papers

        def is_outside(change: Change, path: str) -> bool:
            return not Path(path).resolve().is_relative_to(library)

        _say(f"Following {folder.name or folder}. Ctrl-C ends it.")
        is_due = True
        with contextlib.suppress(KeyboardInterrupt):
            # The first round comes after the timeout: what changes while it is added is then noticed already.
            rounds = watch(
                folder, watch_filter=is_outside, yield_on_timeout=True, rust_timeout=500, step=1000, debounce=10_000
            )
            told: list[Failure] | None = None
            for changes in rounds:
                if not (changes or is_due):
                    continue
                try:
                    told = _added(assistant, [options.folder], options, told).failed
                    is_due = False
                except LibraryBusy as error:
                    _say(f"{error} Trying again.")
                    is_due = True
    return DONE


def _added(
    assistant: Assistant, paths: Sequence[str], options: argparse.Namespace, told: Sequence[Failure] | None = None
) -> AddReport:
    """Adds and reports; where it is not the first time, of what failed and of what is unchanged only what is new."""
    with _progress("Adding") as on_progress:
        report = assistant.add(paths, on_progress, collections=options.collection, without_collections=options.without)
    for failure in report.failed:
        if failure not in (told or ()):
            _say(f"not read: {failure}")
    if told is None or report.added or report.updated or report.removed:
        _print(str(report))
    return report


def _ask(options: argparse.Namespace) -> int:
    with _assistant(options, {"answer": {"mode": options.mode}}) as assistant:
        answer = assistant.ask(options.question, **_filters(options))
    if options.json:
        _print_json(answer.to_dict())
    elif sys.stdout.isatty():
        _print_answer(answer)
    else:
        _print(str(answer))
    return DONE


def _history(options: argparse.Namespace) -> int:
    from .types import searched_text

    with _assistant(options) as assistant:
        kept = assistant.history(options.most)
    if options.json:
        _print_json([each.to_dict() for each in kept])
        return DONE
    for each in reversed(kept):
        answer = each.as_answer()
        about = ["refused" if answer.refused else each.made_with["model"] or "quotes"]
        about += [searched_text(answer.searched)] if answer.searched.get("filters") else []
        _print(f"{each.key:4d}  {each.asked}  {each.question}  [{'; '.join(about)}]")
    if not kept:
        _say("Nothing was asked yet.")
    return DONE


def _feedback(options: argparse.Namespace) -> int:
    with _assistant(options) as assistant:
        rated = assistant.feedback()
        papers = assistant.papers() if options.export else []
    if options.export:
        _export(rated, papers)
    elif options.json:
        _print_json([each.to_dict() for each in rated])
    else:
        for each in rated:
            _print(_said_of(each))
    if not rated:
        _say("No answer was rated yet: the page has buttons for it below each.")
    return DONE


def _said_of(kept: Kept) -> str:
    assert kept.feedback
    good, comment, given = kept.feedback
    verdict = {True: "good", False: "bad ", None: "    "}[good]
    said = f"  [{' '.join(comment.split())}]" if comment else ""
    return f"{kept.key:4d}  {given}  {verdict}  {kept.question}{said}"


def _export(rated: Sequence[Kept], papers: Sequence[Paper]) -> None:
    """A question set on stdout; on stderr what is not in it, for a person to write."""
    from .question_set import question_set

    rows, left_out = question_set(rated, papers)
    for row in rows:
        sys.stdout.write(f"{_json(row)}\n")
    for kept, reason in left_out:
        _say(f"left out: {_said_of(kept).strip()}\n    {reason}")


_COMPARED = ("refused", "complete", "mode", "model", "prompt_version")


def _cited(answer: dict[str, Any]) -> list[Any]:
    """Where the quotes of an answer stand, and how far they support each sentence."""
    quotes = [(c["paper_id"], c["start"], c["end"]) for c in answer["citations"]]
    return [quotes, [(s["support"], s["citations"]) for s in answer["sentences"]]]


def _again(options: argparse.Namespace) -> int:
    import difflib

    with _assistant(options, {"answer": {"mode": options.mode}}) as assistant:
        before, answer = assistant.again(options.number)
        digest = assistant.kept(answer.number).made_with["digest"] if answer.number else None
    _print(str(answer))
    was, now = before.answer, answer.to_dict()
    made = [f"{name}: {was[name]} -> {now[name]}" for name in _COMPARED if was.get(name) != now[name]]
    if before.made_with["model"] == answer.model and digest != before.made_with["digest"]:
        made.append(f"the model is another one of the same name: {before.made_with['digest']} -> {digest}")
    made += ["the quotes, or how far they support it, are others"] if _cited(was) != _cited(now) else []
    old, new = (text.split(". ") for text in (was["text"], now["text"]))
    changes = [line for line in difflib.ndiff(old, new) if line[:1] in "+-"]
    _print("\n".join(["", *(made + changes or ["It is the same answer as before."])]))
    return DONE


def _search(options: argparse.Namespace) -> int:
    with _assistant(options) as assistant:
        passages = assistant.search(options.question, options.top_k, **_filters(options))
    if options.json:
        _print_json([passage.to_dict() for passage in passages])
        return DONE
    from .readable import readable
    from .types import short_section

    for rank, passage in enumerate(passages, 1):
        place = ", ".join(
            [
                *([f"p. {passage.page_label or passage.page}"] if passage.page else []),
                *([short_section(passage.section)] if passage.section else []),
            ]
        )
        _print(
            f"{rank:2d}. {readable(passage.title)}{f' ({place})' if place else ''}  "
            f"[{passage.score:.2f}, {passage.paper_id}]"
        )
        _print(f"    {' '.join(readable(passage.text).split())}\n")
    return DONE


def _list(options: argparse.Namespace) -> int:
    with _assistant(options) as assistant:
        papers = assistant.papers()
    if options.json:
        _print_json([paper.to_dict() for paper in papers])
        return DONE
    from .readable import readable

    for paper in papers:
        notes = [*(["only the abstract so far"] if paper.brief else []), *paper.notes]
        _print(
            f"{paper.id}  {readable(paper.title)}{_by(paper)}  [{', '.join(paper.sources)}]"
            + "".join(f"\n    note: {note}" for note in notes)
        )
    if not papers:
        _say("The library is empty. Add papers: `footnote add PATH`.")
    return DONE


def _show(options: argparse.Namespace) -> int:
    with _assistant(options) as assistant:
        paper = assistant.paper(options.paper)
    from .readable import readable

    for name, value in paper.to_dict().items():
        if value not in (None, [], "", 0):
            _print(f"{name}: {', '.join(map(str, value)) if isinstance(value, list) else value}")
    _print(f"\n{readable(paper.text)}")
    return DONE


def _edit(options: argparse.Namespace) -> int:
    names = ("title", "authors", "year", "venue", "doi", "arxiv_id", "citekey", "tags")
    changes = {name: value for name in names if (value := getattr(options, name)) is not None}
    if not changes:
        _say("Nothing to change: name a field, such as --title.")
        return WRONG_USE
    with _assistant(options) as assistant:
        paper = assistant.edit(options.paper, **changes)
    _print(f"{paper.id}  {paper.title}{_by(paper)}")
    return DONE


def _remove(options: argparse.Namespace) -> int:
    with _assistant(options) as assistant:
        ref = assistant.remove(options.paper)
    _print(f"removed {ref.id}  {ref.title}")
    return DONE


def _rebuild(options: argparse.Namespace) -> int:
    with _assistant(options) as assistant:
        with _progress("Rebuilding") as on_progress:
            assistant.rebuild(on_progress)
        counts = assistant.library.records.count()
    _print(f"rebuilt: {counts['papers']} papers, {counts['chunks']} chunks")
    return DONE


def _doctor(options: argparse.Namespace) -> int:
    from .doctor import examine

    with _assistant(options) as assistant:
        findings = examine(assistant)
    for finding in findings:
        _print(f"{'ok ' if finding.well else 'NO '} {finding.what}{f'  -> {finding.remedy}' if finding.remedy else ''}")
    return DONE if all(finding.well for finding in findings) else NOT_DONE


def _chat(options: argparse.Namespace) -> int:
    import importlib

    with _assistant(options, {"ui": {"port": options.port}}) as assistant:
        importlib.import_module("ui.server").serve(assistant, options.mcp)
    return DONE


# Around them


def _assistant(options: argparse.Namespace, overrides: dict[str, dict[str, Any]] | None = None) -> Assistant:
    from .assistant import Assistant

    return Assistant.open(options.library, config=options.config, overrides=overrides)


def _count(text: str) -> int:
    count = int(text)
    if not 1 <= count <= _MOST:
        raise argparse.ArgumentTypeError(f"{text} is no number from 1 to {_MOST:,}")
    return count


def _years(text: str) -> range:
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)


def _filters(options: argparse.Namespace) -> dict[str, Any]:
    return {
        "papers": options.paper,
        "years": [year for years in options.year for year in years] if options.year else None,
        "authors": options.author,
        "sources": options.source,
        "tags": options.tag,
        "collections": options.collection,
    }


def _by(paper: Paper) -> str:
    parts = [*([f"{paper.authors[0]}{' et al.' if len(paper.authors) > 1 else ''}"] if paper.authors else [])]
    parts += [str(paper.year)] if paper.year else []
    return f" ({', '.join(parts)})" if parts else ""


def _print_answer(answer: Answer) -> None:
    """The answer in a terminal: text, then each reference with its quote."""
    from rich.console import Console
    from rich.panel import Panel
    from rich.text import Text

    console = Console(highlight=False)
    console.print(
        Panel(
            Text(clean(answer.text)), title="No answer" if answer.refused else None, title_align="left", padding=(1, 2)
        )
    )
    for note in filter(None, [answer.scope_note(), *answer.notes]):
        console.print(Text(clean(note), style="italic"))
    for citation in answer.citations:
        console.print(Text(clean(str(citation)), style="bold"))
        if citation.link:
            console.print(Text(clean(f"    {citation.link}"), style="dim"))
    if answer.refused:
        console.print(Text("Nearest papers:"))
        for title in answer.nearest_titles():
            console.print(Text(clean(f"- {title}")))
    seconds = sum(answer.seconds.values())
    console.print(Text(f"confidence {answer.confidence:.0%}, {seconds * 1000:.0f} ms", style="dim"))


@contextlib.contextmanager
def _progress(what: str) -> Iterator[Callable[[Progress], None]]:
    """A bar on stderr with papers, chunks and rate; nothing where stderr is no terminal."""
    if not sys.stderr.isatty():
        yield lambda progress: None
        return
    import rich.progress as bars
    from rich.console import Console

    columns = (
        bars.TextColumn("{task.description}"),
        bars.BarColumn(),
        bars.MofNCompleteColumn(),
        bars.TextColumn("{task.fields[chunks]} chunks, {task.fields[rate]:.0f} chunks/s"),
        bars.TimeElapsedColumn(),
        bars.TimeRemainingColumn(),
    )
    with bars.Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None, chunks=0, rate=0.0)
        stage = ""
        began = 0

        def show(progress: Progress) -> None:
            nonlocal stage, began
            if progress.stage != stage:  # its rate and time left are its own
                stage, began = progress.stage, progress.chunks
                bar.reset(task, description=stage, total=progress.total or None)
            seconds = bar.tasks[0].elapsed or 1e-9
            rate = (progress.chunks - began) / seconds
            bar.update(task, completed=progress.done, chunks=progress.chunks, rate=rate)

        yield show


class _Stderr(logging.Handler):
    """The program's messages, on whatever stderr is now; with their tracebacks where `debug` is set."""

    def __init__(self, debug: bool) -> None:
        super().__init__()
        self._debug = debug

    def emit(self, record: logging.LogRecord) -> None:
        _say(self.format(record) if self._debug else record.getMessage())


def _told(error: BaseException, options: argparse.Namespace) -> int:
    if options.debug:
        raise error
    _say(str(error))
    return NOT_DONE


def _say(message: str) -> None:
    sys.stderr.write(f"{clean(message)}\n")


def _print(text: str) -> None:
    sys.stdout.write(f"{clean(text)}\n")


def _print_json(value: Any) -> None:
    sys.stdout.write(f"{_json(value, indent=1)}\n")


def _json(value: Any, indent: int | None = None) -> str:
    unicode = (sys.stdout.encoding or "utf-8").lower().startswith("utf")
    return escape(json.dumps(value, ensure_ascii=not unicode, indent=indent))
