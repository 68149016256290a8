"""What a collector wrote, as it came back."""
