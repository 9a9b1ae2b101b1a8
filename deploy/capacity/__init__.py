"""Computes what a rate of payments takes, and what it costs."""
