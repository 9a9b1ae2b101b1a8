"""Measures waiting payments that are too many for a worker's cache."""
