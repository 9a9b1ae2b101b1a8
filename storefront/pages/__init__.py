"""The pages that customers see, and the events that renew them."""
