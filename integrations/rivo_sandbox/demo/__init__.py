"""The demo shop: one module for each part of its story."""
