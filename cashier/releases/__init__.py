"""The worker versions: which serve, their open workflows, and moves between them."""
