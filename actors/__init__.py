"""Ray only: thin shells around the pure twin, each a few methods and a loop."""
