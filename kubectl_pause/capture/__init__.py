"""From a node to a capture, which is bytes: the inspector pod and its life, the collector, this host."""
