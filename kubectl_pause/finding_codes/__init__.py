"""The codes of findings, and what each means: the one table from which docs/findings.md, its pages and `explain` are made."""
