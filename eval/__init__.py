"""Evaluate offline: `python -m eval` scores answers against a question set; see README."""
