"""kubectl pause-inspect: which sandbox a pod stands on, which pause process holds it, who shares its namespaces."""

__version__ = "0.1.0"
