"""From facts and API pods to one JoinedNode: whose each process, namespace and container is."""
