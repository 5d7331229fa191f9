"""Announcements: webhooks of Rivo that come in, triggers that go out."""
