"""The payment API as the shop knows it: its client, its answers, its callbacks."""
