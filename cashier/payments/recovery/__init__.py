"""Recovers payments that were stopped, or that Temporal has lost."""
