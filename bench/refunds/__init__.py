"""(k) The cost of refunds."""
