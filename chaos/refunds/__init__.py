"""Refunds in the chaos test: the shop's plans, and the records of their results."""
