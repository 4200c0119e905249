"""Makers of plans: variants, factorial designs, paths, controls; nothing here runs a trial."""
