"""Grading: capacity, resistance and voltage at rest, and the bins that they make."""
