"""Settings: precedence of sources, choice of the file, and messages."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from helpers.papers import ROOT

from rag.assistant import Assistant, ask
from rag.config import Settings, load_settings, shown_folder
from rag.errors import ConfigError, EmptyLibrary


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory two folders below `tmp_path`."""
    folder = tmp_path / "project" / "notes"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    monkeypatch.delenv("FOOTNOTE_LIBRARY__PATH")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return folder


def test_config_toml_holds_every_setting_with_its_default() -> None:
    assert tomllib.loads((ROOT / "config.toml").read_text(encoding="utf-8")) == Settings().model_dump(mode="json")


def test_each_source_overrides_those_below_it(here: Path) -> None:
    def top_k(file: bool = True, environ: str | None = "3", argument: int | None = 4) -> int:
        (here / "config.toml").write_text("[retrieval]\ntop_k = 2\n" if file else "[retrieval]\ncandidates = 50\n")
        return load_settings(
            environ={"FOOTNOTE_RETRIEVAL__TOP_K": environ} if environ else {},
            overrides={"retrieval": {"top_k": argument}},
        ).retrieval.top_k

    assert top_k() == 4
    assert top_k(argument=None) == 3
    assert top_k(argument=None, environ=None) == 2
    assert top_k(argument=None, environ=None, file=False) == Settings().retrieval.top_k == 10


def test_a_source_that_sets_one_key_keeps_the_other_keys_of_its_table(here: Path) -> None:
    (here / "config.toml").write_text("[ui]\nhost = 'localhost'\nport = 1\n")
    ui = load_settings(environ={"FOOTNOTE_UI__PORT": "2"}, overrides={"ui": {"password": "x"}}).ui
    assert (ui.host, ui.port, ui.password) == ("localhost", 2, "x")


def test_a_cross_encoder_s_folder_is_relative_to_the_file_and_its_special_names_are_kept(here: Path) -> None:
    (here.parent / "reader").mkdir()
    (here.parent / "config.toml").write_text("[cross_encoder]\nmodel = 'reader'\n")
    assert load_settings(environ={}).cross_encoder.model == str(here.parent / "reader")
    for name in ("auto", "none", "owner/model"):
        (here.parent / "config.toml").write_text(f"[cross_encoder]\nmodel = '{name}'\n")
        assert load_settings(environ={}).cross_encoder.model == name


def test_without_a_file_the_defaults_apply(here: Path) -> None:
    assert load_settings(environ={"PATH": "/bin"}) == Settings()


def test_the_nearest_config_toml_of_the_folder_and_its_parents_is_taken(here: Path) -> None:
    (here.parents[1] / "config.toml").write_text("[retrieval]\ntop_k = 5\n")
    assert load_settings(environ={}).retrieval.top_k == 5
    (here.parent / "config.toml").write_text("[retrieval]\ntop_k = 6\n")
    assert load_settings(environ={}).retrieval.top_k == 6


@pytest.mark.parametrize(
    "text",
    [
        "",
        "title = 'A blog'\n[params]\nlibrary = 'x'\n",
        "library = 'a name, not a table'\n",
        "not TOML: [at all",
        b"\xff\xfe\x00",
    ],
)
def test_a_config_toml_of_another_program_is_ignored(here: Path, text: str | bytes) -> None:
    (here / "config.toml").write_bytes(text if isinstance(text, bytes) else text.encode())
    (here.parent / "config.toml").write_text("[retrieval]\ntop_k = 6\n")
    assert load_settings(environ={}).retrieval.top_k == 6


def test_an_invalid_file_with_our_tables_is_an_error(here: Path) -> None:
    (here / "config.toml").write_text("[retrieval]\ntop_k = \n")
    with pytest.raises(ConfigError, match=r"config\.toml is not valid TOML: .*line 2.*--config"):
        load_settings(environ={})


