"""Facts of several sources joined into the model of a node, and what follows from it."""
