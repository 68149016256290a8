"""Zombies: who should have reaped them, whether it can, and what to do."""