def test_paths_in_a_file_are_relative_to_the_file(here: Path, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    (tmp_path / "models" / "small").mkdir(parents=True)
    for model, wanted in (
        ("./other", str(tmp_path / "other")),
        ("models/small", str(tmp_path / "models/small")),
        ("someone/small", "someone/small"),  # a name: no folder is there
    ):
        file.write_text(f"[library]\npath = 'papers/library'\n[embedding]\nmodel = '{model}'\n")
        settings = load_settings(file, environ={})
        assert settings.library.path == str(tmp_path / "papers/library")
        assert settings.embedding.model == wanted
    with Assistant.open(config=file) as assistant:
        assert assistant.library.folder == tmp_path / "papers/library"


def test_other_paths_are_relative_to_the_working_directory(here: Path) -> None:
    (here.parent / "config.toml").write_text("[library]\npath = 'library'\n")
    assert load_settings(environ={"FOOTNOTE_LIBRARY__PATH": "mine"}).library.path == "mine"
    with Assistant.open(library="mine") as assistant:
        assert assistant.library.folder == here / "mine"


def opened(**arguments: Any) -> Path:
    with Assistant.open(**arguments) as assistant:
        return assistant.library.folder


def test_the_library_is_the_argument_s_the_environment_s_the_nearest_file_s_or_the_user_s(
    here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "library").mkdir()
    (here / "library" / "footnote.sqlite").touch()  # taken by nobody
    users = tmp_path / "data" / "footnote"
    assert opened() == users
    (here / "config.toml").write_text("[library]\npath = ''\n")
    assert opened() == users
    (tmp_path / "config.toml").write_text("[library]\npath = 'far'\n[retrieval]\ntop_k = 3\n")
    assert opened() == tmp_path / "far"
    assert load_settings().retrieval.top_k == 10  # all but the library is the nearest file's
    (here.parent / "config.toml").write_text("[library]\npath = 'near'\n")
    assert opened() == here.parent / "near"
    monkeypatch.setenv("FOOTNOTE_LIBRARY__PATH", "environ")
    assert opened() == here / "environ"
    assert opened(library="~/argument") == Path.home() / "argument"
    monkeypatch.delenv("FOOTNOTE_LIBRARY__PATH")
    (tmp_path / "other.toml").write_text("[retrieval]\ntop_k = 4\n")
    assert opened(config=tmp_path / "other.toml") == users  # a file that is named is the only one


def test_a_folder_is_shown_relative_to_the_working_directory_or_home(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(here.parents[1]))
    assert shown_folder(here / "mine" / "library") == "mine/library"
    assert shown_folder(here.parent / "library") == "~/project/library"
    assert shown_folder(here) == "~/project/notes"
    assert shown_folder(Path("/srv/library")) == "library"


def test_another_library_is_named_if_the_user_s_is_empty(here: Path) -> None:
    (here / "library").mkdir()
    (here / "library" / "footnote.sqlite").touch()
    with Assistant.open() as assistant, pytest.raises(EmptyLibrary, match="add `--library library`"):
        assistant.ask("Which river is it?")
    assert not (here.parents[1] / "data").exists()


def test_ask_follows_the_working_directory(here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, river in (("one", "Oder"), ("two", "Tagus")):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        Path("river.txt").write_text(f"The Otters of the {river}\n\nOtters of the {river} eat 12 crabs a day.\n")
        with Assistant.open(library="mine") as assistant:
            assistant.add("river.txt")
    for name, river in (("one", "Oder"), ("two", "Tagus"), ("one", "Oder")):
        monkeypatch.chdir(tmp_path / name)
        answer = ask("How many crabs do otters eat?", library="mine", mode="quote")
        assert {p.title for p in answer.passages} == {f"The Otters of the {river}"}
        monkeypatch.setenv("FOOTNOTE_LIBRARY__PATH", "mine")
        assert ask("How many crabs do otters eat?", mode="quote").passages == answer.passages
        monkeypatch.delenv("FOOTNOTE_LIBRARY__PATH")


@pytest.mark.parametrize("path", ["~/library", "/srv/library"])
def test_an_absolute_path_is_unchanged(here: Path, path: str) -> None:
    (here / "config.toml").write_text(f"[library]\npath = '{path}'\n")
    with Assistant.open() as assistant:
        assert assistant.library.folder == Path(path).expanduser()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "[retrievel]\ntop_k = 3",
            r"\[retrievel\] is not a setting of Footnote; known settings: library, embedding, .*ui",
        ),
        ("[retrieval]\ntopk = 3", r"\[retrieval\] topk is not a setting .*: top_k, candidates, passages_per_paper"),
        ("[retrieval]\ntop_k = '3'", r"\[retrieval\] top_k is '3'; expected a valid integer"),
        ("[retrieval]\ntop_k = true", r"\[retrieval\] top_k is True; expected a valid integer"),
        ("[retrieval]\ntop_k = 0", r"\[retrieval\] top_k is 0; expected greater than or equal to 1"),
        ("[ui]\nport = 70000", r"\[ui\] port is 70000; expected less than or equal to 65535"),
        ("[ollama]\ntimeout_seconds = 'long'", r"\[ollama\] timeout_seconds is 'long'; expected a valid number"),
        ("[ollama]\nallow_cloud = 1", r"\[ollama\] allow_cloud is 1; expected a valid boolean"),
        ("[answer]\nmode = 'poem'", r"\[answer\] mode is 'poem'; expected 'auto', 'quote' or 'llm'"),
        ("[library]\npath = 5", r"\[library\] path is 5; expected a valid string"),
        ("library = 5", r"\[library\] is 5; expected a table"),
    ],
)
def test_an_unknown_key_or_a_wrong_value_is_an_error_with_file_key_and_what_was_expected(
    here: Path, text: str, message: str
) -> None:
    (here / "mine.toml").write_text(text)
    with pytest.raises(ConfigError, match=r"mine\.toml: " + message):
        load_settings("mine.toml", environ={})


