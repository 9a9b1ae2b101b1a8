"""(j) The cost of refunds."""
