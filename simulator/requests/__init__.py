"""The fields of requests: money, wallets; and how a request is refused."""
