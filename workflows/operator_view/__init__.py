"""Workflows as operators see them: page and list line in the UI, metrics."""
