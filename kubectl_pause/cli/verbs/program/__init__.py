"""Verbs that tell of the program itself: they ask no node and no cluster."""
