"""Measures speed, cost and memory of payments; the product does not import it."""
