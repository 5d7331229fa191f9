"""The systems this service talks to, and the words they share."""
