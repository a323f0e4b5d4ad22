"""Coating: the coater, what its loading should be, why it is not, and what to do about it."""
