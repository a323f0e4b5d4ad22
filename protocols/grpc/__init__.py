"""How the twin is reached."""
