"""`python -m workbench` is the command `workbench`."""

from workbench.cli.main import main

main()
