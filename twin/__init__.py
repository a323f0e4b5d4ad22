"""The twin, pure: it knows no Ray, no sockets and no clock."""
