"""Every error that the program raises for a person to read, and what others say of a failure. Imports nothing of rag.

FootnoteError
├── ConfigError        a setting is unknown, of the wrong type, or impossible
├── SourceError        a file or folder cannot be read as papers
├── LibraryError       the library on disk cannot be used as it is
│   ├── LibraryBusy        another process is writing to it for too long
│   ├── LibraryMismatch    it was made with other settings
│   ├── EmptyLibrary       there is nothing in it to search
│   └── ReadOnlyLibrary    it can be read, and not changed
├── UnknownPaper       no paper fits this name
├── AmbiguousPaper     several papers fit this name
├── UnknownAnswer      no answer that was kept has this number
├── UnknownConversation no conversation has this number
├── TooLong            a name or a comment is longer than is kept
├── DrawingError       a page of a paper cannot be drawn
├── QuestionError      the question cannot be searched for
├── EmbeddingError     the embedding model cannot be loaded or run
├── AnswerModelError   the answering model cannot be used, or failed; `.text` is what it had written
│   ├── OllamaNotFound     nothing answers at Ollama's address, or something else does
│   ├── ModelNotFound      the model is not installed, or is none that writes
│   ├── CloudModelRefused  Ollama would send the papers to another machine
│   ├── ModelBusy          Ollama has too much to do
│   ├── ModelOutOfMemory   the model, or its context, does not fit
│   ├── ModelTimeout       no piece in time, or no end before the deadline
│   ├── ModelProtocolError the reply is none that Ollama gives, or a failure without a name here
│   ├── IncompleteAnswer   the answer broke off, was stopped, or is empty
│   └── PromptCut          the prompt is longer than the context window
└── AddInterrupted     an `add` was stopped; also a KeyboardInterrupt
"""

import re

_QUOTED_PATH = re.compile(r"""(['"])(?:/|[A-Za-z]:[\\/])[^'"\n]*?([^'"\n/\\]*)\1""")
_PATH = re.compile(r"(?<![\w:/.])(?:file://)?(?:/|[A-Za-z]:[\\/])(?:[^\s'\"/\\]+[/\\])*(?=[^\s'\"/\\])")
_LONGEST_REASON = 200  # characters


class FootnoteError(Exception):
    """Base of all errors of Footnote; `str()` says what failed, with which value, and what to do next."""


class ConfigError(FootnoteError):
    """A setting is unknown, of the wrong type, or impossible."""


class SourceError(FootnoteError):
    """A file or folder cannot be read as papers."""


class LibraryError(FootnoteError):
    """The library on disk cannot be used as it is."""


class LibraryBusy(LibraryError):
    """Another process is writing to the library, and has been for longer than a write waits."""


class LibraryMismatch(LibraryError):
    """The library was made with another embedding model or other chunking than the settings name."""


class EmptyLibrary(LibraryError):
    """The library holds no paper yet."""


class ReadOnlyLibrary(LibraryError):
    """Nothing can be written to the library; it can be asked all the same."""


class UnknownPaper(FootnoteError):
    """No paper of the library has the given id, title, citekey or file name, or part of a title."""


class UnknownAnswer(FootnoteError):
    """No answer that was kept has the given number."""


class UnknownConversation(FootnoteError):
    """No conversation that was kept has the given number."""


class TooLong(FootnoteError):
    """A conversation's name, or a comment on an answer, is longer than is kept."""


class AmbiguousPaper(FootnoteError):
    """Several papers of the library fit the given name; the message lists their ids and titles."""


class DrawingError(FootnoteError):
    """A page of a paper cannot be drawn: it has none, or its file is gone, has changed, or is too much to draw."""


class QuestionError(FootnoteError):
    """The question is empty or too long to be searched for."""


class EmbeddingError(FootnoteError):
    """The embedding model cannot be loaded or run."""


class AnswerModelError(FootnoteError):
    """The answering model cannot be used, or failed; `text` is what it had written by then."""

    text: str = ""


class OllamaNotFound(AnswerModelError):
    """Nothing answers at Ollama's address, or something that is not Ollama."""


class ModelNotFound(AnswerModelError):
    """The model is not installed, or is none that writes answers."""


class CloudModelRefused(AnswerModelError):
    """Ollama would send the papers to another machine, which the settings do not allow."""


class ModelBusy(AnswerModelError):
    """Ollama has too many requests, or is about to start or stop."""


class ModelOutOfMemory(AnswerModelError):
    """The model, or the context window asked for, does not fit into memory."""


class ModelTimeout(AnswerModelError):
    """The model wrote nothing for too long, or did not come to an end before the deadline."""


class ModelProtocolError(AnswerModelError):
    """The reply is not what Ollama's interface gives, or a failure that has no error of its own."""


class IncompleteAnswer(AnswerModelError):
    """The answer broke off before its end, was stopped, or is empty."""


class PromptCut(AnswerModelError):
    """The prompt is longer than the context window: the model would not have read all of it."""


class AddInterrupted(FootnoteError, KeyboardInterrupt):
    """An `add` was stopped with Ctrl-C; the message says what was stored and what was not done."""


def reason(error: BaseException) -> str:
    """Return in one line why something failed, without the folders of this machine that an error's text may name."""
    if isinstance(error, OSError) and error.strerror:
        text = error.strerror
    elif error.args and isinstance(error.args[0], list) and error.args[0]:  # shutil.Error: (from, to, why) a file
        text = str(error.args[0][0][-1])
    else:
        text = str(error)
    line = next((line.strip() for line in text.splitlines() if line.strip()), type(error).__name__)
    return _PATH.sub("", _QUOTED_PATH.sub(r"\1\2\1", line))[:_LONGEST_REASON]
