"""The demonstration: a simulated plant, its twin, and an MES, each a process of its own."""
