"""The slurry mixer: what goes to the coater."""
