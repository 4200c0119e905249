"""Results to differences, verdicts and tables of values. Draws and prints nothing."""
