"""Carts and orders in the shop's database, and how an order is paid and stands."""
