"""The methods of `Assistant` for whole libraries: backup, restore, export and import."""

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
    """Methods of `Assistant` for whole libraries."""

    library: Library

    def backup(self, file: str | os.PathLike[str]) -> Contents:
        """Write everything that cannot be recomputed to one file, even while the library is in use.

        An older backup with this name is replaced once the new one is complete; any other file is left alone. Raise
        EmptyLibrary if there is no library. Raise LibraryError if it is damaged, or the file cannot be written.
        """
        return back_up(self.library.records, Path(file).expanduser())

    def restore(self, file: str | os.PathLike[str], *, replace: bool = False) -> Contents:
        """Restore a backup into this folder, which must have no papers unless `replace` is True.

        Raise LibraryError if the file is not a backup, is damaged, or is from a newer version; the library is then
        unchanged.
        """
        contents = restore(self.library.folder, Path(file).expanduser(), replace=replace)
        self._build_index()
        return contents

    def export(self, file: str | os.PathLike[str]) -> Contents:
        """Write the whole library as JSON lines, for other programs and versions; `import_library` reads them.

        An older export with this name is replaced once the new one is complete; any other file is left alone. Raise
        EmptyLibrary if there is no library. Raise LibraryError if it is damaged, or the file cannot be written.
        """
        return export(self.library.records, Path(file).expanduser())

    def import_library(self, file: str | os.PathLike[str], *, replace: bool = False) -> Contents:
        """Import an exported library into this folder, which must have no papers unless `replace` is True.

        Raise LibraryError if the file is not a complete export, or is from a newer version; the library is then
        unchanged.
        """
        contents = import_library(self.library.folder, Path(file).expanduser(), replace=replace)
        self._build_index()
        return contents

    def _build_index(self) -> None:
        try:
            self.library.index.update()
        except LibraryError as error:  # questions work without the index
            log.warning("The papers are stored. %s", error)
