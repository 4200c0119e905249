"""What each command does, as functions of plain values that emit events and return values."""
