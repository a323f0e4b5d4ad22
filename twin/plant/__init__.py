"""What holds for the whole plant: recommendations, genealogy, KPIs."""
