"""Whose each address, link and network namespace of a node is."""
