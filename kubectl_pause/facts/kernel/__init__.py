"""What the node's kernel says: processes, cgroups, namespaces, mounts, routes."""
