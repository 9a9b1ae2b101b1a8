"""Histories taken away in bundles, and proven from files alone, without a server."""
