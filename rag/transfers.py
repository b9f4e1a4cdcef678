"""Backup, restore, export and import: the part of `Assistant` about whole libraries."""

import logging
import os
from pathlib import Path

from .errors import LibraryError
from .library import Library
from .transfer.backup import back_up, restore
from .transfer.json_lines import export, import_library
from .transfer.places import Contents

log = logging.getLogger("footnote")


class TransferMethods:
    """What `Assistant` offers on whole libraries."""

    library: Library

    def backup(self, file: str | os.PathLike[str]) -> Contents:
        """Write all that the library must not lose to one file; the library may be in use.

        An older backup of this name is replaced when the new one is complete; any other file is left alone. Raise
        EmptyLibrary if there is no library. Raise LibraryError if it is damaged, or the file cannot be written.
        """
        return back_up(self.library.records, Path(file).expanduser())

    def restore(self, file: str | os.PathLike[str], *, replace: bool = False) -> Contents:
        """Put the library of a backup into this folder, which has to be without papers unless `replace` is given.

        Raise LibraryError if the file is no backup, is damaged, or of a newer version; the library is then as it was.
        """
        contents = restore(self.library.folder, Path(file).expanduser(), replace=replace)
        self._build_index()
        return contents

    def export(self, file: str | os.PathLike[str]) -> Contents:
        """Write all of the library to JSON lines, for other programs and other versions; `import_library` reads them.

        An older export of this name is replaced when the new one is complete; any other file is left alone. Raise
        EmptyLibrary if there is no library. Raise LibraryError if it is damaged, or the file cannot be written.
        """
        return export(self.library.records, Path(file).expanduser())

    def import_library(self, file: str | os.PathLike[str], *, replace: bool = False) -> Contents:
        """Put an exported library into this folder, which has to be without papers unless `replace` is given.

        Raise LibraryError if the file is no whole export, or of a newer version; the library is then as it was.
        """
        contents = import_library(self.library.folder, Path(file).expanduser(), replace=replace)
        self._build_index()
        return contents

    def _build_index(self) -> None:
        try:
            self.library.index.update()
        except LibraryError as error:  # questions are answered without the index
            log.warning("The papers are stored. %s", error)
