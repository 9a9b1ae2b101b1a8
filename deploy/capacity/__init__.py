"""Computes the resources and the cost of a rate of payments."""
