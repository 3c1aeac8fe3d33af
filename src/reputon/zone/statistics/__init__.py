"""Statistics: what the server counts and samples, and who is told."""
