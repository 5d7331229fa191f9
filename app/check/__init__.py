"""Asks a live shop read-only questions: what works, what differs from the contract."""
