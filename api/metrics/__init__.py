"""The API's metrics: its own answers, and counts from Temporal's list."""
