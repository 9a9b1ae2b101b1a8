"""The use of Temporal's engine: time, priorities, results, odd signals and queries."""
