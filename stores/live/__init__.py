"""The live store: backbone streams, checkpoints and feeds."""
