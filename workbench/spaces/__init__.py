"""Search spaces: what may vary, how combinations are drawn, and how many there are. No torch."""
