"""Estimates of a network's quality without training: costs, and scores of initial weights."""
