"""Completion: what a command line that is being written may go on with, for kubectl and for shells."""
