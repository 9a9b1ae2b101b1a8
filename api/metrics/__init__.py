"""What the API measures and serves as metrics, and what waits in Temporal's list."""
