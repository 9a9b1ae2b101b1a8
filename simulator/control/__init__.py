"""The control API, by which tests and demos see payments and plan faults."""
