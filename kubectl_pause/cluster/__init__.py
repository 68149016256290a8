"""The way to a cluster: kubeconfig and credentials, REST reads, exec streams. The only package that speaks to an API server."""
