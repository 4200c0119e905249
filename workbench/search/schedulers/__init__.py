"""Schedulers: which candidates of a search train further, and when new ones start."""
