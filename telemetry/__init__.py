"""What operators can see of the running processes: logs, metrics, traces."""
