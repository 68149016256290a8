"""The console script, and `python -m kubectl_pause`. A Ctrl-C while the program is still being loaded is no error either."""

import sys  # and nothing else out here: what takes time to load is loaded where a Ctrl-C is caught


def start() -> None:
    """Load the program and run it, to the end of the process."""
    try:
        _listen_to_sigterm()
        if sys.argv[1:2] == ["__complete"]:
            _complete(sys.argv[2:])
        from kubectl_pause.cli.main import main

        main()
    except KeyboardInterrupt:
        sys.exit(130)


def _listen_to_sigterm() -> None:
    """The kernel gives the first process of a PID namespace, as this may be in a container, no signal that it has not asked for."""
    import os

    if os.getpid() == 1:
        import signal

        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


def complete() -> None:
    """The console script `kubectl_complete-pause_inspect`, which kubectl runs for what may follow its arguments."""
    try:
        _complete(sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit(130)


def _complete(words: list[str]) -> None:
    from kubectl_pause.cli.main import complete

    complete(words)


if __name__ == "__main__":
    start()
