"""Benchmarks on collections: BEIR, QASPER, PDFs, question variants."""
