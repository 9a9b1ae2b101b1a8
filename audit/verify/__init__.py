"""Verifies bundles and the payments in them, from files alone."""
