"""Measures speed, cost and memory of a payment; not imported by the product."""
