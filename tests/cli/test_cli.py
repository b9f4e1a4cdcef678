"""The command `footnote`: exit statuses, streams, output, and no tracebacks."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from helpers.commands import environment, footnote, footnote_here
from helpers.papers import PAPERS

from eval.questions import load_questions
from rag.assistant import Assistant
from rag.types import REFUSAL

QUESTION = "How many otters does the kite count?"
OTTERS, CLOCKS, BIRDS = PAPERS


@pytest.fixture(scope="module")
def workdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a read-only working directory with the test papers and their library."""
    folder = tmp_path_factory.mktemp("workdir")
    (folder / "papers").mkdir()
    for title, text in PAPERS.items():
        (folder / "papers" / f"{title.split()[-1].lower()}.txt").write_text(f"{title}\n\n{text}\n")
    done = footnote("add", "papers", cwd=folder)
    assert (done.returncode, done.stdout) == (0, "3 added\n"), done.stderr
    return folder


@pytest.fixture
def own_workdir(workdir: Path, tmp_path: Path) -> Path:
    """Return a copy of `workdir` that tests may change."""
    return shutil.copytree(workdir, tmp_path / "own_workdir")


def listed(folder: Path, **env: str) -> list[dict[str, Any]]:
    papers: list[dict[str, Any]] = json.loads(footnote_here("list", "--json", cwd=folder, **env).stdout)
    return papers


# Exit statuses


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["ask", QUESTION, "--library", "none"], "There is no library in 'none' yet. Add papers: `footnote add PATH`."),
        (["search", QUESTION, "--library", "none"], "There is no library in 'none' yet."),
        (["rebuild", "--library", "none"], "There is no library in 'none' yet."),
        (
            ["ask", QUESTION, "--paper", "Zebras"],
            "No paper in this library has the id, title, citekey or file name 'Zebras'",
        ),
        (
            ["show", "Zebras"],
            "No paper in this library has the id, title, citekey or file name 'Zebras'"
            ", and no title contains it. `footnote list` shows them all.",
        ),
        (["remove", "Zebras"], "No paper in this library has the id, title, citekey or file name 'Zebras'"),
        (
            ["edit", "Zebras", "--year", "1999"],
            "No paper in this library has the id, title, citekey or file name 'Zebras'",
        ),
        (["edit", OTTERS, "--title", " "], "A paper needs a title."),
        (["ask", QUESTION, "--year", "1871"], "No paper in this library has the year '1871'."),
        (["ask", QUESTION, "--mode", "llm"], "Ollama does not answer at http://127.0.0.1:9"),
        (["again", "7"], "No answer has the number 7. `footnote history` shows them."),
        (["list", "--config", "absent.toml"], "The configuration file absent.toml cannot be read: No such file"),
        (["chat", "--port", "99999"], "the arguments: [ui] port is 99999; expected less than or equal to 65535."),
    ],
)
def test_a_failed_command_exits_1_with_one_message(workdir: Path, words: list[str], said: str) -> None:
    done = footnote_here(*words, cwd=workdir)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(said)
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "the following arguments are required: COMMAND"),
        (["nonsense"], "invalid choice: 'nonsense'"),
        (["ask"], "the following arguments are required: question"),
        (["add"], "the following arguments are required: PATH"),
        (["ask", QUESTION, "--mode", "poem"], "argument --mode: invalid choice: 'poem'"),
        (["search", QUESTION, "--top-k", "0"], "argument --top-k: '0' is not a number from 1 to 1,000,000,000"),
        (["search", QUESTION, "--top-k", "few"], "argument --top-k: 'few' is not a whole number"),
        (["history", "--most", "x"], "argument --most: 'x' is not a whole number"),
        (["again", "x"], "argument number: 'x' is not a whole number"),
        (["chat", "--port", "x"], "argument --port: 'x' is not a whole number"),
        (["edit", OTTERS, "--year", "MCM"], "argument --year: 'MCM' is not a whole number"),
        (
            ["ask", QUESTION, "--year", "2023-2019"],
            "argument --year: '2023-2019' is a reversed range; write",
        ),
        (
            ["search", QUESTION, "--year", "new"],
            "argument --year: 'new' is neither a year nor a range such as",
        ),
        (["search", QUESTION, "--year", "2019-"], "argument --year: '2019-' is neither a year nor a range"),
        (["search", QUESTION, "--year", "1-999999999"], "argument --year: '1-999999999' is neither a year nor"),
        (["list", "--library", ""], "argument --library: '' is not a folder"),
        (["edit", OTTERS], "Nothing to change: name a field, such as --title."),
    ],
)
def test_wrong_use_exits_2_and_says_what_is_wrong(workdir: Path, words: list[str], said: str) -> None:
    done = footnote_here(*words, cwd=workdir)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert "_" not in done.stderr.splitlines()[-1]  # no name of a private function


