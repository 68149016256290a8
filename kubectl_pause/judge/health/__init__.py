"""Faults of sandboxes themselves, which nothing of a cluster shows."""
