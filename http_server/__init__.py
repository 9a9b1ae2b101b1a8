"""Serves all our HTTP applications, with limits on requests."""
