"""Builds the documents as a site: pages that are made from the program, and their links."""
