"""What is known of a payment, and what follows from it: pure, without Temporal."""
