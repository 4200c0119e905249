"""Config to module: the MDRN family, its checkpoints and its costs."""
