"""Studies in a store: declared before they run, read back, shown, and taken elsewhere."""
