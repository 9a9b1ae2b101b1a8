"""Refunds in the storm: what the shop asks for, and what became of it."""
