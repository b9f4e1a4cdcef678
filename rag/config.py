"""Load settings from defaults, the nearest config.toml, the environment and arguments; later ones take precedence."""

import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError

from .errors import ConfigError

PREFIX = "FOOTNOTE_"
FILE_NAME = "config.toml"


_SectionKind = Literal["abstract", "references", "back_matter", "furniture", "appendix", "table", "caption", "footnote"]
_OLD_KINDS = {"acknowledgements": "back_matter"}  # the name in files of earlier versions


def _as_tuple(value: object) -> object:
    """Accept lists, as in TOML, and names separated by commas, as in the environment."""
    if isinstance(value, str):
        value = [name.strip() for name in value.split(",") if name.strip()]
    return tuple(_OLD_KINDS.get(str(name), name) for name in value) if isinstance(value, list) else value


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Library(_Table):
    path: str = ""


class Embedding(_Table):
    model: str = "all-MiniLM-L6-v2"
    backend: Literal["auto", "openvino", "torch"] = "auto"
    device: str = "cpu"
    precision: Literal["auto", "reference"] = "auto"


class Chunking(_Table):
    max_tokens: int = Field(256, ge=32, le=8192)
    overlap_sentences: int = Field(0, ge=0, le=10)
    left_out: Annotated[tuple[_SectionKind, ...], BeforeValidator(_as_tuple)] = ("references", "furniture")


class Retrieval(_Table):
    top_k: int = Field(10, ge=1, le=1000)
    candidates: int = Field(100, ge=10, le=5000)
    passages_per_paper: int = Field(3, ge=1, le=100)


class CrossEncoder(_Table):
    model: str = Field("auto", min_length=1)
    passages: int = Field(16, ge=1, le=1000)

    @property
    def used(self) -> bool:
        """Return whether passages are reranked with a cross-encoder."""
        return self.model != "none"


class Answering(_Table):
    mode: Literal["auto", "quote", "llm"] = "auto"
    max_sentences: int = Field(4, ge=1, le=20)
    keep: bool = True


class Ollama(_Table):
    host: str = "http://127.0.0.1:11434"
    model: str = "auto"
    context_tokens: int = Field(8192, ge=512)
    answer_tokens: int = Field(512, ge=32)
    reading_seconds: float = Field(60.0, gt=0)
    timeout_seconds: float = Field(120.0, gt=0)
    deadline_seconds: float = Field(600.0, gt=0)
    allow_cloud: bool = False
    check: bool = False


class Llm(_Table):
    server: Literal["ollama", "openai"] = "ollama"
    base_url: str = "http://127.0.0.1:1234/v1"
    model: str = "auto"
    api_key: SecretStr = Field(SecretStr(""), exclude=True)  # from the environment only
    allow_remote: bool = False


class Index(_Table):
    url: str = ""
    allow_remote: bool = False


class Ui(_Table):
    host: str = "127.0.0.1"
    port: int = Field(7860, ge=0, le=65535)
    max_upload_mb: int = Field(200, ge=1)
    password: str = ""


class Settings(_Table):
    """All settings with their defaults; config.toml documents each."""

    library: Library = Library()
    embedding: Embedding = Embedding()
    chunking: Chunking = Chunking()
    retrieval: Retrieval = Retrieval()
    cross_encoder: CrossEncoder = CrossEncoder()
    answer: Answering = Answering()
    llm: Llm = Llm()
    ollama: Ollama = Ollama()
    index: Index = Index()
    ui: Ui = Ui()


def load_settings(
    file: str | Path | None = None,
    *,
    overrides: Mapping[str, Mapping[str, Any]] | None = None,
    environ: Mapping[str, str] | None = None,
) -> Settings:
    """Return the settings from `overrides`, the environment, `file` and the defaults; earlier ones take precedence.

    Args:
        file: By default the nearest config.toml, in the working directory or a parent, that has one of our tables. If
            it sets no library, the next one up that does is used for that setting.
        overrides: Tables of keys, `{"library": {"path": "..."}}`; None values are ignored.

    Raise ConfigError if the file cannot be read, a key is unknown, or a value has the wrong type.
    """
    files = iter([Path(file)] if file is not None else _found_files())
    path = next(files, None)
    tables: dict[str, Any] = {}
    for origin, source, strict in (
        (str(path), _read_file(path) if path else {}, True),
        ("the environment", _read_environment(os.environ if environ is None else environ), False),
        ("the arguments", _without_none(overrides or {}), True),
    ):
        _validated(source, origin, strict=strict)
        if strict and "api_key" in source.get("llm", {}):
            raise ConfigError(f"{origin}: [llm] api_key is read from the environment only: set {PREFIX}LLM__API_KEY.")
        tables = _merged(tables, source)
        if origin != str(path) and source.get("library", {}).get("path") == "":  # an unset shell variable
            raise ConfigError(f"{origin}: [library] path is ''; expected a folder.")
    if not _library_path(tables):
        libraries = (_library_path(_read_file(each)) for each in files)
        tables = _merged(tables, {"library": {"path": next(filter(None, libraries), "")}})
    return _validated(tables, "the settings", strict=False)


