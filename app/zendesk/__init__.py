"""Zendesk's ways in: the app's signed token, and the signed webhook of the macros."""
