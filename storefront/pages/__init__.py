"""The pages for customers, and the events that update them."""
