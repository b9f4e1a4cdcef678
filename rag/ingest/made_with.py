"""What a library was made with: the embedding model and the chunking. Both must match the settings."""

import json
from typing import Any

from ..config import Settings
from ..errors import LibraryMismatch
from ..store.papers import Records
from ..store.rows import undamaged

_CHUNKER_VERSION = 4  # raise it when the same paper gets other chunks or other vectors than before

Recipe = dict[str, Any]


def recipe_of(settings: Settings, digest: str | None = None) -> Recipe:
    """Return what the settings make a library with; `digest` is the embedding model's, if that is loaded."""
    chunking = settings.chunking
    recipe = {
        "model": settings.embedding.model,
        "max_tokens": chunking.max_tokens,
        "overlap_sentences": chunking.overlap_sentences,
        "left_out": list(chunking.left_out),
        "chunker": _CHUNKER_VERSION,
    }
    return recipe if digest is None else recipe | {"sha256": digest}


def stored_recipe(records: Records) -> Recipe | None:
    """Return what a library was made with, or None if it is new."""
    made_with = records.meta("made_with")
    with undamaged("what the library was made with"):
        return None if made_with is None else dict(json.loads(made_with))


def check_recipe(records: Records, wanted: Recipe) -> None:
    """Raise LibraryMismatch if a library was made with another recipe; store the recipe of a new library."""
    stored = stored_recipe(records)
    if stored is None:
        with records.transaction() as db:
            records.set_meta(db, "made_with", json.dumps(wanted))
        return
    names = [name for name in wanted if stored.get(name) != wanted[name]]
    if not names:
        return
    folder = records.path.parent.name
    if stored.get("chunker") != wanted["chunker"]:
        raise LibraryMismatch(
            f"The library {folder!r} was made by another version of Footnote. Run `footnote rebuild`, and then add "
            "your folders again, so that their files are read again."
        )
    differences = "; ".join(f"{name} {stored.get(name)!r}, the settings say {wanted[name]!r}" for name in names)
    raise LibraryMismatch(
        f"The library {folder!r} was made with {differences}. Restore that setting, or run `footnote rebuild` to "
        "rebuild the library with the new settings."
    )
