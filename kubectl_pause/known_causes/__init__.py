"""What messages of Kubernetes, runtimes and plugins prove: tables of causes, pure data, that `why` matches and the docs are made from."""
