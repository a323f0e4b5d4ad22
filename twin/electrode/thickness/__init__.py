"""The thickness gauge: wet, dry or calendered film."""
