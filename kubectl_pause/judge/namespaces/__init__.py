"""What is wrong with the namespaces of a node, and what proves it."""
