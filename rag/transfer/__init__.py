"""Whole libraries in one file: backups, and JSON lines for other programs."""
