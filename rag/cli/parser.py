"""The command `footnote`: what it takes, and how it ends. Nothing heavy is loaded for --help; see commands.py."""

from __future__ import annotations

import argparse
import io
import logging
import os
import re
import sys
from collections.abc import Callable

from .. import __version__
from ..errors import FootnoteError, reason
from . import commands
from .commands import DONE, NOT_DONE
from .render import Stderr, say

_MOST = 1_000_000_000  # of anything that is counted
_YEARS = re.compile(r"(\d{1,4})(?:\s*[-–]\s*(\d{1,4}))?")
_PAPER = "its id, title, citekey or file name, or any part of its title that fits it alone"

Run = Callable[[argparse.Namespace], int]
Command = Callable[[str, Run, str], argparse.ArgumentParser]


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit status is 0 done, 1 something asked for was not done, 2 wrong use."""
    options = _parser().parse_args(arguments)
    log = logging.getLogger("footnote")
    log.setLevel(logging.INFO)
    log.handlers = [Stderr(options.debug)]
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal without a letter shows "?" for it
    command: Run = options.run
    try:
        status = command(options)
        sys.stdout.flush()  # a broken pipe has to show here, not when Python ends
        return status
    except FootnoteError as error:
        if options.debug:
            raise
        say(str(error))
        return NOT_DONE
    except KeyboardInterrupt:
        if options.debug:
            raise
        say("Stopped.")
        return NOT_DONE
    except BrokenPipeError:  # `footnote list | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except Exception as error:
        if options.debug:
            raise
        say(f"Unexpected error ({type(error).__name__}: {reason(error)}). --debug shows where.")
        return NOT_DONE


# What it takes


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--library", type=_folder, metavar="DIR",
        help="the library's folder (default: FOOTNOTE_LIBRARY__PATH, else [library] path of the nearest config.toml "
        "that names one, else your data folder)",
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

    _adding(command)
    _asking(command)
    _kept(command)
    _papers(command)
    _looking_after(command)
    return parser


def _adding(command: Command) -> None:
    add = command("add", commands.add, "add files, folders and Zotero libraries, and bring changed ones up to date")
    add.add_argument("paths", nargs="+", metavar="PATH")
    watch = command("watch", commands.watch, "add a folder, and again whenever something in it changes, until Ctrl-C")
    watch.add_argument("folder", metavar="FOLDER")
    for sub in (add, watch):
        for option, what in (("collection", "only items in this collection"), ("without", "none of this collection")):
            sub.add_argument(f"--{option}", action="append", metavar="NAME", help=f"of a Zotero library {what}")


def _asking(command: Command) -> None:
    ask = command("ask", commands.ask, "answer a question with quotes and their places")
    search = command("search", commands.search, "show the passages nearest to a question")
    for sub in (ask, search):
        sub.add_argument("question", nargs="+", help="with or without quotation marks")
        sub.add_argument("--json", action="store_true", help="print JSON")
        sub.add_argument("--paper", action="append", metavar="PAPER", help=f"only this paper: {_PAPER}")
        for option, what in (
            ("author", "author"),
            ("source", "file name"),
            ("tag", "tag"),
            ("collection", "collection"),
        ):
            sub.add_argument(
                f"--{option}", action="append", metavar=option.upper(), help=f"only papers with this {what}"
            )
        sub.add_argument(
            "--year", action="append", type=_years, metavar="YEAR", help="only papers of this year, or of 2019-2023"
        )
    ask.add_argument(
        "--continue", action="store_true", dest="continued",
        help="a follow-up to the question that was asked last, put to the same papers where no others are named",
    )  # fmt: skip
    ask.add_argument("--mode", choices=("auto", "quote", "llm"), help="who writes (default: [answer] mode)")
    search.add_argument("--top-k", type=_count, metavar="N", help="how many passages (default: [retrieval] top_k)")


def _kept(command: Command) -> None:
    past = command("history", commands.history, "show what was asked, newest last")
    past.add_argument("--json", action="store_true", help="print JSON")
    past.add_argument("--most", type=_count, default=50, metavar="N", help="how many (default: 50)")
    feedback = command("feedback", commands.feedback, "show what was said of answers on the page, newest last")
    form = feedback.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON")
    form.add_argument("--export", action="store_true", help="print a question set for the evaluation: the good answers")
    again = command("again", commands.again, "ask a question of the history again, and show what changed")
    again.add_argument("number", type=_count, help="as `footnote history` shows it")
    again.add_argument("--mode", choices=("auto", "quote", "llm"), help="who writes (default: [answer] mode)")


def _papers(command: Command) -> None:
    listing = command("list", commands.list_papers, "list the papers")
    listing.add_argument("--json", action="store_true", help="print JSON")
    show = command("show", commands.show, "show a paper's metadata and text")
    edit = command("edit", commands.edit, "correct a paper's metadata, for good")
    remove = command("remove", commands.remove, "remove a paper")
    for sub in (show, edit, remove):
        sub.add_argument("paper", nargs="+", help=_PAPER)
    edit.add_argument("--title")
    edit.add_argument("--author", action="append", dest="authors", metavar="AUTHOR", help="one for each author")
    edit.add_argument("--year", type=_whole)
    for option in ("venue", "doi", "arxiv-id", "citekey"):
        edit.add_argument(f"--{option}")
    edit.add_argument("--tag", action="append", dest="tags", metavar="TAG", help="one for each tag")


def _looking_after(command: Command) -> None:
    command("rebuild", commands.rebuild, "rebuild the index, and with changed settings all vectors too")
    command("doctor", commands.doctor, "check the installation and the library, with a remedy for what is wrong")
    chat = command("chat", commands.chat, "open the chat page")
    chat.add_argument("--port", type=_whole)
    chat.add_argument("--mcp", action="store_true", help="be an MCP server too: ask, search, list_papers, read_passage")


# Values of options; argparse puts the option's name before the message


def _folder(text: str) -> str:
    if not text:  # an unset variable of a shell
        raise argparse.ArgumentTypeError("'' names no folder")
    return text


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None


def _count(text: str) -> int:
    count = _whole(text)
    if not 1 <= count <= _MOST:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to {_MOST:,}")
    return count


def _years(text: str) -> range:
    match = _YEARS.fullmatch(text.strip())
    if not match:
        raise argparse.ArgumentTypeError(f"{text!r} is neither a year nor a range of years such as 2019-2023")
    first, last = int(match[1]), int(match[2] or match[1])
    if last < first:
        raise argparse.ArgumentTypeError(f"{text!r} is a range that runs backwards; write {last}-{first}")
    return range(first, last + 1)
