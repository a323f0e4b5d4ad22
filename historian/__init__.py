"""Series: Parquet written in sorted slices, asked through DuckDB."""
