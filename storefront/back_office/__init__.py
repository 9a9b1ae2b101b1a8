"""The pages of the shop's own staff: all orders, and the form that refunds."""
