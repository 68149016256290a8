"""What is shown of zombies: a table, messages to the owners of workloads, and a watch as it goes on."""
