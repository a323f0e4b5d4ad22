"""Wiring: configuration, placement, start, stop, health, the command line."""
