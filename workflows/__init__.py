"""The processes that Temporal makes durable."""
