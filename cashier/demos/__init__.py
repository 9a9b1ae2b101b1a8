"""Plays that show the system at work: one payment, stuck ones, an audit."""
