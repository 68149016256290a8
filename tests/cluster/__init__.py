"""Tests of the way to a cluster, against an API server of our own."""
