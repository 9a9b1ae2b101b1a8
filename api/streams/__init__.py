"""Streams of a payment's events: one look at Temporal serves all who watch."""