def test_the_process_exits_with_these_statuses(workdir: Path) -> None:
    for words, status in ((["list"], 0), (["show", "Zebras"], 1), (["nonsense"], 2), (["--version"], 0)):
        assert footnote(*words, cwd=workdir).returncode == status


def test_a_failed_file_exits_1_and_the_others_are_added(tmp_path: Path) -> None:
    (tmp_path / "good.txt").write_text("Moss on Roofs\n\nMoss grows on 12 of 40 roofs.\n")
    (tmp_path / "empty.txt").write_text("")
    done = footnote_here("add", "absent.pdf", "empty.txt", "good.txt", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "1 added, 2 failed\n")
    assert [re.sub(r" \(.* files/s.*\)", "", line) for line in done.stderr.splitlines()[:2]] == [
        "[1/2] empty.txt: not read",
        "[2/2] good.txt",
    ]
    assert done.stderr.splitlines()[2:] == [
        "not read: absent.pdf: there is no such file or folder (or the link leads nowhere)",
        "not read: empty.txt: the file is empty",
        "Library: library",
    ]
    assert footnote_here("add", "good.txt", cwd=tmp_path).stdout == "0 added, 1 unchanged\n"


def test_a_folder_with_nothing_to_read_exits_1(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    done = footnote_here("add", "photos", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (1, "There was nothing to read in it.\n")


def test_a_refusal_exits_0(workdir: Path) -> None:
    done = footnote_here("ask", "Who won the chess olympiad in Elista?", "--json", cwd=workdir)
    answer = json.loads(done.stdout)
    assert done.returncode == 0
    assert answer["refused"] == (answer["text"] == REFUSAL) == (not answer["citations"])


# Output


def test_only_json_is_on_stdout(workdir: Path) -> None:
    # The encoding of stdout may lack Ω.
    answer, passages = (
        json.loads(footnote(*words, "--json", cwd=workdir, PYTHONIOENCODING="ascii").stdout)
        for words in (["ask", f"{QUESTION} Ω"], ["search", QUESTION, "--top-k", "2"])
    )
    assert answer["question"] == f"{QUESTION} Ω"
    assert "94.5%" in answer["text"]
    assert {c["title"] for c in answer["citations"]} >= {OTTERS}
    assert passages[0]["title"] == OTTERS
    assert len(passages) == 2
    assert {paper["title"] for paper in listed(workdir)} == set(PAPERS)


def test_an_answer_in_a_pipe_is_plain_text(workdir: Path) -> None:
    done = footnote("ask", *QUESTION.split(), "--mode", "quote", cwd=workdir)  # typed without quotation marks
    text, references = done.stdout.split("\n\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert "94.5%" in text
    assert f"] {OTTERS}, kites.txt" in references
    assert "\x1b" not in done.stdout
    assert text.isascii()  # no frame


def test_only_the_first_question_of_a_library_mentions_the_missing_model(own_workdir: Path) -> None:
    footnote_here("add", "papers", "--library", "new", cwd=own_workdir)
    first, second = (footnote_here("ask", QUESTION, "--library", "new", cwd=own_workdir) for _ in range(2))
    assert first.stderr == "Answers are quotes: no local model was found. `footnote doctor` says how to add one.\n"
    assert second.stderr == ""
    assert "Ollama" not in first.stdout + second.stdout
    doctor = footnote_here("doctor", cwd=own_workdir)
    assert "Ollama does not answer at http://127.0.0.1:9" in doctor.stdout + doctor.stderr


def test_an_answer_is_framed_in_a_terminal(workdir: Path) -> None:
    master, slave = os.openpty()
    command = [sys.executable, "-m", "rag", "ask", QUESTION, "--mode", "quote"]
    process = subprocess.Popen(command, cwd=workdir, env=environment(COLUMNS="100", TERM="xterm"), stdout=slave)
    os.close(slave)
    shown = b""
    with suppress(OSError):  # Linux reports a closed other end as an error
        while block := os.read(master, 4096):
            shown += block
    os.close(master)
    assert process.wait(10) == 0
    assert "╭──" in shown.decode()
    assert f"] {OTTERS}, kites.txt" in shown.decode()


def test_a_follow_up_continues_the_last_question(own_workdir: Path) -> None:
    footnote_here("add", "papers", "--library", "fresh", cwd=own_workdir)
    nothing = footnote_here("ask", "--continue", "and in fog?", "--library", "fresh", cwd=own_workdir)
    assert (nothing.returncode, nothing.stdout) == (1, "")
    assert nothing.stderr == "There is nothing to continue: this library has no stored question.\n"

    def ask(*words: str) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(
            footnote_here("ask", *words, "--json", "--mode", "quote", cwd=own_workdir).stdout
        )
        return answer

    first = ask(*QUESTION.split(), "--paper", "otters")
    second = ask("--continue", "how", "does", "it", "fail?")
    third = ask("--continue", "and", "what", "does", "it", "cost?", "--paper", "clocks")
    assert first["conversation"] == second["conversation"] == third["conversation"] != ask(QUESTION)["conversation"]
    assert {p["title"] for p in second["passages"]} == {OTTERS}  # the filters stay
    assert {p["title"] for p in third["passages"]} == {CLOCKS}  # unless they are set again
    with Assistant.open(library=own_workdir / "library") as assistant:
        kept = assistant.conversation(first["conversation"])
    assert [len(each.request["history"]) for each in kept] == [0, 1, 2]
    assert kept[2].request["history"] == [[QUESTION, first["text"]], ["how does it fail?", second["text"]]]


def test_an_answer_of_the_python_interface_can_be_continued(own_workdir: Path) -> None:
    with Assistant.open(library=own_workdir / "library", mode="quote") as assistant:
        answer = assistant.ask(QUESTION)
    footnote_here("ask", "--continue", "how does it fail?", cwd=own_workdir)
    with Assistant.open(library=own_workdir / "library") as assistant:
        (last,) = assistant.history(1)
    assert last.request["history"] == [[QUESTION, answer.text]]
    assert last.conversation


def test_a_paper_is_named_by_a_part_of_its_title_its_file_name_or_citekey(own_workdir: Path) -> None:
    assert footnote_here("show", "from", "kites", cwd=own_workdir).stdout.startswith(f"title: {OTTERS}\n")
    assert footnote_here("show", "networks.txt", cwd=own_workdir).stdout.startswith(f"title: {CLOCKS}\n")
    assert footnote_here("edit", "bird alarm", "--citekey", "tit1999", cwd=own_workdir).stdout.endswith(f"  {BIRDS}\n")
    found = json.loads(footnote_here("search", "otters", "--paper", "tit1999", "--json", cwd=own_workdir).stdout)
    assert {passage["title"] for passage in found} == {BIRDS}
    several = footnote_here("remove", "o", cwd=own_workdir)
    assert (several.returncode, several.stdout, len(listed(own_workdir))) == (1, "", 3)
    assert several.stderr.startswith("3 papers fit 'o'; name one by its id:\n  ")
    assert footnote_here("remove", "tit1999", cwd=own_workdir).stdout.endswith(f"  {BIRDS}\n")


def test_list_and_search_both_call_a_paper_s_id_paper_id(workdir: Path) -> None:
    found = json.loads(footnote_here("search", QUESTION, "--json", cwd=workdir).stdout)
    assert {paper["paper_id"] for paper in listed(workdir)} == {passage["paper_id"] for passage in found}


def test_list_show_and_search_print_readable_text(workdir: Path) -> None:
    paper = next(paper for paper in listed(workdir) if paper["title"] == OTTERS)
    assert f"{paper['id']}  {OTTERS}  [kites.txt]" in footnote_here("list", cwd=workdir).stdout.splitlines()
    shown = footnote_here("show", paper["id"], cwd=workdir).stdout
    assert shown.startswith(f"title: {OTTERS}\nid: {paper['id']}\nsources: kites.txt\n")
    assert shown.endswith(f"\n\n{OTTERS}\n\n{PAPERS[OTTERS]}\n")
    found = footnote_here("search", QUESTION, "--top-k", "1", cwd=workdir).stdout
    assert found.startswith(f" 1. {OTTERS}  [")
    assert PAPERS[OTTERS] in found


def test_a_missing_library_lists_nothing(tmp_path: Path) -> None:
    done = footnote_here("list", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "The library is empty. Add papers: `footnote add PATH`.\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", [["list"], ["ask", QUESTION]])
def test_a_broken_pipe_is_quiet(workdir: Path, words: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "rag", *words, "--json"]
    done = subprocess.run(command, cwd=workdir, env=environment(), stdout=writer, stderr=subprocess.PIPE, text=True)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, "")


def test_only_debug_shows_a_traceback(workdir: Path) -> None:
    words = ["show", "Zebras"]
    told, traced = footnote(*words, cwd=workdir), footnote(*words, "--debug", cwd=workdir)
    assert told.returncode == traced.returncode == 1
    assert "Traceback" not in told.stderr
    assert traced.stderr.startswith("Traceback")
    assert traced.stderr.endswith(f"UnknownPaper: {told.stderr}")


def test_feedback_is_listed_and_exported_as_a_question_set(own_workdir: Path) -> None:
    words = ["feedback", "--library", "library"]
    done = footnote_here(*words, cwd=own_workdir)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "No answer has been rated yet: use the buttons below an answer on the page.\n"
    with Assistant.open(library=own_workdir / "library", mode="quote") as assistant:
        good, bad = (assistant.ask(question).number or 0 for question in (QUESTION, "Who breaks the rules?"))
        assistant.rate(good, True, "Ω,\nyes")
        assistant.rate(bad, False, "young ones")
    lines = [re.sub(r"\S+T\S+", "TIME", line) for line in footnote_here(*words, cwd=own_workdir).stdout.splitlines()]
    told = f"{bad}  TIME  bad   Who breaks the rules?  [young ones]"
    assert [line.strip() for line in lines] == [f"{good}  TIME  good  {QUESTION}  [Ω, yes]", told]
    kept = json.loads(footnote_here(*words, "--json", cwd=own_workdir).stdout)
    assert [each["feedback"]["good"] for each in kept] == [True, False]
    exported = footnote(*words, "--export", cwd=own_workdir, PYTHONIOENCODING="ascii")
    left_out, reason = re.sub(r"\S+T\S+", "TIME", exported.stderr).splitlines()
    assert left_out == f"left out: {told}"
    assert "by hand" in reason
    (own_workdir / "set.jsonl").write_text(exported.stdout)
    (question,) = load_questions(own_workdir / "set.jsonl", PAPERS)
    assert OTTERS in question.gold_titles
    assert json.loads(exported.stdout)["comment"] == "Ω,\nyes"
    assert footnote_here(*words, "--export", "--json", cwd=own_workdir).returncode == 2


# Changes


def test_an_edit_is_shown_searched_and_survives_the_next_add(own_workdir: Path) -> None:
    fields = ["--title", "Otters Seen from Above", "--author", "Ada Brook", "--author", "Bo Reed"]
    fields += ["--year", "2001", "--venue", "River Letters", "--arxiv-id", "0101.1", "--tag", "mammals"]
    done = footnote_here("edit", OTTERS, *fields, cwd=own_workdir)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("  Otters Seen from Above (Ada Brook et al., 2001)\n")
    assert footnote_here("add", "papers", cwd=own_workdir).stdout == "0 added, 3 unchanged\n"
    paper = next(paper for paper in listed(own_workdir) if paper["year"] == 2001)
    assert paper["authors"] == ["Ada Brook", "Bo Reed"]
    assert (paper["venue"], paper["arxiv_id"], paper["tags"]) == ("River Letters", "0101.1", ["mammals"])
    found = footnote_here("search", "bird calls", "--year", "2001", "--author", "Bo Reed", "--json", cwd=own_workdir)
    assert {passage["title"] for passage in json.loads(found.stdout)} == {"Otters Seen from Above"}


def test_a_removed_paper_is_gone(own_workdir: Path) -> None:
    done = footnote_here("remove", OTTERS, cwd=own_workdir)
    assert done.returncode == 0
    assert done.stdout.startswith("removed ")
    assert done.stdout.endswith(f"  {OTTERS}\n")
    assert {paper["title"] for paper in listed(own_workdir)} == {CLOCKS, BIRDS}
    found = json.loads(footnote_here("search", QUESTION, "--json", cwd=own_workdir).stdout)
    assert {passage["title"] for passage in found} == {CLOCKS, BIRDS}


def test_other_settings_are_an_error_until_a_rebuild(own_workdir: Path) -> None:
    words, smaller = ["ask", QUESTION, "--json"], {"FOOTNOTE_CHUNKING__MAX_TOKENS": "48"}
    refused = footnote_here(*words, cwd=own_workdir, **smaller)
    assert refused.returncode == 1
    assert "max_tokens 256, the settings say 48" in refused.stderr
    assert "footnote rebuild" in refused.stderr
    assert footnote_here("doctor", cwd=own_workdir, **smaller).returncode == 1
    rebuilt = footnote_here("rebuild", cwd=own_workdir, **smaller)
    assert (rebuilt.returncode, rebuilt.stdout[:18]) == (0, "rebuilt: 3 papers,")
    assert "94.5%" in json.loads(footnote_here(*words, cwd=own_workdir, **smaller).stdout)["text"]
    assert footnote_here(*words, cwd=own_workdir).returncode == 1


def test_an_interrupted_add_says_what_it_stored_and_what_is_left(tmp_path: Path) -> None:
    for name in ("first", "second"):
        rows = [{"title": f"Well {i} of the {name} row", "text": f"Well {i} is {i} m deep."} for i in range(2000)]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)))
    process = subprocess.Popen(
        [sys.executable, "-m", "rag", "add", "first.jsonl", "second.jsonl"],
        cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # ignored in background jobs
    )  # fmt: skip
    while process.poll() is None and not stored(tmp_path):
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.02)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (1, "")
    told = re.fullmatch(r"Stopped: (\d+) papers are stored\. Not done: (.*)\. Add them again to continue\.\n", err)
    assert told, err
    assert told[2] == "first.jsonl, second.jsonl"
    assert stored(tmp_path) - int(told[1]) in (0, 1)  # the last one may be stored but not counted


