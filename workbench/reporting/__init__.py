"""Renders analyses: pages, figures, tables, JSON, CSV, Markdown, LaTeX. Decides nothing."""
