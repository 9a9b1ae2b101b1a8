"""Takes many payments while processes fail and die, then compares all records.

Uses the system only from outside: the HTTP API, as a shop; the cashier pages, as a
customer; the simulator's control API and Temporal's client, to compare at the end.
"""
