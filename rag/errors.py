"""Every error that the program raises for a person to read. Imports nothing.

FootnoteError
├── ConfigError        a setting is unknown, of the wrong type, or impossible
├── SourceError        a file or folder cannot be read as papers
├── LibraryError       the library on disk cannot be used as it is
│   ├── LibraryMismatch    it was made with other settings
│   └── EmptyLibrary       there is nothing in it to search
├── UnknownPaper       no paper has this id or title
├── AmbiguousPaper     several papers have this title
├── QuestionError      the question cannot be searched for
├── EmbeddingError     the embedding model cannot be loaded or run
├── AnswerModelError   the answering model cannot be used
└── AddInterrupted     an `add` was stopped; also a KeyboardInterrupt
"""


class FootnoteError(Exception):
    """Base of all errors of Footnote; `str()` says what failed, with which value, and what to do next."""


class ConfigError(FootnoteError):
    """A setting is unknown, of the wrong type, or impossible."""


class SourceError(FootnoteError):
    """A file or folder cannot be read as papers."""


class LibraryError(FootnoteError):
    """The library on disk cannot be used as it is."""


class LibraryMismatch(LibraryError):
    """The library was made with another embedding model or other chunking than the settings name."""


class EmptyLibrary(LibraryError):
    """The library holds no paper yet."""


class UnknownPaper(FootnoteError):
    """No paper of the library has the given id or title."""


class AmbiguousPaper(FootnoteError):
    """Several papers of the library have the given title; the message lists their ids."""


class QuestionError(FootnoteError):
    """The question is empty or too long to be searched for."""


class EmbeddingError(FootnoteError):
    """The embedding model cannot be loaded or run."""


class AnswerModelError(FootnoteError):
    """The answering model cannot be used."""


class AddInterrupted(FootnoteError, KeyboardInterrupt):
    """An `add` was stopped with Ctrl-C; the message says what was stored and what was not done."""
