"""Where memory is kept: live (Redis or Valkey), records (SQL), and the edge's own disk."""
