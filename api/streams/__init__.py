"""Streams of a payment's states: one read from Temporal serves all viewers."""
