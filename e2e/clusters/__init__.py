"""Everything behind `e2e/cluster`: engines, kind, the node image built from packages, images of test pods."""
