"""Benchmarks of speed and of the page."""
