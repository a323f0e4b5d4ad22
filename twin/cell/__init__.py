"""Stacking, filling, formation and grading."""
