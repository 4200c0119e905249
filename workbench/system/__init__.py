"""Files, signals, processes, memory and text. Imports no other package but errors."""
