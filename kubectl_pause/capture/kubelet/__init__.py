"""Whether the kubelet of a node, and the runtime behind it, live: by the lease, and by what they say of the inspector pod."""
