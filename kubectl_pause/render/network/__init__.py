"""The network ledger."""
