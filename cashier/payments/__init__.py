"""`cashier payments` and `callbacks`: look at an order's payment, and act on it."""
