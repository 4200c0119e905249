"""One trial: its images, its run from config to result, its environment."""
