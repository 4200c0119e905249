"""MDRN Workbench: ablation and architecture search on MDRN for efficient super-resolution."""

__version__ = "0.1.0"
