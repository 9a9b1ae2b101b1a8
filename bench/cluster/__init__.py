"""Measures a real cluster: PostgreSQL, and the Temporal server as four processes."""
