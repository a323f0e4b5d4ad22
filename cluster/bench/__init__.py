"""Benchmarks, one a file: each measures what its table of numbers says, and no less."""
