"""Search spaces over the MDRN family."""
