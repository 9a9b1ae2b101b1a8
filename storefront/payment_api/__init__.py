"""The payment API for the shop: client, answers and callbacks."""
