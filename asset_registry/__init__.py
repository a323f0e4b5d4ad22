"""What exists: asset records, kinds and their ISO 23247 mapping."""
