"""Define every error that Footnote raises for users to read. This module imports nothing from rag."""

import re

_QUOTED_PATH = re.compile(r"""(['"])(?:/|[A-Za-z]:[\\/])[^'"\n]*?([^'"\n/\\]*)\1""")
_PATH = re.compile(r"(?<![\w:/.])(?:file://)?(?:/|[A-Za-z]:[\\/])(?:[^\s'\"/\\]+[/\\])*(?=[^\s'\"/\\])")
_LONGEST_REASON = 200  # characters


class FootnoteError(Exception):
    """Base class of all errors; `str()` says what failed, with which value, and what to do next."""


class ConfigError(FootnoteError):
    """A setting is unknown, of the wrong type, or impossible."""


class SourceError(FootnoteError):
    """A file or folder cannot be read as papers."""


class LibraryError(FootnoteError):
    """The library on disk cannot be used as it is."""


class LibraryBusy(LibraryError):
    """Another process is still writing to the library."""


class IndexServerError(LibraryError):
    """The Chroma server with the index does not answer or must not be used; `is_final` if another try cannot help."""

    def __init__(self, message: str, *, is_final: bool = False) -> None:
        super().__init__(message)
        self.is_final = is_final


class LibraryMismatch(LibraryError):
    """The library was made with another embedding model or chunking than the settings have."""


class EmptyLibrary(LibraryError):
    """The library has no papers."""


class ReadOnlyLibrary(LibraryError):
    """The library cannot be written to; questions still work."""


class UnknownPaper(FootnoteError):
    """No paper has the given id, title, citekey, file name or part of a title."""


class UnknownAnswer(FootnoteError):
    """No saved answer has the given number."""


class UnknownConversation(FootnoteError):
    """No saved conversation has the given number."""


class TooLong(FootnoteError):
    """A conversation's name or a comment is too long to be saved."""


class AmbiguousPaper(FootnoteError):
    """Several papers match the given name; the message lists their ids and titles."""


class DrawingError(FootnoteError):
    """A page of a paper cannot be drawn: the page or file is missing, the file has changed, or is too complex."""


class QuestionError(FootnoteError):
    """The question is empty or too long, or an argument is invalid."""


class EmbeddingError(FootnoteError):
    """The embedding model cannot be loaded or run."""


class AnswerModelError(FootnoteError):
    """The answering model cannot be used, or failed; `text` is what it had written."""

    text: str = ""


class ServerNotFound(AnswerModelError):
    """There is no model server at the address, or it is another program."""


class ModelNotFound(AnswerModelError):
    """The model is not installed, or cannot generate text."""


class CloudModelRefused(AnswerModelError):
    """Ollama would send the papers to another machine, which the settings do not allow."""


class RemoteServerRefused(AnswerModelError):
    """The model server is another machine, which the settings do not allow."""


class ModelBusy(AnswerModelError):
    """The model server has too many requests, is starting or stopping, or loads the model."""


class ModelOutOfMemory(AnswerModelError):
    """The model or its context window does not fit into memory."""


class ModelTimeout(AnswerModelError):
    """The model was silent for too long, or did not finish before the deadline."""


class ModelProtocolError(AnswerModelError):
    """The response is not one of the server's API, or an unknown failure."""


class IncompleteAnswer(AnswerModelError):
    """The answer broke off, was stopped, or is empty."""


class PromptCut(AnswerModelError):
    """The prompt is longer than the context window; `window` is its size in tokens, None if the server hides it."""

    window: int | None = None


class AddInterrupted(FootnoteError, KeyboardInterrupt):
    """An `add` was stopped with Ctrl-C; the message says what was stored and what was not."""


def reason(error: BaseException) -> str:
    """Return the reason of an error on one line, without folders of this machine."""
    if isinstance(error, OSError) and error.strerror:
        text = error.strerror
    elif error.args and isinstance(error.args[0], list) and error.args[0]:  # shutil.Error: (from, to, why) per file
        text = str(error.args[0][0][-1])
    else:
        text = str(error)
    line = next((line.strip() for line in text.splitlines() if line.strip()), type(error).__name__)
    return _PATH.sub("", _QUOTED_PATH.sub(r"\1\2\1", line))[:_LONGEST_REASON]
