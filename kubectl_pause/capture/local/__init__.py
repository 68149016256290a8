"""A host read without a cluster: the collector as a child, and what Docker and podman know of their containers."""
