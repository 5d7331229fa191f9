"""Internal notes on tickets: what became of a write, told once where the agents read."""
