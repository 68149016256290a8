"""Captures for a bug report: the same facts under other names."""
