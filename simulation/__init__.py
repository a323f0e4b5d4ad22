"""A plant that lies: processes with hidden drifts and faults."""
