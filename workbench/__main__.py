"""`python -m workbench` is the command `workbench`."""

import signal
import sys


def start() -> None:
    """Load the program and run it; Ctrl-C and SIGTERM have their answer also while it loads."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        from workbench.cli.main import main
    except KeyboardInterrupt:
        sys.stderr.write("stopped\n")
        sys.exit(130)
    finally:
        signal.signal(signal.SIGTERM, before)
    main()


if __name__ == "__main__":
    start()
