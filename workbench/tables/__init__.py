"""Tables of trials: many trained networks in a folder of Parquet files."""
