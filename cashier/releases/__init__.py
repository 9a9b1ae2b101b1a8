"""Which versions of the workers serve, what is open on each, and what moves."""
