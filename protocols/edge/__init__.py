"""What every way to a source shares: bindings, status, frames onto the backbone."""
