"""What a request holds, field by field: money, wallets; and how it is refused."""
