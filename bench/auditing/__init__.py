"""Measures verifying a bundle, compared with a bare replay of its histories."""
