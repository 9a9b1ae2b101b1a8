"""Takes many payments while everything fails and dies, then compares the books.

Knows the system from outside only: the HTTP API, as a shop; the cashier pages, as a
customer; the simulator's control API and Temporal's client, as the auditor at the end.
"""
