"""The ASGI application: it knows every other package, and none of them knows it."""
