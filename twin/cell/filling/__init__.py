"""Filling: electrolyte weighed in, the scale looked after, and how long a cell must soak."""