def test_all_errors_of_a_file_are_in_one_message(here: Path) -> None:
    (here / "mine.toml").write_text("[ui]\nport = 'x'\n[nosuch]\na = 1\n")
    with pytest.raises(ConfigError) as caught:
        load_settings("mine.toml", environ={})
    assert sorted(line.split(" is ")[0] for line in str(caught.value).splitlines()) == [
        "mine.toml: [nosuch]",
        "mine.toml: [ui] port",
    ]


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("FOOTNOTE_NOSUCH__KEY", "1", r"the environment: \[nosuch\] is not a setting"),
        ("FOOTNOTE_UI__PROT", "1", r"the environment: \[ui\] prot is not a setting .* host, port"),
        ("FOOTNOTE_PORT", "1", r"FOOTNOTE_PORT is not a setting; the form is FOOTNOTE_TABLE__KEY"),
        ("FOOTNOTE_UI__PORT", "x", r"the environment: \[ui\] port is 'x'; expected a valid integer"),
        ("FOOTNOTE_LIBRARY__PATH", "", r"the environment: \[library\] path is ''"),
    ],
)
def test_an_unknown_or_wrong_variable_is_an_error_that_names_it(
    here: Path, name: str, value: str, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        load_settings(environ={name: value})


def test_any_setting_can_be_set_by_environment(here: Path) -> None:
    wanted = Settings().model_dump()
    for keys in wanted.values():
        numbers = {key: value for key, value in keys.items() if isinstance(value, int | float)}
        keys.update({key: not n if isinstance(n, bool) else n + 1 for key, n in numbers.items()})
    for table, key, value in (
        ("library", "path", "mine"), ("embedding", "model", "5"), ("embedding", "backend", "torch"),
        ("embedding", "device", "cuda"), ("answer", "mode", "llm"), ("ollama", "host", "http://localhost:1"),
        ("ollama", "model", "small"), ("ui", "host", "::1"), ("ui", "password", "123"),
    ):  # fmt: skip
        wanted[table][key] = value
    wanted["chunking"]["left_out"] = ("references", "table")
    environ = {f"FOOTNOTE_{t.upper()}__{k.upper()}": str(v) for t, keys in wanted.items() for k, v in keys.items()}
    environ["FOOTNOTE_CHUNKING__LEFT_OUT"] = "references, table"
    assert load_settings(environ=environ).model_dump() == wanted


def test_the_old_name_of_a_kind_of_text_is_read(here: Path) -> None:
    (here / "config.toml").write_text('[chunking]\nleft_out = ["references", "acknowledgements"]\n')
    assert load_settings().chunking.left_out == ("references", "back_matter")


@pytest.mark.parametrize("file", ["absent.toml", "."])
def test_an_unreadable_given_file_is_an_error(here: Path, file: str) -> None:
    with pytest.raises(ConfigError, match=r"The configuration file .* cannot be read: "):
        load_settings(file, environ={})


def test_a_wrong_argument_is_an_error_that_names_it(here: Path) -> None:
    with pytest.raises(ConfigError, match=r"the arguments: \[answer\] mode is 'poem'"):
        Assistant.open(mode="poem")


def test_an_api_key_comes_from_the_environment_only_and_is_not_shown(here: Path) -> None:
    settings = load_settings(environ={"FOOTNOTE_LLM__API_KEY": "s3cret"})
    assert settings.llm.api_key.get_secret_value() == "s3cret"
    assert "s3cret" not in f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"
    with pytest.raises(ConfigError, match="FOOTNOTE_LLM__API_KEY") as failed:
        load_settings(environ={}, overrides={"llm": {"api_key": "s3cret"}})
    assert "s3cret" not in str(failed.value)
    (here / "config.toml").write_text("[llm]\nserver = 'openai'\napi_key = 's3cret'\n")
    with pytest.raises(ConfigError, match="FOOTNOTE_LLM__API_KEY"):
        load_settings(environ={})


def test_another_program_s_llm_table_is_ignored(here: Path) -> None:
    (here / "config.toml").write_text("[llm]\nmodel = 'gpt'\napi_key = 'x'\n")
    assert load_settings(environ={}) == Settings()
