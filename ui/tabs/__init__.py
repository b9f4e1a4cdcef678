"""The tabs of the page and their event handlers."""
