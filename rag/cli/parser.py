"""Parse the command line of `footnote`, run the command and report errors. `--help` loads nothing heavy."""

from __future__ import annotations

import argparse
import io
import logging
import os
import re
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from .. import __version__
from ..errors import FootnoteError, reason
from . import commands
from .commands import DONE, NOT_DONE
from .render import Stderr, say

if TYPE_CHECKING:
    from .. import Assistant

_MAX_COUNT = 1_000_000_000
_YEARS = re.compile(r"(\d{1,4})(?:\s*[-–]\s*(\d{1,4}))?")
_PAPER = "its id, title, citekey or file name, or a part of its title that no other title contains"

Run = Callable[["Assistant", argparse.Namespace], int]
Command = Callable[[str, Run, str], argparse.ArgumentParser]


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return 0 if it was done, 1 if not, 2 for wrong use."""
    options = _parser().parse_args(arguments)
    log = logging.getLogger("footnote")
    log.setLevel(logging.INFO)
    log.handlers = [Stderr(options.debug)]
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # the terminal's encoding may lack a character
    try:
        return _run(options)
    except (FootnoteError, KeyboardInterrupt) as error:
        if options.debug:
            raise
        say(str(error) or "Stopped.")
        return NOT_DONE
    except BrokenPipeError:  # as in `footnote list | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except Exception as error:
        if options.debug:
            raise
        say(f"Unexpected error ({type(error).__name__}: {reason(error)}). Add --debug for the traceback.")
        return NOT_DONE


def _run(options: argparse.Namespace) -> int:
    from .. import Assistant

    command: Run = options.run
    overrides = {"answer": {"mode": getattr(options, "mode", None)}, "ui": {"port": getattr(options, "port", None)}}
    with Assistant.open(options.library, config=options.config, overrides=overrides) as assistant:
        status = command(assistant, options)
    sys.stdout.flush()  # raises BrokenPipeError here, not when Python exits
    return status


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--library", type=_folder, metavar="DIR",
        help="the library's folder (default: FOOTNOTE_LIBRARY__PATH, else [library] path of the nearest config.toml "
        "that has one, else your data folder)",
    )  # fmt: skip
    common.add_argument("--config", metavar="FILE", help="a configuration file (default: the nearest config.toml)")
    common.add_argument("--debug", action="store_true", help="show tracebacks")
    parser = argparse.ArgumentParser(
        prog="footnote", description="Answers from your own papers, each sentence with a footnote to the exact words."
    )
    parser.add_argument("--version", action="version", version=f"footnote {__version__}")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def command(name: str, run: Run, text: str) -> argparse.ArgumentParser:
        sub = subparsers.add_parser(name, parents=[common], help=text, description=text)
        sub.set_defaults(run=run)
        return sub

    _add_ingest_commands(command)
    _add_question_commands(command)
    _add_history_commands(command)
    _add_paper_commands(command)
    _add_maintenance_commands(command)
    return parser


def _add_ingest_commands(command: Command) -> None:
    add = command("add", commands.add, "add files, folders and Zotero libraries, and update changed ones")
    add.add_argument("paths", nargs="+", metavar="PATH")
    watch = command("watch", commands.watch, "add a folder, and add it again whenever it changes, until Ctrl-C")
    watch.add_argument("folder", metavar="FOLDER")
    for sub in (add, watch):
        for option, what in (
            ("collection", "only items in this collection"),
            ("without", "no items in this collection"),
        ):
            sub.add_argument(f"--{option}", action="append", metavar="NAME", help=f"of a Zotero library, {what}")


def _add_question_commands(command: Command) -> None:
    ask = command("ask", commands.ask, "answer a question with quotes and their pages")
    search = command("search", commands.search, "show the passages most relevant to a question")
    for sub in (ask, search):
        sub.add_argument("question", nargs="+", help="with or without quotation marks")
        sub.add_argument("--json", action="store_true", help="print JSON")
        _add_filters(sub)
    ask.add_argument(
        "--continue", action="store_true", dest="continued",
        help="ask a follow-up to the last question, about the same papers unless others are named",
    )  # fmt: skip
    ask.add_argument("--mode", choices=("auto", "quote", "llm"), help="who writes (default: [answer] mode)")
    search.add_argument("--top-k", type=_count, metavar="N", help="how many passages (default: [retrieval] top_k)")


def _add_filters(command: argparse.ArgumentParser) -> None:
    command.add_argument("--paper", action="append", metavar="PAPER", help=f"only this paper: {_PAPER}")
    for option, what in (("author", "author"), ("source", "file name"), ("tag", "tag"), ("collection", "collection")):
        command.add_argument(
            f"--{option}", action="append", metavar=option.upper(), help=f"only papers with this {what}"
        )
    command.add_argument(
        "--year", action="append", type=_years, metavar="YEAR", help="only papers of this year, or of 2019-2023"
    )


def _add_history_commands(command: Command) -> None:
    past = command("history", commands.history, "list the questions asked, newest last")
    past.add_argument("--json", action="store_true", help="print JSON")
    past.add_argument("--most", type=_count, default=50, metavar="N", help="how many (default: 50)")
    feedback = command("feedback", commands.feedback, "list answer ratings and comments, newest last")
    form = feedback.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON")
    form.add_argument("--export", action="store_true", help="print a question set of the answers rated good")
    again = command("again", commands.again, "ask a question from the history again and show what changed")
    again.add_argument("number", type=_count, help="as `footnote history` shows it")
    again.add_argument("--mode", choices=("auto", "quote", "llm"), help="who writes (default: [answer] mode)")


def _add_paper_commands(command: Command) -> None:
    listing = command("list", commands.list_papers, "list the papers, all or those that match")
    listing.add_argument("words", nargs="*", help="all in title, authors, tags or file names")
    listing.add_argument("--json", action="store_true", help="print JSON")
    listing.add_argument(
        "--sort", choices=("added", "newest", "title", "author", "year"), default="added", help="default: added"
    )
    _add_filters(listing)
    show = command("show", commands.show, "show a paper's metadata and text")
    edit = command("edit", commands.edit, "correct a paper's metadata permanently")
    remove = command("remove", commands.remove, "remove a paper")
    show.add_argument("--tables", action="store_true", help="show its tables in place of its text")
    show.add_argument("--csv", action="store_true", help="with --tables: print CSV")
    for sub in (show, edit, remove):
        sub.add_argument("paper", nargs="+", help=_PAPER)
    edit.add_argument("--title")
    edit.add_argument("--author", action="append", dest="authors", metavar="AUTHOR", help="one for each author")
    edit.add_argument("--year", type=_whole)
    for option in ("venue", "doi", "arxiv-id", "citekey"):
        edit.add_argument(f"--{option}")
    edit.add_argument("--tag", action="append", dest="tags", metavar="TAG", help="one for each tag")


def _add_maintenance_commands(command: Command) -> None:
    command("rebuild", commands.rebuild, "rebuild the index, and all vectors if the settings have changed")
    command("doctor", commands.doctor, "check the installation and the library, and say how to fix problems")
    backup = command("backup", commands.backup, "write the whole library to one file, even while it is in use")
    backup.add_argument("file", metavar="FILE", help="a ZIP archive; an older backup with this name is replaced")
    restore = command("restore", commands.restore, "restore a backup into an empty or new library")
    export = command("export", commands.export, "write the whole library as JSON lines, for other programs")
    export.add_argument("file", metavar="FILE", help="an older export with this name is replaced")
    imports = command("import", commands.import_library, "import an exported library into an empty or new library")
    for sub in (restore, imports):
        sub.add_argument("file", metavar="FILE")
        sub.add_argument("--replace", action="store_true", help="replace everything in the library")
    chat = command("chat", commands.chat, "open the chat page")
    chat.add_argument("--port", type=_whole)
    chat.add_argument("--mcp", action="store_true", help="also run an MCP server: ask, search, list, read")


# Types of options. argparse prefixes their messages with the option.


def _folder(text: str) -> str:
    if not text:  # an unset shell variable
        raise argparse.ArgumentTypeError("'' is not a folder")
    return text


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None


def _count(text: str) -> int:
    count = _whole(text)
    if not 1 <= count <= _MAX_COUNT:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to {_MAX_COUNT:,}")
    return count


def _years(text: str) -> range:
    match = _YEARS.fullmatch(text.strip())
    if not match:
        raise argparse.ArgumentTypeError(f"{text!r} is neither a year nor a range such as 2019-2023")
    first, last = int(match[1]), int(match[2] or match[1])
    if last < first:
        raise argparse.ArgumentTypeError(f"{text!r} is a reversed range; write {last}-{first}")
    return range(first, last + 1)
