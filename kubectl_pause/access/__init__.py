"""The wire: kubeconfig and credentials, TLS, REST, exec."""
