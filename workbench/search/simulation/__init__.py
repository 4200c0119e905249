"""Searches in simulated time: any sampler and scheduler on a table of finished trials."""
