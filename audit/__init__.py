"""Exports histories as bundles, and verifies them from files alone."""