def stored(folder: Path) -> int:
    try:
        with sqlite3.connect(f"file:{folder}/library/footnote.sqlite?mode=ro", uri=True) as db:
            return int(db.execute("SELECT count(*) FROM papers").fetchone()[0])
    except sqlite3.OperationalError:  # not there yet
        return 0


# Maintenance


def test_doctor_prints_a_line_for_each_check_with_its_remedy(workdir: Path, tmp_path: Path) -> None:
    done = footnote_here("doctor", cwd=workdir, FOOTNOTE_OLLAMA__HOST="http://127.0.0.1:9")
    lines = done.stdout.splitlines()
    assert (done.returncode, done.stderr) == (0, "")
    assert lines.pop(0) == "ok  record: intact"
    assert lines[0].startswith("ok  library library: 3 papers, ")
    assert lines[1] == "ok  embedding model all-MiniLM-L6-v2: 384 dimensions, 256 tokens"
    assert lines[2].startswith("ok  cross-encoder: packaged, for ")
    assert lines[3].startswith("ok  index: in step with the record")
    assert lines[-1].startswith("ok  Ollama: not found at http://127.0.0.1:9; answers are quotes  -> ")
    none = footnote_here("doctor", cwd=tmp_path, FOOTNOTE_OLLAMA__HOST="http://127.0.0.1:9")
    assert none.returncode == 1
    assert none.stdout.startswith("NO  library library: there is none yet  -> footnote add PATH\n")


