"""Verbs about the program itself: they read no node and no cluster."""
