"""`python -m kubectl_pause`."""

from kubectl_pause.cli.main import main

if __name__ == "__main__":
    main()
