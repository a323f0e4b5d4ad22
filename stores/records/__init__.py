"""The records store: recommendations and genealogy, by SQLAlchemy Core."""
