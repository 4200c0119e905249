"""Named variants, plans and their execution."""
