"""Bytes of a capture or of the API, as typed facts: one module per source, no input or output."""
