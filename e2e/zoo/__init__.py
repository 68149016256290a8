"""Pods with known truth about reaping: PID 1 of every kind, orphans, forgotten children, a pause that cannot reap, and healthy ones."""
