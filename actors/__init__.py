"""Ray actors: thin shells over the pure twins."""
