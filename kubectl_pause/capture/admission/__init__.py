"""Whether the inspector pod may be made: rights, rehearsal, and what a refusal needs."""
