"""The console script, and `python -m kubectl_pause`. A Ctrl-C while the program is still being loaded is no error either."""

import sys
from typing import NoReturn


def start() -> NoReturn:
    """Load the program and run it."""
    try:
        from kubectl_pause.cli.main import main

        main()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    start()
