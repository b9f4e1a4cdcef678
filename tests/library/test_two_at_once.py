"""Two assistants or processes on one library.

Run as a script (`test_two_at_once.py FUNCTION ARGUMENT...`) it is the other process.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from helpers.workspace import (
    BIRDS,
    CLOCKS,
    KITES,
    Workspace,
    indexed,
    open_library,
    send_line,
    send_to_test,
    start_process,
)


def test_another_assistant_sees_a_later_add_at_its_next_question(workspace: Workspace) -> None:
    workspace.write("a.jsonl", KITES)
    workspace.add()
    with workspace.open() as other:
        assert [p.title for p in other.search("otters radio")] == [KITES[0]]
        workspace.write("a.jsonl", (KITES[0], "Eagles look down."))
        workspace.write("b.jsonl", CLOCKS)
        workspace.add()
        assert {p.text for p in other.search("radio eagles")} == {"Eagles look down.", CLOCKS[1]}
        workspace.assistant.remove(CLOCKS[0])
        assert [p.title for p in other.search("radio eagles")] == [KITES[0]]
        other.add(workspace.write("c.jsonl", BIRDS))
        assert indexed(workspace.assistant)
        assert len(workspace.ids()) == 2
    assert workspace.titles_found("playback") == [BIRDS[0]]  # the other has closed its files


def answer_lines(library: str, model: str) -> None:
    with open_library(library, model) as assistant:
        for line in sys.stdin:
            send_to_test(sorted(passage.title for passage in assistant.search(line)))


def test_another_process_sees_a_later_add_at_its_next_question(workspace: Workspace) -> None:
    workspace.write("a.jsonl", KITES)
    workspace.add()
    with start_process(__file__, "answer_lines", workspace.library, workspace.model) as other:
        assert other.stdin
        assert other.stdout

        def asked(question: str) -> Any:
            send_line(other, question)
            return json.loads(other.stdout.readline())

        assert asked("otters") == [KITES[0]]
        workspace.write("b.jsonl", CLOCKS)
        workspace.add()
        assert asked("radio") == [CLOCKS[0], KITES[0]]
        workspace.assistant.remove(KITES[0])
        assert asked("otters") == [CLOCKS[0]]
        other.stdin.close()
    assert other.returncode == 0


def add_when_told(library: str, model: str, papers: str) -> None:
    with open_library(library, model) as assistant:
        send_to_test("ready")
        sys.stdin.readline()
        assistant.add(papers)


def test_two_processes_that_add_the_same_papers_at_once_store_each_once(workspace: Workspace) -> None:
    entries = [(f"Paper {n}", f"Body number {n}.") for n in range(40)]
    for n in range(0, 40, 2):
        workspace.write(f"{n:02}.jsonl", *entries[n : n + 2])
    others = [
        start_process(__file__, "add_when_told", workspace.library, workspace.model, workspace.papers) for _ in range(2)
    ]
    assert [other.stdout and other.stdout.readline() for other in others] == ['"ready"\n'] * 2
    for other in others:
        send_line(other, "go")
    assert [other.wait(60) for other in others] == [0, 0]
    assert [entry[:2] for entry in workspace.stored()] == sorted(entries)
    assert indexed(workspace.assistant)
    for other in others:
        other.communicate()


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
