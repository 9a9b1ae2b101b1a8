"""What is known of an order's refunds, and what follows from it: pure."""
