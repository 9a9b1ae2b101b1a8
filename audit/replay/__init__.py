"""A history run once more on today's code, and compared with what it says."""
