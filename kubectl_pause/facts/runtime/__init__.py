"""What container runtimes and engines say: crictl, state files, Docker and podman."""
