"""Where the facts of nodes come from: a cluster, saved captures, this host, or the pods' own containers."""
