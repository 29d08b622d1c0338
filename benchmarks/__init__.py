"""Benchmarks: each prints a table and writes results/<name>.json; `make help` lists them.

Figures are ratios measured in one run on one machine. No test measures time. `--smoke` tries a benchmark's code on
little data in seconds and writes to .cache/benchmarks/ instead.
"""
