"""The methods of `Assistant` for saved answers, conversations and ratings."""

from . import arguments
from .errors import EmptyLibrary, UnknownConversation
from .library import Library
from .store.history import Conversation, SavedAnswer


class HistoryMethods:
    """Methods of `Assistant` for saved answers. With `[answer] keep = false` no new answers are saved."""

    library: Library

    def history(self, most: int = 50) -> list[SavedAnswer]:
        """Return the `most` recent questions with their answers, newest first."""
        return self.library.history.last(most) if self.library.exists else []

    def saved_answer(self, number: int) -> SavedAnswer:
        """Return a question with its answer. Raise UnknownAnswer if there is none with this number."""
        return self.library.history.answer(number)

    def citing(self, name: str, most: int = 50) -> list[SavedAnswer]:
        """Return the `most` recent answers that quote a paper, newest first. Raise UnknownPaper or AmbiguousPaper."""
        records = self.library.records
        key = records.paper_key(name)
        return self.library.history.citing(records.refs([key])[key].id, arguments.whole("most", most, 1, 1_000_000))

    def delete_answer(self, number: int) -> None:
        """Delete a saved answer, and its conversation if it was the last one. Raise UnknownAnswer if there is none."""
        self.library.history.remove_answer(number)

    def conversations(self) -> list[Conversation]:
        """Return the conversations, most recent first. Each has at least one answer."""
        return self.library.history.conversations() if self.library.exists else []

    def conversation(self, number: int) -> list[SavedAnswer]:
        """Return the answers of a conversation, oldest first. Raise UnknownConversation if there is none."""
        return self.library.history.conversation(number)

    def has_conversation(self, number: int) -> bool:
        """Return whether there is a conversation with this number."""
        try:
            self.library.history.check_conversation(number)
        except (UnknownConversation, EmptyLibrary):
            return False
        return True

    def rename_conversation(self, number: int, name: str) -> None:
        """Rename a conversation; "" restores its first question as the name. Raise UnknownConversation or TooLong."""
        self.library.history.rename_conversation(number, name)

    def delete_conversation(self, number: int) -> None:
        """Delete a conversation with its answers and ratings. Raise UnknownConversation if there is none."""
        self.library.history.remove_conversation(number)

    def rate(self, number: int, good: bool | None, comment: str = "") -> None:
        """Save a rating and comment on an answer, replacing earlier ones; with neither, delete them.

        `good` says whether the answer is right; None means not rated. A comment has up to 4,000 characters. Raise
        UnknownAnswer or TooLong.
        """
        self.library.history.rate(number, good, comment)

    def feedback(self) -> list[SavedAnswer]:
        """Return the answers with a rating or comment, in the order in which they were rated."""
        return self.library.history.rated() if self.library.exists else []
