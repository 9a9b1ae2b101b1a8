"""What operators see of a workflow: its page and list line in the UI, its metrics."""
