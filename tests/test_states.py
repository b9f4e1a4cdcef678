"""Random operations of two processes, kills among them, leave the library that a simple model predicts.

One process is this one, which keeps the library open. The other is started for each of its operations, and may be
killed before any of its SQL statements or changes of files. Then each paper is as before the operation or as after it,
and everything else wholly the one or the other.

The suite runs a few histories. `STATES=full python -m pytest tests/test_states.py` runs 100 longer ones in about ten
minutes.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path
from random import Random
from typing import NamedTuple

import pytest
from helpers.fork_server import ForkServer, serve, start_fork_server
from helpers.small_library import open_small
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from rag import Assistant
from rag.store.integrity import faults_of

pytestmark = pytest.mark.slow

FULL = os.environ.get("STATES") == "full"
HISTORIES, STEPS = (100, 40) if FULL else (4, 14)
FILES, PER_FILE = 3, 2
LAST_KILL = 120  # an operation has about so many statements and changes of files


class Held(NamedTuple):
    """What the model knows of a paper: the version of its text, its title if corrected, and its tags."""

    version: int
    title: str | None = None
    tags: tuple[str, ...] = ()


class State(NamedTuple):
    """What the model knows of a library: papers by number, the numbers of removed ones, the questions asked."""

    papers: dict[int, Held]
    removed: frozenset[int]
    questions: tuple[str, ...]


NEW = State({}, frozenset(), ())


# What each operation does, in a process of its own


def do_add(library: Path, papers: Path, chance: Random) -> None:
    with open_small(library) as assistant:
        assistant.add(papers)


def do_edit(library: Path, papers: Path, chance: Random, number: int, title: str, tag: str) -> None:
    with open_small(library) as assistant:
        assistant.edit(id_of(assistant, number), title=title, tags=[tag])


def do_remove(library: Path, papers: Path, chance: Random, number: int) -> None:
    with open_small(library) as assistant:
        assistant.remove(id_of(assistant, number))


def do_ask(library: Path, papers: Path, chance: Random, question: str) -> None:
    with open_small(library) as assistant:
        assistant.ask(question)


def do_rebuild(library: Path, papers: Path, chance: Random) -> None:
    with open_small(library) as assistant:
        assistant.rebuild()


def do_backup(library: Path, papers: Path, chance: Random) -> None:
    with open_small(library) as assistant:
        assistant.backup(papers.parent / "kept.zip")


def do_restore(library: Path, papers: Path, chance: Random) -> None:
    with open_small(library) as assistant:
        assistant.restore(papers.parent / "kept.zip", replace=True)


def do_transfer(library: Path, papers: Path, chance: Random) -> None:
    """Export the library, and import it in its own place."""
    with open_small(library) as assistant:
        assistant.export(papers.parent / "kept.jsonl")
        assistant.import_library(papers.parent / "kept.jsonl", replace=True)


def id_of(assistant: Assistant, number: int) -> str:
    return next(paper.id for paper in assistant.papers() if number_of(assistant.paper(paper.id).text) == number)


# What the library and the model have in common


def mark(number: int, version: int) -> str:
    return f"mark{number}x{version}"


def number_of(text: str) -> int:
    return int(text.rpartition("mark")[2].partition("x")[0])


def version_of(text: str) -> int:
    return int(text.rpartition("x")[2].rstrip("."))


def state_of(assistant: Assistant) -> State:
    """Return the state of a library as the model tells it, removals apart."""
    papers = {}
    for each in assistant.papers():
        paper = assistant.paper(each.id)
        number = number_of(paper.text)
        assert number not in papers
        title = None if paper.title == f"Paper {number}" else paper.title
        papers[number] = Held(version_of(paper.text), title, paper.tags)
    return State(papers, frozenset(), tuple(saved.question for saved in reversed(assistant.history())))


class Libraries(RuleBasedStateMachine):
    """A library, the files that it is made of, and the model."""

    fork_server: ForkServer
    played = 0  # histories

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp(prefix="states-"))
        self.library, self.papers = self.root / "library", self.root / "papers"
        self.papers.mkdir()
        self.files: dict[str, dict[int, int]] = {}  # versions of papers by number, by file
        self.state = NEW
        self.kept: State | None = None
        self.asked = 0

    @initialize()
    def begin(self) -> None:
        for file in range(FILES):
            self.write(f"{file}.jsonl", {file * PER_FILE + i: 0 for i in range(PER_FILE)})
        self.assistant = open_small(self.library)
        self.assistant.add(self.papers)
        self.state = self.after_add()

    def write(self, name: str, versions: dict[int, int]) -> None:
        self.files[name] = versions
        lines = [
            json.dumps({"title": f"Paper {number}", "text": f"This paper has the {mark(number, version)}."})
            for number, version in versions.items()
        ]
        (self.papers / name).write_text("".join(f"{line}\n" for line in lines))

    # The files

    @rule(file=st.integers(0, FILES - 1), leave_out=st.booleans())
    def change_file(self, file: int, leave_out: bool) -> None:
        name = f"{file}.jsonl"
        versions = {number: version + 1 for number, version in self.files[name].items()}
        for number in range(file * PER_FILE, (file + 1) * PER_FILE):
            versions.setdefault(number, 50)  # comes back with a text that it never had
        if leave_out:
            versions.pop(file * PER_FILE)
        self.write(name, versions)

    # The operations: each in this process, in another one, or in another one that is killed

    def after_add(self) -> State:
        """Return the state after an `add` of all files: what is in none goes, and what was removed stays out."""
        there = {number: version for versions in self.files.values() for number, version in versions.items()}
        papers = {
            number: self.state.papers.get(number, Held(version))._replace(version=version)
            for number, version in there.items()
            if number not in self.state.removed
        }
        return self.state._replace(papers=papers)

    def act(self, name: str, after: State, kill_at: int | None, *arguments: object) -> None:
        """Carry out an operation, and set the state to what came of it: `after`, or something before it if killed."""
        if kill_at == 0:
            globals()[name](self.library, self.papers, Random(0), *arguments)
            self.state = after
            return
        status, error = self.fork_server.run(name, self.library, self.papers, 0, *arguments, kill_at=kill_at)
        assert status in ((0,) if kill_at is None else (0, -9)), error
        self.state = after if status == 0 else self.found_after_kill(name, after)

    def found_after_kill(self, name: str, after: State) -> State:
        before, found = self.state, state_of(self.assistant)
        assert found.questions in (before.questions, after.questions)
        if name == "do_add":
            for number in before.papers.keys() | after.papers.keys() | found.papers.keys():
                assert found.papers.get(number) in (before.papers.get(number), after.papers.get(number))
        else:
            assert found.papers in (before.papers, after.papers)
        is_done = (found.papers, found.questions) == (after.papers, after.questions)
        return found._replace(removed=after.removed if is_done else before.removed)

    kills = st.none() | st.integers(0, LAST_KILL)  # 0: in this process

    @rule(kill_at=kills)
    def add(self, kill_at: int | None) -> None:
        self.act("do_add", self.after_add(), kill_at)

    @precondition(lambda self: self.state.papers)
    @rule(data=st.data(), title=st.sampled_from(["Corrected", "Corrected Again"]), kill_at=kills)
    def edit(self, data: st.DataObject, title: str, kill_at: int | None) -> None:
        number = data.draw(st.sampled_from(sorted(self.state.papers)))
        held = self.state.papers[number]._replace(title=f"{title} {number}", tags=(title,))
        papers = self.state.papers | {number: held}
        self.act("do_edit", self.state._replace(papers=papers), kill_at, number, held.title, title)

    @precondition(lambda self: len(self.state.papers) > 1)
    @rule(data=st.data(), kill_at=kills)
    def remove(self, data: st.DataObject, kill_at: int | None) -> None:
        number = data.draw(st.sampled_from(sorted(self.state.papers)))
        papers = {other: held for other, held in self.state.papers.items() if other != number}
        removed = self.state.removed | {number}
        self.act("do_remove", self.state._replace(papers=papers, removed=removed), kill_at, number)

    @precondition(lambda self: self.state.papers)
    @rule(kill_at=kills)
    def ask(self, kill_at: int | None) -> None:
        self.asked += 1
        question = f"Which paper has the mark of question {self.asked}?"
        after = self.state._replace(questions=(*self.state.questions, question))
        self.act("do_ask", after, kill_at, question)

    @rule(kill_at=kills)
    def rebuild(self, kill_at: int | None) -> None:
        self.act("do_rebuild", self.state, kill_at)

    @rule(kill_at=kills)
    def backup(self, kill_at: int | None) -> None:
        self.act("do_backup", self.state, kill_at)
        if (self.root / "kept.zip").exists():
            with open_small(self.root / "elsewhere") as other:  # under its name there is always a whole backup
                other.restore(self.root / "kept.zip", replace=True)
                found = state_of(other)
            possible = [each for each in (self.state, self.kept) if each and same(each, found)]
            assert possible
            self.kept = possible[0]

    @precondition(lambda self: self.kept)
    @rule(kill_at=kills)
    def restore(self, kill_at: int | None) -> None:
        assert self.kept
        self.act("do_restore", self.kept, kill_at)

    @rule(kill_at=kills)
    def transfer(self, kill_at: int | None) -> None:
        self.act("do_transfer", self.state, kill_at)

    # What always holds

    @invariant()
    def the_library_is_as_the_model_says(self) -> None:
        if self.state is not NEW:
            assert same(state_of(self.assistant), self.state)

    @invariant()
    def a_question_finds_what_is_there_and_nothing_else(self) -> None:
        for number, held in list(self.state.papers.items())[:1]:
            records = self.assistant.library.records
            found = records.candidates([*records.word_scores([mark(number, held.version)], 9, None)]).texts([0])
            assert mark(number, held.version) in found[0]
            assert records.word_scores([mark(number, held.version - 1)], 9, None) == {}
            assert len(self.assistant.search("Which paper has the mark?", top_k=20)) == len(self.state.papers)

    def teardown(self) -> None:
        Libraries.played += 1
        try:
            if self.state is not NEW:
                assert faults_of(self.assistant.library.records) == []
                self.assistant.library.index.update()
                assert self.assistant.library.index.check()[0]
                self.assistant.close()
        finally:
            shutil.rmtree(self.root, ignore_errors=True)


def same(one: State, other: State) -> bool:
    """Return whether two states are equal, removals apart: these are seen at the next `add` only."""
    return (one.papers, one.questions) == (other.papers, other.questions)


def test_random_operations_and_kills_leave_the_library_that_the_model_predicts() -> None:
    with start_fork_server(__file__) as fork_server:
        Libraries.fork_server, Libraries.played = fork_server, 0
        run_state_machine_as_test(
            Libraries,
            settings=settings(
                max_examples=HISTORIES,
                stateful_step_count=STEPS,
                deadline=None,
                derandomize=not FULL,
                phases=[Phase.explicit, Phase.generate],  # a history that fails is short enough to read
                suppress_health_check=list(HealthCheck),
            ),
        )
    assert Libraries.played >= HISTORIES  # each of them has compared the library with the model


if __name__ == "__main__":
    serve(globals())