def library_folder(settings: Settings) -> Path:
    """Return the library's absolute folder: `[library] path`, relative to the working directory, or the data folder."""
    from platformdirs import user_data_path

    path = settings.library.path
    return Path(path).expanduser().absolute() if path else user_data_path("footnote")


def shown_folder(folder: Path) -> str:
    """Return a folder relative to the working directory, else to home (`~/papers`), else its name."""
    for base, prefix in ((Path.cwd(), ""), (Path.home(), "~/")):
        if folder != base and folder.is_relative_to(base):
            return f"{prefix}{folder.relative_to(base).as_posix()}"
    return folder.name


def _found_files() -> Iterator[Path]:
    """Yield our configuration files in the working directory and its parents, the nearest first."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        path = folder / FILE_NAME
        if path.is_file() and _is_ours(path):
            yield path


def _library_path(tables: Mapping[str, Any]) -> str:
    library = tables.get("library")
    path = library.get("path") if isinstance(library, dict) else None
    return path if isinstance(path, str) else ""


def _is_ours(path: Path) -> bool:
    """Return whether a config.toml has one of our tables; other programs' files are ignored."""
    try:
        text = path.read_text(encoding="utf-8")
        tables = tomllib.loads(text)
    except (OSError, UnicodeDecodeError):
        return False
    except tomllib.TOMLDecodeError:
        return any(f"[{name}]" in text for name in Settings.model_fields)  # `_read_file` then reports the error
    found = {name for name in Settings.model_fields if isinstance(tables.get(name), dict)}
    if found == {"llm"}:  # other programs have such a table too, with a model and a key
        return bool({"server", "allow_remote"} & set(tables["llm"]))
    if found == {"index"}:
        return set(tables["index"]) <= set(Index.model_fields)
    return bool(found)


def _read_file(path: Path) -> dict[str, Any]:
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise ConfigError(f"The configuration file {path} cannot be read: {reason}.") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(
            f"{path} is not valid TOML: {error}. Fix it, or choose another file with --config."
        ) from error
    if library := _library_path(tables):
        tables["library"]["path"] = str(path.parent / Path(library).expanduser())
    for name in ("embedding", "cross_encoder"):
        table = tables.get(name)
        if isinstance(table, dict) and isinstance(table.get("model"), str):
            folder = path.parent / table["model"]
            if table["model"].startswith(".") or folder.is_dir():  # else a name such as "owner/model"
                table["model"] = str(folder)
    return tables


def _read_environment(environ: Mapping[str, str]) -> dict[str, dict[str, str]]:
    tables: dict[str, dict[str, str]] = {}
    for name, value in environ.items():
        if name.upper().startswith(PREFIX):
            table, _, key = name[len(PREFIX) :].lower().partition("__")
            if not key:
                raise ConfigError(
                    f"The environment variable {name} is not a setting; the form is {PREFIX}TABLE__KEY, "
                    f"such as {PREFIX}LIBRARY__PATH."
                )
            tables.setdefault(table, {})[key] = value
    return tables


def _validated(tables: Mapping[str, Any], origin: str, *, strict: bool) -> Settings:
    try:
        return Settings.model_validate(tables, strict=strict)
    except ValidationError as error:
        raise ConfigError("\n".join(_explain(dict(problem), origin) for problem in error.errors())) from error


def _explain(problem: dict[str, Any], origin: str) -> str:
    table, *rest = map(str, problem["loc"])
    key = f"[{table}] {'.'.join(rest)}".strip()
    if problem["type"] == "extra_forbidden":
        known = Settings.model_fields[table].annotation if rest else Settings
        names = ", ".join(known.model_fields if isinstance(known, type) and issubclass(known, BaseModel) else ())
        return f"{origin}: {key} is not a setting of Footnote; known settings: {names}."
    message = problem["msg"].replace("Input should be", "expected").lower()
    expected = "expected a table" if problem["type"] == "model_type" else message
    return f"{origin}: {key} is {problem['input']!r}; {expected}."


def _without_none(tables: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    return {table: {k: v for k, v in keys.items() if v is not None} for table, keys in tables.items()}


def _merged(tables: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(tables)
    for table, keys in overrides.items():
        merged[table] = {**merged.get(table, {}), **keys}
    return merged
