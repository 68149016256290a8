"""The node side: the script that reads a node."""
