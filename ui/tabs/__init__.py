"""The places of the page. A module with a `PLACE` is one; `ui.place` finds it."""
