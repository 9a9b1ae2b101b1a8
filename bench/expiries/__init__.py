"""Measures customers' waits while many payments expire at once."""
