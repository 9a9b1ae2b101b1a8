"""`cashier refunds`: gives money of an order back, and tells what became of it."""
