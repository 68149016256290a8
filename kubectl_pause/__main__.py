"""The console script, and `python -m kubectl_pause`. A Ctrl-C while the program is still being loaded is no error either."""

import sys  # and nothing else out here: what takes time to load is loaded where a Ctrl-C is caught


def start() -> None:
    """Load the program and run it, to the end of the process."""
    try:
        from kubectl_pause.cli.main import main

        main()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    start()
