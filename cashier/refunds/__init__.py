"""`cashier refunds`: refunds an order, and shows the outcome."""
