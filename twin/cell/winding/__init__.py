"""Winding heads: vision, web tension, and what they say of a jellyroll's short circuits."""
