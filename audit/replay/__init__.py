"""Replays a history on today's code, and compares the two."""