# Questions without content


@pytest.mark.parametrize(
    ("question", "status", "said"),
    [
        ("", 1, "The question is empty. Ask in a sentence or a few keywords."),
        (" \t?! ", 1, "The question is empty. Ask in a sentence or a few keywords."),
        ("otter " * 1666 + "kite", 1, "The question has 10,000 characters; at most 2,000 are read. Ask for less."),
        ("what is it that they have", 0, "The question has only common words; name what you are looking for."),
        (
            "Сколько выдр видит змей?",
            0,
            "The question seems to be in Russian or another language in Cyrillic; ask in English.",
        ),
    ],
)
def test_a_question_without_content_gets_a_clear_message(workdir: Path, question: str, status: int, said: str) -> None:
    done = footnote_here("ask", question, "--mode", "quote", cwd=workdir)
    assert done.returncode == status
    assert said in (done.stderr if status else done.stdout)
    assert "Traceback" not in done.stderr


# Imports


@pytest.mark.parametrize(
    ("code", "light"),
    [
        ("import rag", "torch gradio chromadb numpy llama_index openvino pydantic"),
        (
            "from rag.cli.parser import main; main(['--help'])",
            "torch gradio chromadb numpy llama_index openvino pydantic",
        ),
        ("from rag.cli.parser import main; main(['list'])", "torch gradio chromadb llama_index openvino"),
        (
            f"from rag.cli.parser import main; main(['ask', '{QUESTION}'])",
            "torch gradio sentence_transformers transformers",
        ),
    ],
)
def test_heavy_packages_are_imported_only_when_needed(workdir: Path, code: str, light: str) -> None:
    seen = f"import atexit, sys; atexit.register(lambda: print(set(sys.modules) & set({light.split()}))); {code}"
    done = subprocess.run([sys.executable, "-c", seen], cwd=workdir, env=environment(), capture_output=True, text=True)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "set()"), done.stderr


def test_the_list_is_searched_filtered_and_sorted(own_workdir: Path) -> None:
    footnote_here("edit", CLOCKS, "--tag", "water", "--year", "2019", cwd=own_workdir)
    for words, expected in (
        (["--sort", "title"], [BIRDS, OTTERS, CLOCKS]),
        (["alarm"], [BIRDS]),
        (["--tag", "Water", "--year", "2018-2020"], [CLOCKS]),
        (["--tag", "nowhere"], []),
    ):
        found = json.loads(footnote_here("list", "--json", *words, cwd=own_workdir).stdout)
        assert [paper["title"] for paper in found] == expected
