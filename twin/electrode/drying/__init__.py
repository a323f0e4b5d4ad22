"""Drying: the web's way through the oven, and which zone temperatures suit it."""
