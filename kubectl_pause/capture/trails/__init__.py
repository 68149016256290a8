"""What the API says of pods that are stuck: of one, or of many at once."""
