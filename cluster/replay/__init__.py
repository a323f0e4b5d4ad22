"""The past once more: exported files through the live plant's actors, or the archive
through the twins alone."""
