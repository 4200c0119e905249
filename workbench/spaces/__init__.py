"""Search spaces: what may vary, how it is asked for, and how large that is. No torch."""
