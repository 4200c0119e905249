"""Trials on the nodes of a Ray cluster, with or without a file system that they share."""
