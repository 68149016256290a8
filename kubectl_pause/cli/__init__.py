"""The command line: one file a verb. It wires the stages together and holds no logic of its own.

Whatever is heavy (msgspec, urllib3, yaml) is imported inside the functions that need it, so that `--help` and `version` stay quick.
"""
