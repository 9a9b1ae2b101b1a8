"""Carts and orders in the shop's database, their payments, refunds and status."""
