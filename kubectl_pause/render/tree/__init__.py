"""`-o tree`: what stands on what."""
