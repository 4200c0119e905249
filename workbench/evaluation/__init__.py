"""Scores of a network on benchmark sets, and enlarging images."""
