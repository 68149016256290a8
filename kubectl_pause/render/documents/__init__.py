"""Forms that are made of the whole document: JSON, YAML, JSONPath, custom columns, names."""
