"""Run benchmarks on collections: BEIR, QASPER, PDFs, whole papers, question variants."""
