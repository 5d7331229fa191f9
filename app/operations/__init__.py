"""Every write as an operation: intent, outcome, read-back, limits, audit."""
