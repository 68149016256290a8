"""From a command line to the nodes and pods that are asked for."""
