"""Closed hours of each device as Parquet files, readable as they are by other programs."""
