"""The pages for the shop's staff: all orders, and the refund form."""
