"""Networks of other teams, which the workbench measures beside its own family."""
