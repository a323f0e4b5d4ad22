"""Mixing, coating, drying and calendering."""
