"""Samplers: what proposes the next combination of a space."""
