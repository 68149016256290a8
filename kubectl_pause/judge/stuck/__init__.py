"""Why one pod is where it is: from what the API keeps of its way and what its node shows."""
