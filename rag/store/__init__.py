"""The record of a library (one SQLite file) and the Chroma index derived from it."""
