"""The Python API. `import workbench as wb` gives its names; import them from there."""
