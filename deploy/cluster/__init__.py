"""A real Temporal cluster on one machine: PostgreSQL and four server processes."""
